#include "core/bench/step_times.h"

#include <gtest/gtest.h>

#include <cmath>

namespace subbit {
namespace {

TEST(StepTimesTest, EveryLevelHasItsAdditions) {
  for (Isa isa : AvailableIsas()) {
    for (VectorStep step : {VectorStep::kAddFloat, VectorStep::kAddInt}) {
      EXPECT_GT(Seconds({step, isa, 1}), 0) << ToString(isa);
      EXPECT_EQ(Seconds({step, isa, 0}), 0) << ToString(isa);
    }
  }
  if (DetectIsa() >= Isa::kAvx2) {
    EXPECT_GT(Seconds({VectorStep::kCountPairs, Isa::kAvx2, 1}), 0);
    EXPECT_GT(Seconds({VectorStep::kLookUps, Isa::kAvx2, 1}), 0);
  }
  if (HasAvx512Popcount()) {
    EXPECT_GT(Seconds({VectorStep::kCountPairs, Isa::kAvx512, 1}), 0);
  }
}

TEST(StepTimesTest, AKernelNeedNotStateOne) { EXPECT_TRUE(std::isnan(Seconds({}))); }

}  // namespace
}  // namespace subbit
