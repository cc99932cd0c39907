#include "core/operator/conv_weights.h"

#include <gtest/gtest.h>

#include <cmath>
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

/// Two stages of the layer above: in the second, the bits of the indices and all taps are the other way round.
struct StagedInputs : Inputs {
  std::vector<float> scale = {1, 2, 3, -0.0f, 0.5f, 6};
  std::vector<std::int64_t> scale_shape = {2, 3};

  StagedInputs() {
    index = {0x05, 0xff, 0xfa, 0x00};
    index_shape = {2, 2};
    for (int i = 0; i < 18; ++i) codebook.push_back(static_cast<std::int8_t>(-codebook[static_cast<std::size_t>(i)]));
    codebook_shape = {2, 2, 3, 3};
  }
  std::vector<WeightStage> Make() const {
    return MakeWeightStages({"StagedSubBitConv", "conv1"}, attributes, {index.data(), index_shape},
                            {codebook.data(), codebook_shape}, {scale.data(), scale_shape});
  }
  std::string Error() const {
    try {
      Make();
    } catch (const InvalidOperator& error) {
      return error.what();
    }
    return "";
  }
};

TEST(WeightStages, DecodesEachStageByItself) {
  const std::vector<WeightStage> stages = StagedInputs().Make();
  ASSERT_EQ(stages.size(), 2u);
  EXPECT_EQ(stages[0].weights.codewords, (std::vector<std::uint16_t>{0, 1}));
  EXPECT_EQ(stages[0].weights.index, (std::vector<std::uint16_t>{1, 0, 1, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(stages[0].scale, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(stages[1].weights.codewords, (std::vector<std::uint16_t>{511, 510}));
  EXPECT_EQ(stages[1].weights.index, (std::vector<std::uint16_t>{0, 1, 0, 1, 1, 1, 1, 1, 0}));
  EXPECT_EQ(stages[1].scale, (std::vector<float>{0, 0.5f, 6}));
  EXPECT_FALSE(std::signbit(stages[1].scale[0]));
}

TEST(WeightStages, RejectsShapesThatDoNotFitTheCodebooksStages) {
  StagedInputs inputs;
  inputs.codebook_shape = {1, 2, 3, 3};
  EXPECT_EQ(inputs.Error(), "StagedSubBitConv node 'conv1': shape of index is [2, 2], allowed: [1, 2]");
  inputs.index_shape = {1, 2};
  EXPECT_EQ(inputs.Error(), "StagedSubBitConv node 'conv1': shape of scale is [2, 3], allowed: [1, 3]");
  const std::vector<std::vector<std::int64_t>> shapes = {{},           {0, 2, 3, 3}, {9, 2, 3, 3}, {-1, 2, 3, 3},
                                                         {2, 4, 3, 3}, {2, 2, 9},    {2, 3, 3}};
  for (const std::vector<std::int64_t>& shape : shapes) {
    inputs.codebook_shape = shape;
    EXPECT_EQ(inputs.Error(), "StagedSubBitConv node 'conv1': shape of codebook is " + ToString(shape) +
                                  ", allowed: [1 to 8, 2, 3, 3]");
  }
}

TEST(WeightStages, NamesTheStageOfABadValue) {
  StagedInputs inputs;
  inputs.scale[4] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(inputs.Error(), "StagedSubBitConv node 'conv1': scale[1][1] is inf, allowed: finite numbers");
  inputs.codebook[18 + 9 + 4] = 2;
  EXPECT_EQ(inputs.Error(), "StagedSubBitConv node 'conv1': codebook[1][1] tap 4 is 2, allowed: -1 and +1");
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
