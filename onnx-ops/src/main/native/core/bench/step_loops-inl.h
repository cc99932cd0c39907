// The loops of step_loops.h, written once with the compiler's vector types. Each step_loops_<isa>.cc defines
// SUBBIT_VECTOR_BYTES and includes this file under its own compiler flags; see map_kernels-inl.h.

#include <cstdint>

#include "core/bench/step_loops.h"

namespace subbit {
namespace {

/// Makes the compiler assume that a vector has changed, so that it can neither drop nor combine steps.
template <class Vector>
void Keep(Vector& v) {
#ifdef __x86_64__
  __asm__ volatile("" : "+v"(v));
#elif defined(__aarch64__)
  __asm__ volatile("" : "+w"(v));
#else
  __asm__ volatile("" : "+m"(v));
#endif
}

template <class E>
void AddLoop(std::int64_t loops) {
  typedef E Vector __attribute__((vector_size(SUBBIT_VECTOR_BYTES)));
  Vector sums[StepLoops::kStepsOfLoop] = {};
  Vector summand = {};
  summand += static_cast<E>(1);
  for (std::int64_t loop = 0; loop < loops; ++loop) {
    for (Vector& sum : sums) {
      sum += summand;
      Keep(sum);
    }
  }
}

}  // namespace
}  // namespace subbit
