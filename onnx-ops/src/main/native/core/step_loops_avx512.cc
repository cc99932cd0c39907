#define SUBBIT_VECTOR_BYTES 64
#include "core/step_loops-inl.h"

#include <immintrin.h>

namespace subbit {
namespace {

/// Every step reads the sum that it adds to, or the exclusive or would be the same in all of them and done once.
void CountBitsLoop(std::int64_t loops) {
  __m512i sums[StepLoops::kStepsOfLoop] = {};
  const __m512i weight = _mm512_set1_epi32(0x33333333);
  for (std::int64_t loop = 0; loop < loops; ++loop) {
    for (__m512i& sum : sums) {
      sum = _mm512_add_epi32(sum, _mm512_popcnt_epi32(_mm512_xor_si512(sum, weight)));
      Keep(sum);
    }
  }
}

}  // namespace

const StepLoops& Avx512StepLoops() {
  static constexpr StepLoops kLoops = {AddLoop<float>, AddLoop<std::int32_t>, CountBitsLoop};
  return kLoops;
}

}  // namespace subbit
