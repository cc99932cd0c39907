#define SUBBIT_VECTOR_BYTES 64
#include "core/bench/step_loops-inl.h"
#include "core/popcount/count_pair_avx512-inl.h"

namespace subbit {
namespace {

void CountPairsLoop(std::int64_t loops) {
  constexpr int kChains = StepLoops::kStepsOfLoop / 2;
  __m512i ones[kChains][2] = {};
  __m512i twos[kChains][2] = {};
  const __m512i word = _mm512_set1_epi32(0x33333333);
  const WordPairs words = {{word, word}, {word, word}};
  for (std::int64_t loop = 0; loop < loops; ++loop) {
#pragma GCC unroll 6
    for (int i = 0; i < kChains; ++i) CountPair(words, word, word, ones[i], twos[i]);
  }
#pragma GCC unroll 6
  for (auto& sums : twos) {
    Keep(sums[0]);
    Keep(sums[1]);
  }
}

}  // namespace

const StepLoops& Avx512StepLoops() {
  static constexpr StepLoops kLoops = {AddLoop<float>, AddLoop<std::int32_t>, CountPairsLoop, nullptr};
  return kLoops;
}

}  // namespace subbit
