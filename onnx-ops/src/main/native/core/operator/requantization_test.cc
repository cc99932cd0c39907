#include "core/operator/requantization.h"

#include <gtest/gtest.h>

#include <limits>

namespace subbit {
namespace {

const OpName kOp{"QLinearSubBitConv", "q1"};

struct Inputs {
  float x_scale = 0.5f;
  float y_scale = 0.25f;
  std::vector<float> w_scale = {0.1f, -3.0f};
  std::vector<std::int32_t> bias = {7, -8};
  std::vector<std::int64_t> scalar_shape;
  std::vector<std::int64_t> bias_shape = {2};

  Requantization Make(bool with_bias = true) const {
    const TensorView<std::int32_t> b{bias.data(), bias_shape};
    return MakeRequantization(
        kOp, 2, {{&x_scale, scalar_shape}, 3, {w_scale.data(), {2}}, {&y_scale, {1}}, 5, with_bias ? &b : nullptr});
  }
};

TEST(Requantization, MultipliesThenDividesInFloat) {
  const Requantization made = Inputs().Make();
  EXPECT_EQ(made.multiplier, (std::vector<float>{(0.5f * 0.1f) / 0.25f, -6.0f}));
  EXPECT_EQ(made.bias, (std::vector<std::int32_t>{7, -8}));
  EXPECT_EQ(Inputs().Make(false).bias, (std::vector<std::int32_t>{0, 0}));
}

TEST(Requantization, RejectsBadScales) {
  const float inf = std::numeric_limits<float>::infinity();
  for (float bad : {0.0f, -1.0f, inf, std::numeric_limits<float>::quiet_NaN()}) {
    Inputs x;
    x.x_scale = bad;
    EXPECT_THROW(x.Make(), InvalidOperator);
    Inputs y;
    y.y_scale = bad;
    EXPECT_THROW(y.Make(), InvalidOperator);
  }
  Inputs w;
  w.w_scale[1] = inf;
  EXPECT_THROW(w.Make(), InvalidOperator);
  Inputs quotient;
  quotient.w_scale[1] = 3e38f;
  quotient.y_scale = 1e-30f;
  EXPECT_THROW(quotient.Make(), InvalidOperator);
}

TEST(Requantization, RejectsBadShapes) {
  Inputs scalar;
  scalar.scalar_shape = {2};
  EXPECT_THROW(scalar.Make(), InvalidOperator);
  Inputs bias;
  bias.bias_shape = {1, 2};
  EXPECT_THROW(bias.Make(), InvalidOperator);
}

TEST(BlockRequantization, DividesTheResidualScale) {
  ConvAttributes attributes;
  attributes.out_channels = 2;
  attributes.in_channels = kMaxBlockChannels;
  const auto make = [&](float residual_scale, const Dims& shape) {
    const Inputs i;
    const TensorView<std::int32_t> b{i.bias.data(), i.bias_shape};
    return MakeBlockRequantization(kOp, attributes,
                                   {{&i.x_scale, {}}, 3, {i.w_scale.data(), {2}}, {&i.y_scale, {}}, 5, &b},
                                   {{&residual_scale, shape}, -7});
  };
  const Requantization made = make(0.1f, {1});
  EXPECT_EQ(made.residual.multiplier, 0.1f / 0.25f);
  EXPECT_EQ(made.residual.zero_point, -7);
  EXPECT_EQ(made.multiplier, Inputs().Make().multiplier);
  EXPECT_THROW(make(0.1f, {2}), InvalidOperator);
  // The largest is so large that 255 of it are infinite.
  for (float bad :
       {0.0f, -1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 1e36f}) {
    EXPECT_THROW(make(bad, {}), InvalidOperator) << bad;
  }
  ++attributes.in_channels;
  EXPECT_THROW(make(0.1f, {}), InvalidOperator);
}

TEST(Requantize, AddsTheResidualToTheRoundedProduct) {
  // 0.1f is more than a tenth: the product is 100.5 only once it is rounded, and a tie with the residual.
  EXPECT_EQ(Requantize(1005, 0, 0.1f, 10, 0, 255, -100.0f), 10);
  EXPECT_EQ(Requantize(0x7fffffff, 0, 3e38f, 0, 0, 255, -3e38f), 255);
  EXPECT_EQ(ScaledResidual(3, {0.5f, 10}), -3.5f);
}

TEST(Requantize, RoundsHalfToEvenAndClampsToTheType) {
  EXPECT_EQ(Requantize(1, 0, 0.5f, 10, 0, 255), 10);
  EXPECT_EQ(Requantize(3, 0, 0.5f, 10, 0, 255), 12);
  EXPECT_EQ(Requantize(-3, 0, 0.5f, 10, 0, 255), 8);
  EXPECT_EQ(Requantize(1000, 0, 1.0f, 10, 0, 255), 255);
  EXPECT_EQ(Requantize(-1000, 0, 1.0f, -3, -128, 127), -128);
  EXPECT_EQ(Requantize(0x7fffffff, 0, 3e38f, 0, 0, 255), 255);
  EXPECT_EQ(Requantize(2, 3, 1.0f, 0, 0, 255), 5);
}

}  // namespace
}  // namespace subbit
