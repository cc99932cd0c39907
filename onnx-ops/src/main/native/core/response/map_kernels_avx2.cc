// The loops of map_kernels-inl.h on 256-bit vectors: compiled with -mavx2. map_conv.h explains what they compute and
// why.

#define SUBBIT_VECTOR_BYTES 32
#include "core/response/map_kernels-inl.h"

namespace subbit {

const MapKernelSet& Avx2MapKernels() {
  static constexpr MapKernelSet kSet = MakeMapKernelSet(Isa::kAvx2);
  return kSet;
}

}  // namespace subbit
