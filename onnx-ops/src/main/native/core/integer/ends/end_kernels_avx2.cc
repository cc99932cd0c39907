// The loops of end_kernels-inl.h on 256-bit vectors: compiled with -mavx2.

#include "core/integer/ends/end_vectors_avx2-inl.h"
// The vectors must be included first.
#include "core/integer/ends/end_kernels-inl.h"

namespace subbit {

const EndKernels& Avx2EndKernels() {
  static constexpr EndKernels kKernels = MakeEndKernels();
  return kKernels;
}

}  // namespace subbit
