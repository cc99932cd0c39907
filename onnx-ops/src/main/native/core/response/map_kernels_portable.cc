// The loops of map_kernels-inl.h on 128-bit vectors of the target's baseline (SSE2, NEON): no flags of its own.
// What they compute and why is told in map_conv.h.

#define SUBBIT_VECTOR_BYTES 16
#include "core/response/map_kernels-inl.h"

namespace subbit {

const MapKernelSet& PortableMapKernels() {
  static constexpr MapKernelSet kSet = MakeMapKernelSet(Isa::kPortable);
  return kSet;
}

}  // namespace subbit
