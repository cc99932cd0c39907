#include "core/operator/conv_weights.h"

#include <gtest/gtest.h>

#include <limits>

namespace subbit {
namespace {

const OpName kOp{"SubBitConv", "conv1"};

/// tau = 1, 3 output and 3 input channels: nine indices in two bytes; codeword 0 is all -1, codeword 1 has only its
/// first tap +1.
struct Inputs {
  ConvAttributes attributes;
  std::vector<std::uint8_t> index = {0x05, 0xff};
  std::vector<std::int8_t> codebook = std::vector<std::int8_t>(18, -1);
  std::vector<std::int64_t> index_shape = {1, 2};
  std::vector<std::int64_t> codebook_shape = {2, 3, 3};

  Inputs() {
    attributes.tau = 1;
    attributes.out_channels = 3;
    attributes.in_channels = 3;
    codebook[9] = 1;
  }
  SubBitWeights Make() const {
    return MakeWeights(kOp, attributes, {index.data(), index_shape}, {codebook.data(), codebook_shape});
  }
};

std::string FieldOfError(const Inputs& inputs) {
  try {
    inputs.Make();
  } catch (const InvalidOperator& error) {
    return error.field();
  }
  return "";
}

TEST(ConvWeights, DecodesIndicesAndCodewords) {
  const SubBitWeights weights = Inputs().Make();
  EXPECT_EQ(weights.codewords, (std::vector<std::uint16_t>{0, 1}));
  EXPECT_EQ(weights.index,
            (std::vector<std::uint16_t>{1, 0, 1, 0, 0, 0, 0, 0, 1}));  // the second byte's high bits are ignored
  EXPECT_EQ(weights.Codeword(0, 2), 1);
  EXPECT_EQ(weights.Codeword(1, 0), 0);
  EXPECT_EQ(TapSign(1, 0), 1);
  EXPECT_EQ(TapSign(1, 8), -1);
}

TEST(ConvWeights, RejectsAnIndexOfTheWrongShape) {
  Inputs inputs;
  inputs.index_shape = {2, 2};
  EXPECT_EQ(FieldOfError(inputs), "shape of index");
  inputs.index_shape = {1, 1};
  EXPECT_EQ(FieldOfError(inputs), "shape of index");
  inputs.index_shape = {2};
  EXPECT_EQ(FieldOfError(inputs), "shape of index");
}

TEST(ConvWeights, RejectsACodebookOfTheWrongShape) {
  Inputs inputs;
  inputs.codebook_shape = {1, 3, 3};
  EXPECT_EQ(FieldOfError(inputs), "shape of codebook");
  inputs.codebook_shape = {2, 9};
  EXPECT_EQ(FieldOfError(inputs), "shape of codebook");
}

TEST(ConvWeights, RejectsATapOtherThanMinusOneAndPlusOne) {
  Inputs inputs;
  inputs.codebook[12] = 0;
  EXPECT_EQ(FieldOfError(inputs), "codebook[1] tap 3");
}

TEST(ConvWeights, RejectsMoreKernelsThanFit) {
  Inputs inputs;
  inputs.attributes.out_channels = kMaxChannels;
  inputs.attributes.in_channels = kMaxChannels;
  EXPECT_EQ(FieldOfError(inputs), "out_channels * in_channels");
}

TEST(PerChannel, TakesOneFiniteValueAChannel) {
  const float values[] = {1.0f, -2.0f};
  EXPECT_EQ(MakePerChannel(kOp, "scale", 2, {values, {2}}), (std::vector<float>{1.0f, -2.0f}));
  EXPECT_THROW(MakePerChannel(kOp, "scale", 3, {values, {2}}), InvalidOperator);
  EXPECT_THROW(MakePerChannel(kOp, "scale", 2, {values, {1, 2}}), InvalidOperator);
  for (float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const float spoiled[] = {1.0f, bad};
    EXPECT_THROW(MakePerChannel(kOp, "scale", 2, {spoiled, {2}}), InvalidOperator);
  }
}

}  // namespace
}  // namespace subbit
