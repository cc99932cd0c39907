#include "core/integer/ends/short_convolution.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <random>

namespace subbit {
namespace {

constexpr std::int64_t kFinitePoints[kPoints - 1] = {0, 1, -1, 2, -2, 3};

TEST(ShortConvolution, SevenProductsGiveFourOutputsOfFourTaps) {
  std::mt19937 random(50);
  for (int round = 0; round < 1000; ++round) {
    std::int64_t weights[kTilePixels];
    std::int64_t data[kTileReach];
    for (std::int64_t& weight : weights) weight = static_cast<std::int64_t>(random() % 256) - 128;
    for (std::int64_t& value : data) value = static_cast<std::int64_t>(random() % 256);
    for (int o = 0; o < kTilePixels; ++o) {
      std::int64_t direct = 0;
      for (int j = 0; j < kTilePixels; ++j) direct += weights[j] * data[o + j];
      std::int64_t sum = 0;
      for (int k = 0; k < kPoints; ++k) {
        std::int64_t weight = 0;
        for (int j = 0; j < kTilePixels; ++j) weight += kPointWeights[k][j] * weights[j];
        std::int64_t value = 0;
        for (int j = 0; j < kTileReach; ++j) value += kPointData[k][j] * data[j];
        std::int64_t factor = 1;
        if (k < kPoints - 1) {
          for (int i = 0; i < o; ++i) factor *= kFinitePoints[k];
        } else {
          factor = o == kTilePixels - 1 ? 1 : 0;
        }
        sum += factor * weight * value;
      }
      ASSERT_EQ(sum, 120 * direct) << "output " << o;
    }
  }
}

TEST(ShortConvolution, TransformedWeightsAndValuesHaveSixteenBits) {
  for (int k = 0; k < kPoints; ++k) {
    int weights = 0;
    for (const int coefficient : kPointWeights[k]) weights += std::abs(coefficient);
    int data = 0;
    for (const int coefficient : kPointData[k]) data += std::abs(coefficient);
    EXPECT_LE(weights * 128, 32767) << "point " << k;
    EXPECT_LE(data * 255, 32767) << "point " << k;
  }
}

}  // namespace
}  // namespace subbit
