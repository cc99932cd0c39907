#include "emulator/output_stage.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace subbit::fpga {
namespace {

std::vector<std::uint8_t> Write(const ChannelOutput& channel, const std::vector<std::int32_t>& accumulators,
                                const Residual& residual = {nullptr, 0, 0}) {
  std::vector<std::uint8_t> out(RowBytes(channel.format, static_cast<std::uint32_t>(accumulators.size())));
  WriteOutput(channel, residual, accumulators.data(), accumulators.size(), out.data());
  return out;
}

TEST(OutputStage, RoundsTiesToEven) {
  const ChannelOutput half = {OutputFormat::kU8, 0, 0.5f, 100, {}};
  EXPECT_EQ(Write(half, {1, 3, 5, -1, -3, -5, 2}), (std::vector<std::uint8_t>{100, 102, 102, 100, 98, 98, 101}));
}

TEST(OutputStage, ClampsAtBothEnds) {
  constexpr auto kMax = std::numeric_limits<std::int32_t>::max();
  constexpr auto kMin = std::numeric_limits<std::int32_t>::min();
  EXPECT_EQ(Write({OutputFormat::kU8, 0, 1e30f, 3, {}}, {kMax, kMin, 1, -1, 0}),
            (std::vector<std::uint8_t>{255, 0, 255, 0, 3}));
  EXPECT_EQ(Write({OutputFormat::kS8, 0, 1.0f, -5, {}}, {200, -200, 132, 133, -123, -124}),
            (std::vector<std::uint8_t>{127, 0x80, 127, 127, 0x80, 0x80}));
}

TEST(OutputStage, RoundsTheAccumulatorToFloatFirst) {
  // 2^24 + 1 is not a float: it becomes 2^24, and 2^24 / 2^25 is a tie, which (2^24 + 1) / 2^25 is not.
  constexpr float kScale = 1.0f / (1 << 25);
  EXPECT_EQ(Write({OutputFormat::kU8, 0, kScale, 0, {}}, {(1 << 24) + 1, (1 << 24) + 3}),
            (std::vector<std::uint8_t>{0, 1}));
}

TEST(OutputStage, AddsTheBiasModulo2To32) {
  const ChannelOutput raw = {OutputFormat::kI32, 1, 0.0f, 0, {}};
  EXPECT_EQ(Write(raw, {std::numeric_limits<std::int32_t>::max(), -2}),
            (std::vector<std::uint8_t>{0, 0, 0, 0x80, 0xFF, 0xFF, 0xFF, 0xFF}));
}

TEST(OutputStage, AddsTheResidualBeforeRounding) {
  // 0.5 * 1 + 0.25 * 2 is 1, though the first product alone would round to 0.
  const std::uint8_t residual[] = {12, 11, 0};
  EXPECT_EQ(Write({OutputFormat::kU8, 0, 0.5f, 100, {}}, {1, 1, 1}, {residual, 0.25f, 10}),
            (std::vector<std::uint8_t>{101, 101, 98}));
  const std::uint8_t of_s8[] = {0xFF, 0x7F};
  EXPECT_EQ(Write({OutputFormat::kS8, 0, 1.0f, 0, {}}, {0, 0}, {of_s8, 2.0f, 0}),
            (std::vector<std::uint8_t>{0xFE, 0x7F}));
}

TEST(OutputStage, RoundsTheSumToFloatOnce) {
  // 2^24 + 0.5 is not a float: it becomes 2^24, of which the residual's -2^24 leaves 0.
  const std::uint8_t residual[] = {0, 2};
  EXPECT_EQ(Write({OutputFormat::kU8, 0, 1.0f, 0, {}}, {(1 << 24) + 1, 1 << 24}, {residual, 16777216.0f, 1}),
            (std::vector<std::uint8_t>{0, 255}));
}

TEST(OutputStage, PacksSignsEightAByte) {
  const std::vector<std::int32_t> sums = {4, 5, 6, -7, 5, 0, 9, 5, 5, 4, 6};
  EXPECT_EQ(Write({OutputFormat::kBits, 0, 0.0f, 0, {5, false}}, sums), (std::vector<std::uint8_t>{0xD6, 0x05}));
  EXPECT_EQ(Write({OutputFormat::kBits, 0, 0.0f, 0, {5, true}}, sums), (std::vector<std::uint8_t>{0x29, 0x02}))
      << "unused bits are 0, inverted or not";
  EXPECT_EQ(Write({OutputFormat::kBits, -1, 0.0f, 0, {4, false}}, sums), (std::vector<std::uint8_t>{0xD6, 0x05}));
}

TEST(OutputStage, ComparesTheSumModulo2To32) {
  constexpr auto kMax = std::numeric_limits<std::int32_t>::max();
  constexpr auto kMin = std::numeric_limits<std::int32_t>::min();
  EXPECT_EQ(Write({OutputFormat::kBits, 1, 0.0f, 0, {0, false}}, {kMax, kMin, -1, -2}),
            (std::vector<std::uint8_t>{0x04}));
  EXPECT_EQ(
      Write({OutputFormat::kBits, 0, 0.0f, 0, {SignRule::kMostThreshold, false}}, {kMax, kMin, (1 << 30) - 1, 1 << 29}),
      (std::vector<std::uint8_t>{0x05}));
  EXPECT_EQ(Write({OutputFormat::kBits, 0, 0.0f, 0, {SignRule::kLeastThreshold, true}}, {kMax, kMin, -(1 << 30), 0}),
            (std::vector<std::uint8_t>{0x02}));
}

}  // namespace
}  // namespace subbit::fpga
