// The integer operators by hand: what their definitions say, in numbers.

#include "core/integer/reference_layers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/integer/integer_arithmetic.h"
#include "core/testing/random_integer_layer.h"

namespace subbit {
namespace {

using Values = std::vector<std::int16_t>;

TEST(IntegerArithmetic, HalvesAreRoundedUp) {
  EXPECT_EQ(RoundedShift(3, 1), 2);
  EXPECT_EQ(RoundedShift(-3, 1), -1);
  EXPECT_EQ(RoundedShift(-1, 1), 0);
  EXPECT_EQ(RoundedShift(-5, 2), -1);
  EXPECT_EQ(RoundedShift(-7, 0), -7);
  EXPECT_EQ(MulHrs(1, 16384), 1);
  EXPECT_EQ(MulHrs(-1, 16384), 0);
  EXPECT_EQ(MulHrs(-3, 16384), -1);
  EXPECT_EQ(MulHrs(-32768, 32767), -32767);
  EXPECT_EQ(MulHrs(-32768, -32767), 32767);
  EXPECT_EQ(MulHrs(32767, 32767), 32766);
}

TEST(IntegerArithmetic, SaturatesToTheWidth) {
  EXPECT_EQ(Saturate(40000, 16), 32767);
  EXPECT_EQ(Saturate(-40000, 16), -32768);
  EXPECT_EQ(Saturate(2048, 12), 2047);
  EXPECT_EQ(Saturate(-2049, 12), -2048);
  EXPECT_EQ(Saturate(-2048, 12), -2048);
  EXPECT_EQ(Rescale(1 << 20, 32767, 5, 16), 32767);  // 32766 + 5
  EXPECT_EQ(Rescale(-(1 << 20), 16384, -5, 12), -2048);
}

TEST(IntegerArithmetic, PixelsAreRoundedHalvesToEvenAndClamped) {
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(PixelValue(0.5f), 0);
  EXPECT_EQ(PixelValue(1.5f), 2);
  EXPECT_EQ(PixelValue(2.5f), 2);
  EXPECT_EQ(PixelValue(254.5f), 254);
  EXPECT_EQ(PixelValue(255.4f), 255);
  EXPECT_EQ(PixelValue(1e30f), 255);
  EXPECT_EQ(PixelValue(inf), 255);
  EXPECT_EQ(PixelValue(-inf), 0);
  EXPECT_EQ(PixelValue(-3.0f), 0);
  EXPECT_EQ(PixelValue(-0.0f), 0);
  EXPECT_EQ(PixelValue(std::numeric_limits<float>::quiet_NaN()), 0);
  EXPECT_EQ(PixelValue(std::uint8_t{200}), 200);
}

/// Runs a layer on one image, all rows at once and each row by itself, and returns y. The signs of y under `threshold`
/// are checked against y.
Values RunLayer(const IntegerLayer& layer, const MapShape& x, IntegerInput input, const Values& threshold) {
  const MapShape shape = layer.OutputShape(x);
  Values y(static_cast<std::size_t>(shape.Size()), 12345);
  const OwnedSigns signs(shape);
  layer.Run(x, input, {y.data(), nullptr, threshold.data(), signs.plane()}, {0, shape.height}, nullptr);
  EXPECT_EQ(signs.words(), OwnedSigns(shape, y.data(), threshold.data()).words());

  Values by_row(y.size(), 12345);
  const OwnedSigns by_row_signs(shape);
  for (std::int64_t row = shape.height; row-- > 0;) {
    layer.Run(x, input, {by_row.data(), nullptr, threshold.data(), by_row_signs.plane()}, {row, row + 1}, nullptr);
  }
  EXPECT_EQ(by_row, y);
  EXPECT_EQ(by_row_signs.words(), signs.words());

  const OwnedSigns only_signs(shape);
  layer.Run(x, input, {nullptr, nullptr, threshold.data(), only_signs.plane()}, {0, shape.height}, nullptr);
  EXPECT_EQ(only_signs.words(), signs.words());
  return y;
}

template <class T>
IntegerInput Pixels(const std::vector<T>& x) {
  IntegerInput input;
  input.x = x.data();
  input.pixel_type = std::is_same_v<T, float> ? PixelType::kFloat : PixelType::kUint8;
  return input;
}

/// One channel, a 3x3 kernel of ones with padding.
StemParameters OnesStem() {
  StemParameters stem{{"IntegerStem"}, {}, 1, 1, 3, std::vector<std::int8_t>(9, 1), {10}, {16384}, {0}};
  stem.attributes.pads = {1, 1, 1, 1};
  return stem;
}

TEST(ReferenceStem, SumsPixelsLessTheZeroPixelAndPaddingAddsNothing) {
  // 2x3 pixels, less 10: 0 1 2 / 3 4 -10; sums 8 0 -3 in both rows, halved by the shift and again by the multiplier.
  const std::vector<std::uint8_t> x = {10, 11, 12, 13, 14, 0};
  const auto stem = MakeReferenceStem(OnesStem());
  EXPECT_EQ(stem->OutputShape({2, 3, 1}), (MapShape{2, 3, 1}));
  // rs(-3, 1) = -1 and mulhrs(-1, 1/2) = 0.
  EXPECT_EQ(RunLayer(*stem, {2, 3, 1}, Pixels(x), {1}), (Values{2, 0, 0, 2, 0, 0}));
}

TEST(ReferenceStem, FloatPixelsThatAreNoneAreTakenFor0Or255) {
  StemParameters p = OnesStem();
  p.kernel = 1;
  p.weight = {2};
  p.attributes.pads = {0, 0, 0, 0};
  p.multiplier = {32767};
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {std::numeric_limits<float>::quiet_NaN(), inf, -inf, 2.5f, 3.5f};
  // rs(2 * (p - 10), 1) = p - 10, and mulhrs by nearly 1 keeps such numbers.
  EXPECT_EQ(RunLayer(*MakeReferenceStem(p), {1, 5, 1}, Pixels(x), {-6}), (Values{-10, 245, -10, -8, -6}));
}

TEST(ReferenceStem, SaturatesBeforeTheMultiplierAndToTheWidth) {
  StemParameters p = OnesStem();
  p.kernel = 1;
  p.attributes.pads = {0, 0, 0, 0};
  p.in_channels = 258;
  p.zero_pixel.assign(258, 0);
  p.weight.assign(258, 127);
  p.multiplier = {32767};
  p.bias = {1};
  std::vector<std::uint8_t> x(258, 255);
  EXPECT_EQ(RunLayer(*MakeReferenceStem(p), {1, 1, 258}, Pixels(x), {0}), (Values{32767}));
  p.bias = {-32768};
  EXPECT_EQ(RunLayer(*MakeReferenceStem(p), {1, 1, 258}, Pixels(x), {0}), (Values{-2}));
  p.bias = {0};
  p.attributes.width = 12;
  EXPECT_EQ(RunLayer(*MakeReferenceStem(p), {1, 1, 258}, Pixels(x), {0}), (Values{2047}));
}

TEST(ReferenceStem, PoolsAfterTheArithmeticAndIgnoresThePoolsPadding) {
  StemParameters p = OnesStem();
  p.kernel = 1;
  p.weight = {-2};
  p.zero_pixel = {0};
  p.attributes.pads = {0, 0, 0, 0};
  p.attributes.pool = {{3, 3}, {2, 2}, {1, 1, 1, 1}};
  p.multiplier = {-32767};  // the greatest of the results, not of the sums
  p.bias = {-100};
  const std::vector<std::uint8_t> x = {1, 2, 3, 4, 5, 6, 7, 8, 9};  // 3x3
  const auto stem = MakeReferenceStem(p);
  EXPECT_EQ(stem->OutputShape({3, 3, 1}), (MapShape{2, 2, 1}));
  EXPECT_EQ(RunLayer(*stem, {3, 3, 1}, Pixels(x), {-93}), (Values{-95, -94, -92, -91}));
}

TEST(ReferenceStem, ReadsTheRowsOfItsPoolWindows) {
  StemParameters p = OnesStem();
  p.kernel = 7;
  p.weight.assign(49, 0);
  p.attributes.strides = {2, 2};
  p.attributes.pads = {3, 3, 3, 3};
  p.attributes.pool = {{3, 3}, {2, 2}, {1, 1, 1, 1}};
  const auto stem = MakeReferenceStem(p);
  const MapShape x{224, 224, 1};
  EXPECT_EQ(stem->OutputShape(x), (MapShape{56, 56, 1}));
  EXPECT_EQ(stem->InputRows(x, {0, 1}).begin, 0);
  EXPECT_EQ(stem->InputRows(x, {0, 1}).end, 6);    // rows 0 and 1 of the sums
  EXPECT_EQ(stem->InputRows(x, {1, 2}).begin, 0);  // rows 1 to 3 of the sums: from -1 on
  EXPECT_EQ(stem->InputRows(x, {1, 2}).end, 10);
  EXPECT_EQ(stem->InputRows(x, {55, 56}).begin, 215);
  EXPECT_EQ(stem->InputRows(x, {55, 56}).end, 224);
}

TEST(ReferenceStem, RefusesShapes) {
  StemParameters p = OnesStem();
  p.attributes.pads = {0, 0, 0, 0};
  const auto stem = MakeReferenceStem(p);
  EXPECT_NO_THROW(stem->OutputShape({3, 3, 1}));
  for (const MapShape& x : {MapShape{3, 2, 1}, MapShape{3, 3, 2}, MapShape{0, 3, 1}, MapShape{-1, 3, 1},
                            MapShape{INT64_MAX, INT64_MAX, 1}, MapShape{1 << 16, 1 << 16, 1}}) {
    EXPECT_THROW(stem->OutputShape(x), InvalidOperator);
  }
  p.attributes.pool = {{4, 1}, {1, 1}, {0, 0, 0, 0}};
  EXPECT_THROW(MakeReferenceStem(p)->OutputShape({5, 5, 1}), InvalidOperator);  // three rows of sums
}

/// One channel in and out, whose kernel is +1 at its centre and -1 elsewhere.
IntegerConvParameters CentreConv() {
  IntegerConvParameters conv{{"IntegerSubBitConv"}, {}, {1, 1, 1, 1, {0, 1 << 4}, {1}}, {10}, {16384}, {0},
                             std::nullopt};
  conv.attributes.shift = 1;
  return conv;
}

Values RunConv(const IntegerConvParameters& p, const MapShape& shape, const Values& x, const Values* residual,
               const Values& threshold) {
  const auto conv = MakeReferenceIntegerConv(p);
  const OwnedSigns signs(shape, x.data(), conv->Threshold());
  IntegerInput input;
  input.signs = signs.plane();
  if (residual != nullptr) input.residual = residual->data();
  return RunLayer(*conv, shape, input, threshold);
}

TEST(ReferenceIntegerConv, CountsSignsUnderTheThresholdAndPaddingAddsNothing) {
  // Signs + - / - -: each sum is the own sign less the three others.
  const Values x = {10, 9, -32768, 9};
  // Sums 4, 0, 0, 0 times 2^1 / 2.
  EXPECT_EQ(RunConv(CentreConv(), {2, 2, 1}, x, nullptr, {1}), (Values{4, 0, 0, 0}));
}

TEST(ReferenceIntegerConv, AStrideOf2KeepsEvenRowsAndColumnsOfOddAndEvenImages) {
  IntegerConvParameters p = CentreConv();
  p.attributes.strides = {2, 2};
  const Values x(12, 10);  // all +1: the sum is 1 less the other taps inside
  const auto conv = MakeReferenceIntegerConv(p);
  EXPECT_EQ(conv->OutputShape({3, 4, 1}), (MapShape{2, 2, 1}));
  EXPECT_EQ(RunConv(p, {3, 4, 1}, x, nullptr, {0}), (Values{-2, -4, -2, -4}));
  EXPECT_EQ(conv->InputRows({3, 4, 1}, {1, 2}).begin, 1);
  EXPECT_EQ(conv->InputRows({3, 4, 1}, {1, 2}).end, 3);
}

TEST(ReferenceIntegerConv, PoolsTheSumsBeforeTheMultiplier) {
  IntegerConvParameters p = CentreConv();
  p.attributes.pool = {{2, 2}, {2, 2}, {0, 0, 0, 0}};
  p.multiplier = {-16384};  // so the greatest sum gives the least result
  const Values x = {10, 9, -32768, 9};
  EXPECT_EQ(RunConv(p, {2, 2, 1}, x, nullptr, {0}), (Values{-4}));
}

TEST(ReferenceIntegerConv, SaturatesToTheWidth) {
  IntegerConvParameters p = CentreConv();
  p.attributes.width = 9;
  p.bias = {254};
  EXPECT_EQ(RunConv(p, {2, 2, 1}, {10, 9, 9, 9}, nullptr, {255}), (Values{255, 254, 254, 254}));
}

IntegerConvParameters CentreBlock() {
  IntegerConvParameters block = CentreConv();
  block.op = {"IntegerSubBitBlock"};
  block.residual = ResidualParameters{{8192}, {0}};
  return block;
}

TEST(ReferenceIntegerBlock, AddsTheResidualAndMultipliesOnlyNegativeValuesByTheSlope) {
  IntegerConvParameters p = CentreBlock();
  const Values x = {10, 9, 9, 9};  // sums 4, 0, 0, 0
  const Values residual = {-4, 7, -6, -1};
  // v = 0, 7, -6, -1; a quarter of -6 rounds to -1, of -1 to 0.
  EXPECT_EQ(RunConv(p, {2, 2, 1}, x, &residual, {0}), (Values{0, 7, -1, 0}));
  p.residual->shift_out = {100};
  EXPECT_EQ(RunConv(p, {2, 2, 1}, x, &residual, {100}), (Values{100, 107, 99, 100}));
  p.attributes.slope_shift = 3;  // twice v
  EXPECT_EQ(RunConv(p, {2, 2, 1}, x, &residual, {100}), (Values{100, 107, 92, 100}));
}

TEST(ReferenceIntegerBlock, SaturatesEachStep) {
  IntegerConvParameters p = CentreBlock();
  p.bias = {32767};
  p.residual->shift_out = {-32768};
  const Values x = {10, 9, 9, 9};  // sums 4, 0, 0, 0
  // u = 32767 though 4 + 32767 is more; v = 32767 - 32768 = -1.
  const Values opposite = {-32768, -32768, 5, -32767};
  EXPECT_EQ(RunConv(p, {2, 2, 1}, x, &opposite, {0}), (Values{-32768, -32768, -1, -32768}));
  // With 12 bits: v = -2048, eight times half of it saturates again, and so does the shift.
  p = CentreBlock();
  p.attributes.width = 12;
  p.attributes.slope_shift = 3;
  p.residual = ResidualParameters{{16384}, {-1}};
  const Values residual = {-3000, 3000, -2048, 2047};
  EXPECT_EQ(RunConv(p, {2, 2, 1}, x, &residual, {0}), (Values{-2048, 2046, -2048, 2046}));
  p.residual = ResidualParameters{{-16384}, {1}};  // a negative slope gives a positive value
  EXPECT_EQ(RunConv(p, {2, 2, 1}, x, &residual, {0}), (Values{2047, 2047, 2047, 2047}));
}

TEST(ReferenceIntegerBlock, TheResidualMayBeTheOutput) {
  const IntegerConvParameters p = CentreBlock();
  const Values x = {10, 9, 9, 9};
  Values y = {-4, 7, -6, -1};
  const OwnedSigns signs({2, 2, 1}, x.data(), p.threshold.data());
  IntegerInput input;
  input.signs = signs.plane();
  input.residual = y.data();
  MakeReferenceIntegerConv(p)->Run({2, 2, 1}, input, {y.data(), nullptr, nullptr, {}}, {0, 2}, nullptr);
  EXPECT_EQ(y, (Values{0, 7, -1, 0}));
}

TEST(ReferenceIntegerConv, ChannelsOfThreeWordsAreThoseOfTheirBits) {
  // 130 channels of which only three differ from -1; every tap is -1 but the centre, on a single pixel.
  IntegerConvParameters p = CentreConv();
  p.attributes.in_channels = 130;
  p.attributes.shift = 0;
  p.weights.in_channels = 130;
  p.weights.index.assign(130, 1);
  p.weights.index[129] = 0;  // -1 at the centre too
  p.threshold.assign(130, 0);
  p.multiplier = {32767};
  Values x(130, -1);
  x[0] = x[64] = x[129] = 0;
  EXPECT_EQ(RunConv(p, {1, 1, 130}, x, nullptr, {0}), (Values{2 - 127 - 1}));
}

Values RunShortcut(const ShortcutParameters& p, const MapShape& shape, const Values& x) {
  IntegerInput input;
  input.x = x.data();
  return RunLayer(*MakeReferenceShortcut(p), shape, input, Values(static_cast<std::size_t>(p.out_channels), 1));
}

TEST(ReferenceShortcut, AveragesWhatThereIsOfAWindowHalvesUp) {
  ShortcutParameters p{{"IntegerShortcut"}, {{2, 2}, 8, 16}, 1, 1, {127}, {32767}, {0}};
  // 3x3 values in hundreds; means of four, two (right), two (below) and one value: 2.5 -> 3 / -1.5 -> -1 ...
  const Values x = {1, 2, -1, 3, 4, -2, 5, 6, 1000};
  // mean 10/4 = 3, -3/2 = -1, 11/2 = 6, 1000; times 127, by 256.
  EXPECT_EQ(RunShortcut(p, {3, 3, 1}, x), (Values{1, 0, 3, 496}));
  p.attributes.pool = {1, 1};
  EXPECT_EQ(RunShortcut(p, {1, 3, 1}, {1000, -1000, -3}), (Values{496, -496, -1}));
}

TEST(ReferenceShortcut, SumsOf32BitsAreExact) {
  ShortcutParameters p{{"IntegerShortcut"}, {{1, 1}, 8, 16}, 2, 512, {}, {32767, 32767}, {0, 0}};
  p.weight.assign(1024, 127);
  for (int i = 512; i < 1024; ++i) p.weight[static_cast<std::size_t>(i)] = -127;
  EXPECT_EQ(RunShortcut(p, {1, 1, 512}, Values(512, -32768)), (Values{-32767, 32766}));
  EXPECT_EQ(RunShortcut(p, {1, 1, 512}, Values(512, 32767)), (Values{32766, -32767}));
  p.attributes.shift = 16;
  EXPECT_EQ(RunShortcut(p, {1, 1, 512}, Values(512, -32768)), (Values{-32511, 32511}));
}

std::vector<float> Logits(const ClassifierParameters& p, const MapShape& shape, const Values& x) {
  const auto classifier = MakeReferenceClassifier(p);
  EXPECT_EQ(classifier->OutputShape(shape), (MapShape{p.classes, 1, 1}));
  IntegerInput input;
  input.x = x.data();
  std::vector<float> logits(static_cast<std::size_t>(p.classes), 12345.0f);
  IntegerOutput output;
  output.logits = logits.data();
  classifier->Run(shape, input, output, {0, p.classes}, nullptr);
  std::vector<float> by_class(logits.size(), 12345.0f);
  output.logits = by_class.data();
  for (std::int64_t k = p.classes; k-- > 0;) classifier->Run(shape, input, output, {k, k + 1}, nullptr);
  EXPECT_EQ(by_class, logits);
  return logits;
}

TEST(ReferenceClassifier, SumsAllPositionsOrGivesEachItsOwnWeights) {
  const Values x = {1, 10, 2, 20, 3, 30, 5, 50};  // 2x2 positions of two channels; sums 11 and 110
  ClassifierParameters p{{"IntegerClassifier"}, {1}, 2, 1, 2, {1, 2, -1, 0}, {0.5f, 2.0f}, {0.25f, 0.0f}};
  // rs(11, 1) = 6, rs(110, 1) = 55.
  EXPECT_EQ(Logits(p, {2, 2, 2}, x), (std::vector<float>{(6 + 110) * 0.5f + 0.25f, -12.0f}));
  p.attributes.shift = 0;
  p.parts = 4;
  p.weight = {1, 0, 0, 1, 0, 0, 0, 0, /* class 1 */ 0, 0, 0, 0, 0, 0, -1, 2};
  EXPECT_EQ(Logits(p, {2, 2, 2}, x), (std::vector<float>{21 * 0.5f + 0.25f, 190.0f}));
}

TEST(ReferenceClassifier, SumsSaturateTo16Bits) {
  ClassifierParameters p{{"IntegerClassifier"}, {0}, 1, 1, 1, {1}, {1.0f}, {0.0f}};
  EXPECT_EQ(Logits(p, {16, 16, 1}, Values(256, 32767)), (std::vector<float>{32767}));
  EXPECT_EQ(Logits(p, {16, 16, 1}, Values(256, -32768)), (std::vector<float>{-32768}));
  p.attributes.shift = 8;
  EXPECT_EQ(Logits(p, {16, 16, 1}, Values(256, -32768)), (std::vector<float>{-32768}));
}

TEST(ReferenceClassifier, RoundsTheProductAndTheSum) {
  const float scale = 0.1f;
  const float bias = -0.3f;
  ClassifierParameters p{{"IntegerClassifier"}, {0}, 1, 1, 1, {1}, {scale}, {bias}};
  const volatile float product = 3.0f * scale;
  EXPECT_EQ(Logits(p, {1, 1, 1}, {3}), (std::vector<float>{product + bias}));
  p.scale = {-1.0f};
  p.bias = {-0.0f};
  EXPECT_TRUE(std::signbit(Logits(p, {1, 1, 1}, {0})[0]));
}

TEST(ReferenceClassifier, RefusesOtherPositionsThanItsParts) {
  ClassifierParameters p{{"IntegerClassifier"}, {0}, 1, 4, 1, {1, 1, 1, 1}, {1.0f}, {0.0f}};
  const auto classifier = MakeReferenceClassifier(p);
  EXPECT_NO_THROW(classifier->OutputShape({1, 4, 1}));
  EXPECT_THROW(classifier->OutputShape({2, 3, 1}), InvalidOperator);
  p.parts = 1;
  p.weight = {1};
  const auto summing = MakeReferenceClassifier(p);
  EXPECT_NO_THROW(summing->OutputShape({16, 16, 1}));
  EXPECT_THROW(summing->OutputShape({257, 1, 1}), InvalidOperator);
}

}  // namespace
}  // namespace subbit
