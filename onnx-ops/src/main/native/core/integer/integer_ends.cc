#include "core/integer/integer_ends.h"

#include <utility>

#include "core/integer/reference_layers.h"

namespace subbit {

std::unique_ptr<IntegerLayer> MakeIntegerStem(Isa isa, StemParameters parameters) {
  static_cast<void>(isa);
  return MakeReferenceStem(std::move(parameters));
}

std::unique_ptr<IntegerLayer> MakeIntegerShortcut(Isa isa, ShortcutParameters parameters) {
  static_cast<void>(isa);
  return MakeReferenceShortcut(std::move(parameters));
}

std::unique_ptr<IntegerLayer> MakeIntegerClassifier(Isa isa, ClassifierParameters parameters) {
  static_cast<void>(isa);
  return MakeReferenceClassifier(std::move(parameters));
}

}  // namespace subbit
