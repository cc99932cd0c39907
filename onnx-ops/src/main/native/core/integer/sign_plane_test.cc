#include "core/integer/sign_plane.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/testing/random_integer_layer.h"

namespace subbit {
namespace {

TEST(SignPlane, HoldsAWordForEach64ChannelsAndABorderOfOnePixel) {
  std::vector<std::uint64_t> memory(100);
  const SignPlane plane{memory.data(), {3, 2, 65}};
  EXPECT_EQ(plane.Words(), 2);
  EXPECT_EQ(plane.Pitch(), 8);
  EXPECT_EQ(plane.Size(), 40);
  EXPECT_EQ(plane.At(-1, -1), memory.data());
  EXPECT_EQ(plane.At(0, 0), memory.data() + 8 + 2);
  EXPECT_EQ(plane.At(3, 2), memory.data() + 32 + 6);
}

TEST(SignPlane, SignsAreSetFromTheThresholdOnAndNoBitFollowsTheLastChannel) {
  const MapShape shape{1, 2, 3};
  const std::vector<std::int16_t> x = {-1, 5, -32768, 0, 4, 7};
  const std::vector<std::int16_t> threshold = {0, 5, -32768};
  const OwnedSigns signs(shape, x.data(), threshold.data());
  EXPECT_EQ(*signs.plane().At(0, 0), 0b110u);
  EXPECT_EQ(*signs.plane().At(0, 1), 0b101u);
  EXPECT_EQ(signs.words(), (std::vector<std::uint64_t>{0, 0, 0, 0, 0, 0b110, 0b101, 0, 0, 0, 0, 0}));
}

TEST(SignPlane, Channel64IsTheFirstBitOfTheSecondWord) {
  std::vector<std::int16_t> x(65, -1);
  x[64] = 1;
  x[63] = 0;
  const std::vector<std::int16_t> threshold(65, 0);
  const OwnedSigns signs({1, 1, 65}, x.data(), threshold.data());
  EXPECT_EQ(signs.plane().At(0, 0)[0], std::uint64_t{1} << 63);
  EXPECT_EQ(signs.plane().At(0, 0)[1], 1u);
}

TEST(SignPlane, SignsOfAnyNumberOfChannelsAreThoseOfEveryChannel) {
  std::mt19937 random(4);
  for (const std::int64_t channels : {1, 8, 15, 16, 17, 48, 63, 64, 80, 130}) {
    const MapShape shape{2, 3, channels};
    const std::vector<std::int16_t> x = RandomValues(shape.Size(), 16, &random);
    const std::vector<std::int16_t> threshold = RandomValues(channels, 16, &random);
    const OwnedSigns signs(shape, x.data(), threshold.data());
    for (std::int64_t i = 0; i < shape.Size(); ++i) {
      const std::int64_t c = i % channels;
      const std::int64_t pixel = i / channels;
      const std::uint64_t word = signs.plane().At(pixel / shape.width, pixel % shape.width)[c / 64];
      ASSERT_EQ((word >> (c % 64)) & 1, x[static_cast<std::size_t>(i)] >= threshold[static_cast<std::size_t>(c)]);
    }
  }
}

TEST(SignPlane, TheBorderIsClearedWithTheRowsBesideIt) {
  std::vector<std::uint64_t> memory(16, 7);
  const SignPlane plane{memory.data(), {2, 2, 1}};
  ClearBorder(plane, {1, 2});
  EXPECT_EQ(memory, (std::vector<std::uint64_t>{7, 7, 7, 7, 7, 7, 7, 7, 0, 7, 7, 0, 0, 0, 0, 0}));
  ClearBorder(plane, {0, 1});
  EXPECT_EQ(memory, (std::vector<std::uint64_t>{0, 0, 0, 0, 0, 7, 7, 0, 0, 7, 7, 0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace subbit
