// The loops of end_kernels-inl.h on 128-bit vectors of the target's baseline (SSE2, NEON): compiled without flags of
// its own.

#include "core/integer/ends/end_vectors_portable-inl.h"
// The vectors must be included first.
#include "core/integer/ends/end_kernels-inl.h"

namespace subbit {

const EndKernels& PortableEndKernels() {
  static constexpr EndKernels kKernels = MakeEndKernels();
  return kKernels;
}

}  // namespace subbit
