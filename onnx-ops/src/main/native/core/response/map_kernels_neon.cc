// The loops of map_kernels-inl.h on NEON's 128-bit vectors, the baseline of aarch64: no flags of its own.
// What they compute and why is told in map_conv.h.

#define SUBBIT_VECTOR_BYTES 16
#include "core/response/map_kernels-inl.h"

namespace subbit {

const MapKernelSet& NeonMapKernels() {
  static constexpr MapKernelSet kSet = MakeMapKernelSet(Isa::kNeon);
  return kSet;
}

}  // namespace subbit
