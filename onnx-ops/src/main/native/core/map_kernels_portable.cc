#define SUBBIT_VECTOR_BYTES 16
#include "core/map_kernels-inl.h"

namespace subbit {

const MapKernelSet& PortableMapKernels() {
  static constexpr MapKernelSet kSet = MakeMapKernelSet("portable");
  return kSet;
}

}  // namespace subbit
