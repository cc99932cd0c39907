#define SUBBIT_VECTOR_BYTES 16
#include "core/bench/step_loops-inl.h"
#include "core/popcount/count_pair_neon-inl.h"

namespace subbit {
namespace {

void CountPairsLoop(std::int64_t loops) {
  uint32x4_t ones[StepLoops::kStepsOfLoop] = {};
  uint8x16_t counts[StepLoops::kStepsOfLoop] = {};
  uint32x4_t word = vdupq_n_u32(0x33333333);
  for (std::int64_t loop = 0; loop < loops; ++loop) {
    for (int i = 0; i < StepLoops::kStepsOfLoop; ++i) {
      // Every step must take its words for new ones, or the exclusive ors would be done once for all.
      Keep(word);
      CountPair(word, word, word, word, ones[i], counts[i]);
      Keep(counts[i]);
    }
  }
}

}  // namespace

const StepLoops& NeonStepLoops() {
  static constexpr StepLoops kLoops = {AddLoop<float>, AddLoop<std::int32_t>, CountPairsLoop, nullptr};
  return kLoops;
}

}  // namespace subbit
