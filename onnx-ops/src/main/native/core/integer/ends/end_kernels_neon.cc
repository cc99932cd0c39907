// The loops of end_kernels-inl.h on NEON's 128-bit vectors, the baseline of aarch64: compiled without flags of its own.

#include "core/integer/ends/end_vectors_neon-inl.h"
// The vectors must be included first.
#include "core/integer/ends/end_kernels-inl.h"

namespace subbit {

const EndKernels& NeonEndKernels() {
  static constexpr EndKernels kKernels = MakeEndKernels();
  return kKernels;
}

}  // namespace subbit
