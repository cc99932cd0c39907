#include "driver/sign_rules.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "driver/binary_tensor.h"

namespace subbit::fpga {
namespace {

void ExpectTheSignsOfTheScaledSum(float scale, float bias, std::int32_t most) {
  const SignRule rule = SignRulesOf({scale}, {bias}, most).at(0);
  const SignRule stored = SignRule::Decode(rule.Encode());
  for (std::int32_t acc = -most; acc <= most; ++acc) {
    float y = 0;
    ScaleAccumulators(&acc, 1, scale, bias, &y);
    ASSERT_EQ(rule(acc), y >= 0.0f) << "acc " << acc << ", scale " << scale << ", bias " << bias;
    ASSERT_EQ(stored(acc), rule(acc)) << "acc " << acc;
  }
}

TEST(SignRule, SurvivesARoundTripWhateverItsWordHolds) {
  for (const std::int32_t word :
       {0, 1, -1, -2, -3, 7, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::min() + 1,
        std::numeric_limits<std::int32_t>::max()}) {
    EXPECT_EQ(SignRule::Decode(word).Encode(), word);
  }
  EXPECT_EQ(SignRule::Decode(-1).threshold, -1);
  EXPECT_TRUE(SignRule::Decode(-1).inverted);
  EXPECT_EQ(SignRule::Decode(std::numeric_limits<std::int32_t>::min()).threshold, SignRule::kLeastThreshold);
  EXPECT_EQ(SignRule::Decode(std::numeric_limits<std::int32_t>::max()).threshold, SignRule::kMostThreshold);
}

TEST(SignRules, GiveTheSignsOfTheScaledSumAtTheEdges) {
  constexpr float kMax = std::numeric_limits<float>::max();
  constexpr float kLeast = std::numeric_limits<float>::denorm_min();
  for (const float scale : {0.0f, -0.0f, 1.0f, -1.0f, kMax, -kMax, kLeast, -kLeast, 1e-42f, 0.1f, -0.3f}) {
    for (const float bias : {0.0f, -0.0f, 1.0f, -1.0f, 0.5f, -9.0f, kMax, -kMax, kLeast, -kLeast, 2.7f, 0.3f, -0.9f}) {
      ExpectTheSignsOfTheScaledSum(scale, bias, 9);
    }
  }
}

TEST(SignRules, GiveTheSignsOfTheScaledSumForRandomChannels) {
  std::mt19937 random(7);
  for (int run = 0; run < 1000; ++run) {
    // Every exponent, and biases that put the change of sign into the range, on whole numbers too.
    std::uint32_t bits = random();
    bits = (bits & 0x7F800000) == 0x7F800000 ? bits ^ 0x40000000 : bits;
    float scale = 0;
    std::memcpy(&scale, &bits, sizeof scale);
    const float at = static_cast<float>(static_cast<std::int32_t>(random() % 1201) - 600);
    float bias = -(at * scale);
    bias = random() % 2 == 0 ? bias : std::nextafter(bias, random() % 2 == 0 ? 1e30f : -1e30f);
    ExpectTheSignsOfTheScaledSum(scale, std::isfinite(bias) ? bias : 1.0f, 9 * 64);
  }
}

}  // namespace
}  // namespace subbit::fpga
