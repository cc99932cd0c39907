// The loops of map_kernels-inl.h on 512-bit vectors: compiled with -mavx512f, bw, dq and vl. map_conv.h explains what
// they compute and why.

#define SUBBIT_VECTOR_BYTES 64
#include "core/response/map_kernels-inl.h"

namespace subbit {

const MapKernelSet& Avx512MapKernels() {
  static constexpr MapKernelSet kSet = MakeMapKernelSet(Isa::kAvx512);
  return kSet;
}

}  // namespace subbit
