#define SUBBIT_VECTOR_BYTES 64
#include "core/map_kernels-inl.h"

namespace subbit {

const MapKernelSet& Avx512MapKernels() {
  static constexpr MapKernelSet kSet = MakeMapKernelSet("avx512");
  return kSet;
}

}  // namespace subbit
