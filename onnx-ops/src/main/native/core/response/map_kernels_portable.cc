// The loops of map_kernels-inl.h on 128-bit vectors of the target's baseline (SSE2, NEON): compiled without flags of
// its own. map_conv.h explains what they compute and why.

#define SUBBIT_VECTOR_BYTES 16
#include "core/response/map_kernels-inl.h"

namespace subbit {

const MapKernelSet& PortableMapKernels() {
  static constexpr MapKernelSet kSet = MakeMapKernelSet(Isa::kPortable);
  return kSet;
}

}  // namespace subbit
