// The loops of map_kernels-inl.h on NEON's 128-bit vectors, the baseline of aarch64: compiled without flags of its own.
// map_conv.h explains what they compute and why.

#define SUBBIT_VECTOR_BYTES 16
#include "core/response/map_kernels-inl.h"

namespace subbit {

const MapKernelSet& NeonMapKernels() {
  static constexpr MapKernelSet kSet = MakeMapKernelSet(Isa::kNeon);
  return kSet;
}

}  // namespace subbit
