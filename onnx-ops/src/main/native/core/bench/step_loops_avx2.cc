#define SUBBIT_VECTOR_BYTES 32
#include "core/bench/step_loops-inl.h"
#include "core/popcount/count_pair_avx2-inl.h"

namespace subbit {
namespace {

/// Half the chains of the other loops: a step has four operations in a row at least, and there are sixteen registers.
void CountPairsLoop(std::int64_t loops) {
  constexpr int kChains = 4;
  __m256i ones[kChains] = {};
  __m256i twos[kChains] = {};
  __m256i first = _mm256_set1_epi8(0x33);
  __m256i both = _mm256_set1_epi8(0x55);
  const __m256i first_weight = _mm256_set1_epi8(0x0f);
  const __m256i both_weight = _mm256_set1_epi8(0x3c);
  for (std::int64_t step = 0; step < loops * StepLoops::kStepsOfLoop; step += kChains) {
#pragma GCC unroll 4
    for (int i = 0; i < kChains; ++i) {
      Keep(first);
      Keep(both);
      CountPair(first, both, first_weight, both_weight, &ones[i], &twos[i]);
    }
  }
#pragma GCC unroll 4
  for (__m256i& sum : twos) Keep(sum);
}

void LookUpsLoop(std::int64_t loops) {
  __m256i sums[StepLoops::kStepsOfLoop] = {};
  __m256i table = _mm256_set1_epi8(1);
  const __m256i index = _mm256_set1_epi8(3);
  for (std::int64_t loop = 0; loop < loops; ++loop) {
#pragma GCC unroll 12
    for (__m256i& sum : sums) {
      Keep(table);
      sum = _mm256_add_epi8(sum, _mm256_shuffle_epi8(table, index));
      Keep(sum);
    }
  }
}

}  // namespace

const StepLoops& Avx2StepLoops() {
  static constexpr StepLoops kLoops = {AddLoop<float>, AddLoop<std::int32_t>, CountPairsLoop, LookUpsLoop};
  return kLoops;
}

}  // namespace subbit
