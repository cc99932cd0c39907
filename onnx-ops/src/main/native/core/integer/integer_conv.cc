#include "core/integer/integer_conv.h"

#include <utility>

#include "core/integer/reference_layers.h"

namespace subbit {

std::unique_ptr<IntegerLayer> MakeIntegerConv(Isa isa, IntegerConvParameters parameters) {
  static_cast<void>(isa);
  return MakeReferenceIntegerConv(std::move(parameters));
}

}  // namespace subbit
