#include "core/integer/integer_ends.h"

#include <utility>

#include "core/integer/ends/fast_classifier.h"
#include "core/integer/ends/fast_shortcut.h"
#include "core/integer/ends/fast_stem.h"
#include "core/integer/reference_layers.h"

namespace subbit {
namespace {

const EndKernels& EndKernelsOf(Isa isa) {
#ifdef SUBBIT_X86_KERNELS
  if (isa == Isa::kAvx512 && HasAvx512Vnni()) return Avx512EndKernels();
  if (isa >= Isa::kAvx2) return Avx2EndKernels();
#endif
#ifdef SUBBIT_NEON_KERNELS
  if (isa == Isa::kNeon) return NeonEndKernels();
#endif
  static_cast<void>(isa);
  return PortableEndKernels();
}

}  // namespace

std::unique_ptr<IntegerLayer> MakeIntegerStem(Isa isa, StemParameters parameters) {
  if (isa == Isa::kReference) return MakeReferenceStem(std::move(parameters));
  return MakeFastStem(EndKernelsOf(isa), parameters);
}

std::unique_ptr<IntegerLayer> MakeIntegerShortcut(Isa isa, ShortcutParameters parameters) {
  if (isa == Isa::kReference) return MakeReferenceShortcut(std::move(parameters));
  return MakeFastShortcut(EndKernelsOf(isa), parameters);
}

std::unique_ptr<IntegerLayer> MakeIntegerClassifier(Isa isa, ClassifierParameters parameters) {
  if (isa == Isa::kReference) return MakeReferenceClassifier(std::move(parameters));
  return MakeFastClassifier(EndKernelsOf(isa), parameters);
}

}  // namespace subbit
