#include "core/reference/reference.h"

#include <gtest/gtest.h>

#include <limits>

namespace subbit {
namespace {

/// One 2x2 image, one kernel whose only +1 tap is its centre, padded to a 2x2 output.
struct Case {
  ConvGeometry geometry;
  SubBitWeights weights{1, 1, 1, 1, {0, 1 << 4}, {1}};

  Case() {
    ConvAttributes attributes;
    attributes.tau = 1;
    attributes.out_channels = 1;
    attributes.in_channels = 1;
    attributes.pads = {1, 1, 1, 1};
    geometry = MakeGeometry({"SubBitConv"}, attributes, {1, 1, 2, 2});
  }
};

TEST(Reference, SubBitConvByHand) {
  const Case c;
  const std::vector<float> x = {1, 2, 3, 4};
  std::vector<float> y(4);
  ReferenceSubBitConv(c.geometry, c.weights, {0.5f}, {10.0f}, x.data(), y.data(), RunSerially);
  // Each output is its own pixel minus the three others.
  EXPECT_EQ(y, (std::vector<float>{10 - 4.0f, 10 - 3.0f, 10 - 2.0f, 10 - 1.0f}));
}

TEST(Reference, StagedSubBitConvAddsTheStages) {
  const Case c;
  SubBitWeights all_plus = c.weights;
  all_plus.codewords = {511, 511};
  const std::vector<float> x = {1, 2, 3, 4};
  std::vector<float> y(4);
  ReferenceStagedSubBitConv(c.geometry, {{c.weights, {0.5f}}, {all_plus, {-0.25f}}}, {10.0f}, x.data(), y.data(),
                            RunSerially);
  EXPECT_EQ(y, (std::vector<float>{10 - 4.0f - 2.5f, 10 - 3.0f - 2.5f, 10 - 2.0f - 2.5f, 10 - 1.0f - 2.5f}));
}

TEST(Reference, BinarySubBitConvTakesZeroAsPlusOneAndNanAsMinusOne) {
  const Case c;
  const std::vector<float> x = {-0.0f, std::numeric_limits<float>::quiet_NaN(), 5.0f, -1.0f};  // +1 -1 +1 -1
  std::vector<float> y(4);
  ReferenceBinarySubBitConv(c.geometry, c.weights, {0.5f}, {10.0f}, x.data(), y.data(), RunSerially);
  EXPECT_EQ(y, (std::vector<float>{11.0f, 9.0f, 11.0f, 9.0f}));
}

TEST(Reference, BinarySubBitConvRoundsAfterTheProduct) {
  Case c;
  const std::vector<float> x = {1, -1, -1, -1};  // the first sum is 4
  const float scale = 0.1f;
  const float bias = -0.3f;
  std::vector<float> y(4);
  ReferenceBinarySubBitConv(c.geometry, c.weights, {scale}, {bias}, x.data(), y.data(), RunSerially);
  const volatile float product = 4.0f * scale;
  EXPECT_EQ(y[0], product + bias);
}

TEST(Reference, PackSignsPutsTheFirstChannelIntoTheLowestBit) {
  // Nine channels of two pixels; the sign of channel c at pixel p is that of x + shift.
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x = {1, -1, -1, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, nan, 0, -0.0f, -3};
  const std::vector<float> shift = {0, 0, 0, 0, 0, 0, 0, 0, 3};
  std::vector<std::uint8_t> b(4, 0xff);
  ReferencePackSigns({1, 9, 2}, shift, x.data(), b.data(), RunSerially);
  EXPECT_EQ(b, (std::vector<std::uint8_t>{0b00000001, 0b10000010, 1, 1}));
}

TEST(Reference, PackedBinarySubBitConvIsBinarySubBitConvOfTheSigns) {
  const Case c;
  const std::vector<std::uint8_t> b = {0xff, 0xfe, 0x01, 0x00};  // +1 -1 +1 -1; the other bits stand for no channel
  std::vector<float> y(4);
  std::vector<std::uint8_t> s(4, 0xff);
  ReferencePackedBinarySubBitConv(c.geometry, c.weights, {0.5f}, {-0.5f}, b.data(), {y.data(), s.data()}, RunSerially);
  EXPECT_EQ(y, (std::vector<float>{0.5f, -1.5f, 0.5f, -1.5f}));
  EXPECT_EQ(s, (std::vector<std::uint8_t>{1, 0, 1, 0}));
}

TEST(Reference, BinarySubBitBlockByHand) {
  const Case c;
  const std::vector<std::uint8_t> b = {1, 0, 1, 0};  // the sums are 2, -2, 2, -2
  const std::vector<float> residual = {0, 0, -4, 4};
  std::vector<float> y(4);
  std::vector<std::uint8_t> s(4, 0xff);
  ReferenceBinarySubBitBlock(c.geometry, c.weights, {1.0f}, {0.0f}, {{1}, {0.25f}, {10}, {-10}},
                             {b.data(), residual.data()}, {y.data(), s.data()}, RunSerially);
  // t is 3, -1, -1, 3.
  EXPECT_EQ(y, (std::vector<float>{13, 9.75f, 9.75f, 13}));
  EXPECT_EQ(s, (std::vector<std::uint8_t>{1, 0, 0, 1}));
  ReferenceBinarySubBitBlock(c.geometry, c.weights, {1.0f}, {0.0f}, {{1}, {0.25f}, {10}, {-9.75f}},
                             {b.data(), residual.data()}, {nullptr, s.data()}, RunSerially);
  EXPECT_EQ(s, (std::vector<std::uint8_t>{1, 1, 1, 1}));
}

TEST(Reference, QLinearSubBitConvPadsWithTheZeroPoint) {
  const Case c;
  const std::vector<std::uint8_t> x = {11, 12, 13, 14};
  std::vector<std::uint8_t> y(4);
  ReferenceQLinearSubBitConv<std::uint8_t>(c.geometry, c.weights, {10, 100, {2.0f}, {1}}, x.data(), y.data(),
                                           RunSerially);
  EXPECT_EQ(y, (std::vector<std::uint8_t>{100 + 2 * (1 - 9 + 1), 100 + 2 * (2 - 8 + 1), 100 + 2 * (3 - 7 + 1),
                                          100 + 2 * (4 - 6 + 1)}));
}

TEST(Reference, QLinearSubBitBlockAddsTheResidualBeforeItRounds) {
  const Case c;
  const std::vector<std::uint8_t> x = {11, 12, 13, 14};
  const std::vector<std::uint8_t> residual = {53, 52, 51, 255};  // less 50, times 0.5
  std::vector<std::uint8_t> y(4);
  // The sums with their bias are -7, -5, -3, -1.
  ReferenceQLinearSubBitBlock<std::uint8_t>(c.geometry, c.weights, {10, 100, {0.5f}, {1}, {0.5f, 50}}, x.data(),
                                            residual.data(), y.data(), RunSerially);
  EXPECT_EQ(y, (std::vector<std::uint8_t>{98, 98 /* -1.5 */, 99, 202}));
}

}  // namespace
}  // namespace subbit
