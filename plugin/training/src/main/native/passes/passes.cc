#include "passes/passes.h"

#include "core/kernel/isa.h"

namespace subbit {

const Passes& ChosenPasses() {
#ifdef SUBBIT_X86_KERNELS
  const Isa isa = ChosenIsa();
  if (isa >= Isa::kAvx512 && HasAvx512Popcount()) return Avx512Passes();
  if (isa >= Isa::kAvx2) return Avx2Passes();
#endif
  return PortablePasses();
}

}  // namespace subbit
