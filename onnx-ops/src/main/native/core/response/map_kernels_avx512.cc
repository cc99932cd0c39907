// The loops of map_kernels-inl.h on 512-bit vectors: compiled with -mavx512f, bw, dq and vl.
// What they compute and why is told in map_conv.h.

#define SUBBIT_VECTOR_BYTES 64
#include "core/response/map_kernels-inl.h"

namespace subbit {

const MapKernelSet& Avx512MapKernels() {
  static constexpr MapKernelSet kSet = MakeMapKernelSet(Isa::kAvx512);
  return kSet;
}

}  // namespace subbit
