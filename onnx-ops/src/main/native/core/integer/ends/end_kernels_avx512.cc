// The loops of end_kernels-inl.h on 512-bit vectors: compiled for AVX-512 F, BW, DQ, VL and VNNI. A step of the stem
// multiplies 4 unsigned by 4 signed bytes in each of 16 lanes and adds the products to a 32-bit sum, exactly.

#include "core/integer/ends/end_vectors_avx512-inl.h"
// The vectors must be included first.
#define SUBBIT_BYTE_PIXELS
#include "core/integer/ends/end_kernels-inl.h"

namespace subbit {

const EndKernels& Avx512EndKernels() {
  static constexpr EndKernels kKernels = MakeEndKernels();
  return kKernels;
}

}  // namespace subbit
