#include "passes/passes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "core/kernel/isa.h"

namespace subbit {
namespace {

std::vector<const Passes*> AllPasses() {
  std::vector<const Passes*> all = {&PortablePasses()};
#ifdef SUBBIT_X86_KERNELS
  if (DetectIsa() >= Isa::kAvx2) all.push_back(&Avx2Passes());
  if (DetectIsa() >= Isa::kAvx512 && HasAvx512Popcount()) all.push_back(&Avx512Passes());
#endif
  return all;
}

/// Deterministic values between -2 and 2, around a centre.
class Values {
 public:
  std::vector<float> Draw(std::int64_t count, float centre = 0) {
    std::uniform_real_distribution<float> values(centre - 2, centre + 2);
    std::vector<float> drawn(static_cast<std::size_t>(count));
    for (float& value : drawn) value = values(generator_);
    return drawn;
  }

 private:
  std::mt19937 generator_{7};
};

struct Case {
  const Passes* passes;
  Pixels shape;
};

/// Channels that fill vectors, and that do not; rows that fill chunks, and that do not.
class PassesTest : public testing::TestWithParam<Case> {
 protected:
  const Passes& passes_ = *GetParam().passes;
  const Pixels shape_ = GetParam().shape;
  const std::int64_t size_ = shape_.rows * shape_.channels;
  Values values_;

  std::size_t At(std::int64_t row, std::int64_t c) const { return static_cast<std::size_t>(row * shape_.channels + c); }
};

TEST_P(PassesTest, MomentsAreThoseOfDoublesEvenFarFromZero) {
  for (float centre : {0.0f, 1000.0f}) {
    const std::vector<float> x = values_.Draw(size_, centre);
    std::vector<double> mean(static_cast<std::size_t>(shape_.channels));
    std::vector<double> squares = mean;
    passes_.moments(shape_, x.data(), mean.data(), squares.data());
    for (std::int64_t c = 0; c < shape_.channels; ++c) {
      double expected_mean = 0;
      for (std::int64_t r = 0; r < shape_.rows; ++r) expected_mean += x[At(r, c)] / static_cast<double>(shape_.rows);
      double expected_squares = 0;
      for (std::int64_t r = 0; r < shape_.rows; ++r) expected_squares += std::pow(x[At(r, c)] - expected_mean, 2);
      EXPECT_NEAR(mean[static_cast<std::size_t>(c)], expected_mean, 1e-6);
      EXPECT_NEAR(squares[static_cast<std::size_t>(c)], expected_squares, 1e-6 * (1 + expected_squares));
    }
  }
}

TEST_P(PassesTest, NormAndItsSumsAgreeWithTheFormula) {
  const std::int64_t channels = shape_.channels;
  const std::vector<float> factor = values_.Draw(channels);
  const std::vector<float> offset = values_.Draw(channels);
  const std::vector<float> slope = values_.Draw(channels);
  const std::vector<float> after = values_.Draw(channels);
  const std::vector<float> inverse = values_.Draw(channels);
  const std::vector<float> shifted = values_.Draw(channels);
  const NormForm form{factor.data(), offset.data(), slope.data(), after.data()};
  const std::vector<float> x = values_.Draw(size_);
  const std::vector<float> residual = values_.Draw(size_);
  std::vector<std::vector<float>> summands;
  std::vector<const float*> pointers;
  for (int count = 1; count <= 4; ++count) {
    summands.push_back(values_.Draw(size_));
    pointers.clear();
    for (const std::vector<float>& summand : summands) pointers.push_back(summand.data());
    const bool with_residual = count % 2 == 0;
    const float* other = with_residual ? residual.data() : nullptr;
    std::vector<float> y(x.size());
    passes_.norm(shape_, form, x.data(), other, y.data());
    std::vector<float> du(x.size());
    std::vector<double> sums(static_cast<std::size_t>(4 * channels));
    passes_.norm_sums(shape_, form, inverse.data(), shifted.data(), {pointers.data(), count}, x.data(), other,
                      du.data(),
                      {sums.data(), sums.data() + channels, sums.data() + 2 * channels, sums.data() + 3 * channels});
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto i = static_cast<std::size_t>(c);
      double expected[4] = {};
      for (std::int64_t r = 0; r < shape_.rows; ++r) {
        const std::size_t at = At(r, c);
        const float u = factor[i] * x[at] + offset[i] + (with_residual ? residual[at] : 0);
        EXPECT_FLOAT_EQ(y[at], (u > 0 ? u : slope[i] * u) + after[i]);
        float dy = 0;
        for (const std::vector<float>& summand : summands) dy += summand[at];
        const float inner = u > 0 ? dy : slope[i] * dy;
        EXPECT_NEAR(du[at], inner, 1e-5);
        expected[0] += dy;
        expected[1] += dy * std::min(u, 0.0f);
        expected[2] += inner;
        expected[3] += inner * (inverse[i] * x[at] + shifted[i]);
      }
      for (std::size_t sum = 0; sum < 4; ++sum) {
        EXPECT_NEAR(sums[sum * static_cast<std::size_t>(channels) + i], expected[sum],
                    1e-5 * static_cast<double>(shape_.rows));
      }
    }
  }
}

TEST_P(PassesTest, NormGradientIsTheSumOfItsTerms) {
  const std::vector<float> a = values_.Draw(shape_.channels);
  const std::vector<float> b = values_.Draw(shape_.channels);
  const std::vector<float> constant = values_.Draw(shape_.channels);
  const std::vector<float> du = values_.Draw(size_);
  const std::vector<float> x = values_.Draw(size_);
  std::vector<float> dx(x.size());
  passes_.norm_gradient(shape_, {a.data(), b.data(), constant.data()}, du.data(), x.data(), dx.data());
  for (std::int64_t r = 0; r < shape_.rows; ++r) {
    for (std::int64_t c = 0; c < shape_.channels; ++c) {
      const auto i = static_cast<std::size_t>(c);
      EXPECT_NEAR(dx[At(r, c)], a[i] * du[At(r, c)] + b[i] * x[At(r, c)] + constant[i], 1e-5);
    }
  }
}

TEST_P(PassesTest, SignsTakeZeroForPositiveAndPassGradientsWithinOne) {
  std::vector<float> x = values_.Draw(size_);
  const std::vector<float> shift = values_.Draw(shape_.channels);
  x[0] = -shift[0];
  const std::vector<float> gradient = values_.Draw(size_);
  std::vector<float> signs(x.size());
  std::vector<float> dx(x.size());
  std::vector<double> sums(static_cast<std::size_t>(shape_.channels), 1.0);
  passes_.signs(shape_, x.data(), shift.data(), signs.data());
  passes_.signs_gradient(shape_, gradient.data(), x.data(), shift.data(), dx.data(), sums.data());
  EXPECT_EQ(signs[0], 1.0f);
  for (std::int64_t c = 0; c < shape_.channels; ++c) {
    double expected = 1;
    for (std::int64_t r = 0; r < shape_.rows; ++r) {
      const float value = x[At(r, c)] + shift[static_cast<std::size_t>(c)];
      EXPECT_EQ(signs[At(r, c)], value >= 0 ? 1.0f : -1.0f);
      const float passed = 2 * gradient[At(r, c)] * std::max(0.0f, 1 - std::abs(value));
      EXPECT_FLOAT_EQ(dx[At(r, c)], passed);
      expected += passed;
    }
    EXPECT_NEAR(sums[static_cast<std::size_t>(c)], expected, 1e-5 * static_cast<double>(shape_.rows));
  }
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const Passes* passes : AllPasses()) {
    for (const Pixels shape : {Pixels{1, 1}, Pixels{67, 16}, Pixels{130, 37}, Pixels{64, 64}})
      cases.push_back({passes, shape});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, PassesTest, testing::ValuesIn(Cases()), [](const auto& info) {
  return std::string(info.param.passes->isa) + "_" + std::to_string(info.param.shape.rows) + "x" +
         std::to_string(info.param.shape.channels);
});

/// Calls use(index in x, index in the weights, index in y) for all products of a convolution.
template <typename Use>
void ForEachProduct(const ConvShape& shape, Use&& use) {
  std::size_t y = 0;
  for (std::int64_t image = 0; image < shape.images; ++image) {
    for (std::int64_t row = 0; row < shape.OutHeight(); ++row) {
      for (std::int64_t column = 0; column < shape.OutWidth(); ++column) {
        for (std::int64_t o = 0; o < shape.out; ++o, ++y) {
          for (std::int64_t tap = 0; tap < 9; ++tap) {
            const std::int64_t from_row = row * shape.stride + tap / 3 - 1;
            const std::int64_t from_column = column * shape.stride + tap % 3 - 1;
            if (from_row < 0 || from_row >= shape.height || from_column < 0 || from_column >= shape.width) continue;
            for (std::int64_t c = 0; c < shape.in; ++c) {
              const std::int64_t x = ((image * shape.height + from_row) * shape.width + from_column) * shape.in + c;
              use(static_cast<std::size_t>(x), static_cast<std::size_t>((tap * shape.in + c) * shape.out + o), y);
            }
          }
        }
      }
    }
  }
}

/// The moments that a convolution takes of its output.
struct Moments {
  std::vector<double> mean;
  std::vector<double> squares;

  explicit Moments(std::int64_t channels)
      : mean(static_cast<std::size_t>(channels)), squares(static_cast<std::size_t>(channels)) {}

  void ExpectOf(const std::vector<float>& y) const {
    const std::size_t channels = mean.size();
    const double rows = static_cast<double>(y.size()) / static_cast<double>(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      double expected_mean = 0;
      for (std::size_t i = c; i < y.size(); i += channels) expected_mean += y[i] / rows;
      double expected_squares = 0;
      for (std::size_t i = c; i < y.size(); i += channels) expected_squares += std::pow(y[i] - expected_mean, 2);
      EXPECT_NEAR(mean[c], expected_mean, 1e-5 * (1 + std::abs(expected_mean)));
      EXPECT_NEAR(squares[c], expected_squares, 1e-5 * (1 + expected_squares));
    }
  }
};

class BinaryConvTest : public testing::TestWithParam<const Passes*> {};

TEST_P(BinaryConvTest, CountsWhatTheTapsAddUpTo) {
  for (const ConvShape& shape :
       {ConvShape{2, 7, 9, 16, 16, 1}, ConvShape{1, 8, 8, 32, 64, 2}, ConvShape{2, 5, 6, 20, 11, 2},
        ConvShape{1, 1, 1, 3, 8, 1}, ConvShape{1, 1, 5, 64, 9, 1}, ConvShape{1, 4, 2, 100, 24, 1}}) {
    Values values;
    const std::vector<float> x = values.Draw(shape.images * shape.height * shape.width * shape.in);
    const std::vector<float> shift = values.Draw(shape.in);
    std::vector<float> weights = values.Draw(9 * shape.in * shape.out);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const float scale = 0.25f * static_cast<float>(1 + i % static_cast<std::size_t>(shape.out));
      weights[i] = weights[i] < 0 ? -scale : scale;
    }
    std::vector<float> expected(
        static_cast<std::size_t>(shape.images * shape.OutHeight() * shape.OutWidth() * shape.out));
    ForEachProduct(shape, [&](std::size_t at, std::size_t weight, std::size_t to) {
      const float value = x[at] + shift[at % static_cast<std::size_t>(shape.in)];
      expected[to] += value >= 0 ? weights[weight] : -weights[weight];
    });
    std::vector<float> y(expected.size());
    Moments moments(shape.out);
    GetParam()->binary_conv(shape, x.data(), shift.data(), weights.data(), y.data(), moments.mean.data(),
                            moments.squares.data());
    // Scales are multiples of a quarter, so that all sums are exact.
    EXPECT_EQ(y, expected) << shape.in << " to " << shape.out << " channels";
    moments.ExpectOf(y);
  }
}

void ExpectNear(const std::vector<float>& values, const std::vector<double>& expected, const char* what) {
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(values[i], expected[i], 2e-4) << what << " " << i;
}

class ConvTest : public testing::TestWithParam<const Passes*> {};

TEST_P(ConvTest, SumsAndItsGradientsAreThoseOfDoubles) {
  for (const ConvShape& shape :
       {ConvShape{2, 7, 9, 16, 16, 1}, ConvShape{1, 8, 8, 32, 64, 2}, ConvShape{2, 5, 16, 16, 48, 2},
        ConvShape{1, 1, 1, 16, 16, 1}, ConvShape{2, 2, 1, 16, 16, 2}, ConvShape{1, 3, 29, 16, 16, 1},
        ConvShape{1, 14, 14, 48, 32, 1}, ConvShape{1, 7, 7, 32, 16, 2}, ConvShape{2, 4, 5, 32, 48, 1},
        ConvShape{1, 18, 30, 16, 16, 1}}) {
    SCOPED_TRACE(std::to_string(shape.height) + "x" + std::to_string(shape.width) + "x" + std::to_string(shape.in));
    Values values;
    const std::vector<float> x = values.Draw(shape.images * shape.height * shape.width * shape.in);
    const std::vector<float> weights = values.Draw(9 * shape.in * shape.out);
    const std::vector<float> dy = values.Draw(shape.images * shape.OutHeight() * shape.OutWidth() * shape.out);
    std::vector<double> expected_y(dy.size());
    std::vector<double> expected_dx(x.size());
    std::vector<double> expected_dw(weights.size());
    ForEachProduct(shape, [&](std::size_t at, std::size_t weight, std::size_t to) {
      expected_y[to] += static_cast<double>(x[at]) * weights[weight];
      expected_dx[at] += static_cast<double>(dy[to]) * weights[weight];
      expected_dw[weight] += static_cast<double>(x[at]) * dy[to];
    });
    std::vector<float> y(dy.size());
    std::vector<float> dx(x.size());
    std::vector<float> dw(weights.size());
    Moments moments(shape.out);
    GetParam()->conv(shape, x.data(), weights.data(), y.data(), moments.mean.data(), moments.squares.data());
    ExpectNear(y, expected_y, "output");
    moments.ExpectOf(y);
    GetParam()->conv_gradients(shape, x.data(), weights.data(), dy.data(), dx.data(), dw.data());
    ExpectNear(dx, expected_dx, "input's gradient");
    ExpectNear(dw, expected_dw, "weights' gradient");

    // Behind a normalisation, dy is made of two tensors.
    const std::vector<float> factor(static_cast<std::size_t>(shape.out), 0.5f);
    const std::vector<float> minus(static_cast<std::size_t>(shape.out), -0.25f);
    const std::vector<float> offset(static_cast<std::size_t>(shape.out), 0.125f);
    std::vector<float> du(dy.size());
    for (std::size_t i = 0; i < du.size(); ++i) du[i] = 2 * (dy[i] + 0.25f * y[i] - 0.125f);
    GetParam()->norm_conv_gradients(shape, {factor.data(), minus.data(), offset.data()}, du.data(), y.data(), x.data(),
                                    weights.data(), dx.data(), dw.data());
    ExpectNear(dx, expected_dx, "input's gradient behind a normalisation");
    ExpectNear(dw, expected_dw, "weights' gradient behind a normalisation");
  }
}

std::vector<const Passes*> PassesWithConv() {
  std::vector<const Passes*> all = AllPasses();
  all.erase(std::remove_if(all.begin(), all.end(), [](const Passes* passes) { return passes->conv == nullptr; }),
            all.end());
  return all;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ConvTest);
INSTANTIATE_TEST_SUITE_P(All, ConvTest, testing::ValuesIn(PassesWithConv()),
                         [](const auto& info) { return std::string(info.param->isa); });

INSTANTIATE_TEST_SUITE_P(All, BinaryConvTest, testing::ValuesIn(AllPasses()),
                         [](const auto& info) { return std::string(info.param->isa); });

}  // namespace
}  // namespace subbit
