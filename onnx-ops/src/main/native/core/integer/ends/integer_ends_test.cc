// Compares the layers with 8-bit weights of every instruction set that this processor has with the reference, over
// random layers, images and divisions into rows.

#include "core/integer/integer_ends.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/integer/reference_layers.h"
#include "core/testing/random_layer.h"
#include "core/testing/sweep.h"

namespace subbit {
namespace {

constexpr std::int16_t kUntouched = 0x5a5a;
constexpr std::uint64_t kUntouchedSigns = 0x5a5a5a5a5a5a5a5a;

using Random = std::mt19937;

int Pick(Random* random, int low, int high) { return std::uniform_int_distribution<int>(low, high)(*random); }

/// Values of `bits` bits, often the least or the greatest.
std::int16_t PickValue(Random* random, int bits) {
  const int limit = 1 << (bits - 1);
  const int kind = Pick(random, 0, 9);
  return static_cast<std::int16_t>(kind == 0 ? -limit : kind == 1 ? limit - 1 : Pick(random, -limit, limit - 1));
}

std::vector<std::int16_t> PickValues(Random* random, std::int64_t count, int bits) {
  std::vector<std::int16_t> values(static_cast<std::size_t>(count));
  for (std::int16_t& value : values) value = PickValue(random, bits);
  return values;
}

std::vector<std::int16_t> PickMultipliers(Random* random, std::int64_t count) {
  std::vector<std::int16_t> values = PickValues(random, count, 16);
  for (std::int16_t& value : values) value = std::max<std::int16_t>(value, -32767);
  return values;
}

/// Weights in rows of `row` values; the magnitudes of a row sum up to at most `limit`.
std::vector<std::int8_t> PickWeights(Random* random, std::int64_t rows, std::int64_t row, std::int64_t limit) {
  std::vector<std::int8_t> weights;
  for (std::int64_t r = 0; r < rows; ++r) {
    const int kind = Pick(random, 0, 5);
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < row; ++i) {
      int weight = kind == 0 ? 127 : kind == 1 ? -128 : Pick(random, -128, 127);
      if (sum + std::abs(weight) > limit) weight = 0;
      sum += std::abs(weight);
      weights.push_back(static_cast<std::int8_t>(weight));
    }
  }
  return weights;
}

/// An image at an address that is aligned for nothing but its elements, with nothing behind it.
template <class T>
class Image {
 public:
  explicit Image(std::vector<T> values) : memory_(std::move(values)) { memory_.insert(memory_.begin(), T{}); }
  T* data() { return memory_.data() + 1; }
  std::size_t size() const { return memory_.size() - 1; }

 private:
  std::vector<T> memory_;
};

/// What a layer writes, filled beforehand.
struct Result {
  MapShape shape;
  std::vector<std::int16_t> y;
  std::vector<std::uint64_t> signs;

  explicit Result(const MapShape& y_shape)
      : shape(y_shape),
        y(static_cast<std::size_t>(y_shape.height * y_shape.width * y_shape.channels) + 1, kUntouched),
        signs(static_cast<std::size_t>(SignPlane{nullptr, y_shape}.Size()), kUntouchedSigns) {}

  IntegerOutput Output(bool values, const std::int16_t* threshold) {
    IntegerOutput output;
    if (values) output.y = y.data() + 1;
    output.next_threshold = threshold;
    if (threshold != nullptr) output.next_signs = {signs.data(), shape};
    return output;
  }
};

void RunRows(const IntegerLayer& layer, const MapShape& x, const IntegerInput& input, const IntegerOutput& output,
             RowRange rows) {
  TestScratch scratch(layer.ScratchBytes(x));
  layer.Run(x, input, output, rows, scratch.get());
}

/// Runs both layers with every combination of outputs, in one piece, row by row backwards, in bands, and for some rows
/// only.
void ExpectEqual(const IntegerLayer& layer, const IntegerLayer& reference, const MapShape& x, const IntegerInput& input,
                 Random* random, const std::string& what) {
  const MapShape shape = reference.OutputShape(x);
  const std::string name = layer.Name() + ": " + what;
  const std::vector<std::int16_t> threshold = PickValues(random, shape.channels, 16);
  const RowRange all{0, shape.height};
  for (const bool values : {true, false}) {
    for (const bool signs : {true, false}) {
      if (!values && !signs) continue;
      const std::int16_t* const next = signs ? threshold.data() : nullptr;
      Result expected(shape);
      RunRows(reference, x, input, expected.Output(values, next), all);
      Result whole(shape);
      RunRows(layer, x, input, whole.Output(values, next), all);
      ASSERT_EQ(whole.y, expected.y) << name;
      ASSERT_EQ(whole.signs, expected.signs) << name;
      const std::int64_t band = layer.BandRows(x);
      ASSERT_GE(band, 1) << name;
      for (const std::int64_t size : {std::int64_t{1}, band, std::int64_t{Pick(random, 1, 4)}}) {
        Result bands(shape);
        for (std::int64_t row = (shape.height - 1) / size * size; row >= 0; row -= size) {
          RunRows(layer, x, input, bands.Output(values, next), {row, std::min(row + size, shape.height)});
        }
        ASSERT_EQ(bands.y, expected.y) << name << " in bands of " << size;
        ASSERT_EQ(bands.signs, expected.signs) << name << " in bands of " << size;
      }
    }
  }
  const std::int64_t begin = Pick(random, 0, static_cast<int>(shape.height) - 1);
  const RowRange some{begin, Pick(random, static_cast<int>(begin) + 1, static_cast<int>(shape.height))};
  Result expected(shape);
  RunRows(reference, x, input, expected.Output(true, threshold.data()), some);
  Result part(shape);
  RunRows(layer, x, input, part.Output(true, threshold.data()), some);
  ASSERT_EQ(part.y, expected.y) << name << " in part";
  ASSERT_EQ(part.signs, expected.signs) << name << " in part";
}

struct Stem {
  StemAttributes attributes;
  std::int64_t outs;
  std::int64_t channels;
  std::int64_t kernel;
};

std::string Describe(const Stem& stem, const MapShape& x) {
  const StemAttributes& a = stem.attributes;
  const auto text = [](const auto& list) {
    std::string joined;
    for (const std::int64_t value : list) joined += (joined.empty() ? "" : " ") + std::to_string(value);
    return "[" + joined + "]";
  };
  return "kernel " + std::to_string(stem.kernel) + " strides " + text(a.strides) + " pads " + text(a.pads) + " pool " +
         text(a.pool.shape) + text(a.pool.strides) + text(a.pool.pads) + " shift " + std::to_string(a.shift) +
         " width " + std::to_string(a.width) + " channels " + std::to_string(stem.channels) + " -> " +
         std::to_string(stem.outs) + " image " + std::to_string(x.height) + "x" + std::to_string(x.width);
}

float PickPixel(Random* random) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  constexpr float kSpecial[] = {
      -0.0f, kInf,  -kInf, std::numeric_limits<float>::quiet_NaN(), 0.5f, 1.5f, 2.5f, 254.5f, 255.5f, 1e30f, -1e30f,
      3e9f,  -1.0f, 1e-45f};
  const int kind = Pick(random, 0, 5);
  if (kind == 0) return kSpecial[Pick(random, 0, 13)];
  if (kind == 1) return static_cast<float>(Pick(random, 0, 255)) + 0.5f;
  return std::uniform_real_distribution<float>(-20.0f, 280.0f)(*random);
}

void ExpectStemsEqual(const Stem& stem, const MapShape& x, Random* random) {
  const std::int64_t row = stem.channels * stem.kernel * stem.kernel;
  const std::vector<std::int8_t> weight = PickWeights(random, stem.outs, row, 32895);
  std::vector<std::uint8_t> zero(static_cast<std::size_t>(stem.channels));
  for (std::uint8_t& value : zero) value = static_cast<std::uint8_t>(Pick(random, 0, 255));
  const StemParameters parameters{{"test"},
                                  stem.attributes,
                                  stem.outs,
                                  stem.channels,
                                  stem.kernel,
                                  weight,
                                  zero,
                                  PickMultipliers(random, stem.outs),
                                  PickValues(random, stem.outs, 16)};
  const auto reference = MakeReferenceStem(parameters);
  std::vector<float> floats(static_cast<std::size_t>(x.channels * x.height * x.width));
  const bool bright = Pick(random, 0, 3) == 0;
  for (float& value : floats) value = bright ? 255.0f : PickPixel(random);
  std::vector<std::uint8_t> bytes(floats.size());
  for (std::uint8_t& value : bytes) value = static_cast<std::uint8_t>(bright ? 255 : Pick(random, 0, 255));
  Image<float> float_image(floats);
  Image<std::uint8_t> byte_image(bytes);
  for (const Isa isa : FastIsas()) {
    const auto layer = MakeIntegerStem(isa, parameters);
    IntegerInput input;
    input.x = float_image.data();
    ExpectEqual(*layer, *reference, x, input, random, Describe(stem, x) + " floats");
    input.x = byte_image.data();
    input.pixel_type = PixelType::kUint8;
    ExpectEqual(*layer, *reference, x, input, random, Describe(stem, x) + " bytes");
  }
}

/// A stem and the shape of an image for it.
Stem RandomStem(Random* random, MapShape* x) {
  const auto pick = [random](int low, int high) { return std::int64_t{Pick(random, low, high)}; };
  Stem stem{};
  stem.kernel = pick(1, 7);
  stem.channels = pick(0, 2) == 0 ? pick(1, 6) : (pick(0, 1) == 0 ? 3 : 1);
  stem.outs = pick(0, 2) == 0 ? 16 * pick(1, 5) : pick(1, 70);
  StemAttributes& a = stem.attributes;
  a.strides = {pick(1, 3), pick(1, 3)};
  if (stem.kernel >= 5 && pick(0, 1) == 0) a.strides[1] = 2;
  const auto most_pad = static_cast<int>(stem.kernel) - 1;
  a.pads = {pick(0, most_pad), pick(0, most_pad), pick(0, most_pad), pick(0, most_pad)};
  a.shift = pick(1, 16);
  a.width = pick(9, 16);
  if (pick(0, 2) != 0) {
    a.pool.shape = {pick(1, 4), pick(1, 4)};
    if (pick(0, 1) == 0) a.pool.shape = {3, 3};
    if (!a.pool.IsNone()) a.pool.strides = {pick(1, 3), pick(1, 3)};
    for (std::size_t i = 0; i < 4; ++i) a.pool.pads[i] = pick(0, static_cast<int>(a.pool.shape[i % 2]) - 1);
  }
  const auto length = [&](std::size_t axis) {
    const std::int64_t sums = std::max<std::int64_t>(1, a.pool.shape[axis] - a.pool.pads[axis] - a.pool.pads[axis + 2]);
    const std::int64_t least = (sums - 1) * a.strides[axis] + stem.kernel - a.pads[axis] - a.pads[axis + 2];
    return std::max<std::int64_t>(1, least) + pick(0, axis == 1 && pick(0, 4) == 0 ? 60 : 12);
  };
  *x = {length(0), length(1), stem.channels};
  return stem;
}

TEST(IntegerEnds, RandomStemsEqualTheReference) {
  Random random(40);
  for (int round = 0; round < SweepRounds(150); ++round) {
    MapShape x{};
    const Stem stem = RandomStem(&random, &x);
    ASSERT_NO_FATAL_FAILURE(ExpectStemsEqual(stem, x, &random)) << "round " << round;
  }
}

TEST(IntegerEnds, StemsOfWellKnownNetworksEqualTheReference) {
  Random random(41);
  Stem resnet18{{}, 64, 3, 7};
  resnet18.attributes.strides = {2, 2};
  resnet18.attributes.pads = {3, 3, 3, 3};
  resnet18.attributes.shift = 8;
  resnet18.attributes.pool = {{3, 3}, {2, 2}, {1, 1, 1, 1}};
  ExpectStemsEqual(resnet18, {45, 50, 3}, &random);
  Stem resnet20{{}, 16, 3, 3};
  resnet20.attributes.pads = {1, 1, 1, 1};
  resnet20.attributes.shift = 7;
  ExpectStemsEqual(resnet20, {32, 32, 3}, &random);
  Stem vgg = resnet20;
  vgg.outs = 128;
  vgg.attributes.pool = {{2, 2}, {2, 2}, {0, 0, 0, 0}};
  ExpectStemsEqual(vgg, {16, 17, 3}, &random);
  resnet20.channels = 1;
  ExpectStemsEqual(resnet20, {28, 28, 1}, &random);
}

TEST(IntegerEnds, LargeKernelsAndStridesEqualTheReference) {
  Random random(42);
  Stem stem{{}, 9, 1, 16};
  stem.attributes.strides = {16, 16};
  stem.attributes.shift = 10;
  ExpectStemsEqual(stem, {50, 64, 1}, &random);
  stem.kernel = 32;
  stem.attributes.pads = {31, 31, 31, 31};
  stem.attributes.strides = {32, 1};
  stem.attributes.pool = {{2, 32}, {1, 32}, {1, 31, 1, 31}};
  ExpectStemsEqual(stem, {40, 9, 1}, &random);
  Stem skipping{{}, 33, 4, 1};
  skipping.attributes.strides = {3, 2};
  ExpectStemsEqual(skipping, {10, 11, 4}, &random);
}

struct Shortcut {
  ShortcutAttributes attributes;
  std::int64_t outs;
  std::int64_t channels;
};

void ExpectShortcutsEqual(const Shortcut& shortcut, const MapShape& x, Random* random) {
  const std::int64_t half = std::int64_t{1} << (shortcut.attributes.shift - 1);
  const std::int64_t limit =
      std::min(((std::int64_t{1} << 24) - 1 - half) / 255, ((std::int64_t{1} << 31) - 1 - half) / 32768);
  const ShortcutParameters parameters{{"test"},
                                      shortcut.attributes,
                                      shortcut.outs,
                                      shortcut.channels,
                                      PickWeights(random, shortcut.outs, shortcut.channels, limit),
                                      PickMultipliers(random, shortcut.outs),
                                      PickValues(random, shortcut.outs, 16)};
  const auto reference = MakeReferenceShortcut(parameters);
  const std::int64_t count = x.height * x.width * x.channels;
  std::vector<std::int16_t> values = PickValues(random, count, 16);
  const int kind = Pick(random, 0, 3);
  if (kind == 0) values.assign(values.size(), -32768);
  if (kind == 1) values.assign(values.size(), 32767);
  Image<std::int16_t> image(values);
  IntegerInput input;
  input.x = image.data();
  const std::string what =
      "pool " + std::to_string(shortcut.attributes.pool[0]) + " shift " + std::to_string(shortcut.attributes.shift) +
      " width " + std::to_string(shortcut.attributes.width) + " channels " + std::to_string(shortcut.channels) +
      " -> " + std::to_string(shortcut.outs) + " image " + std::to_string(x.height) + "x" + std::to_string(x.width);
  for (const Isa isa : FastIsas()) {
    const auto layer = MakeIntegerShortcut(isa, parameters);
    ExpectEqual(*layer, *reference, x, input, random, what);
  }
}

TEST(IntegerEnds, RandomShortcutsEqualTheReference) {
  Random random(43);
  for (int round = 0; round < SweepRounds(150); ++round) {
    Shortcut shortcut{};
    const std::int64_t pool = Pick(&random, 1, 2);
    shortcut.attributes.pool = {pool, pool};
    shortcut.attributes.shift = Pick(&random, 1, 23);
    shortcut.attributes.width = Pick(&random, 9, 16);
    shortcut.channels = Pick(&random, 0, 1) == 0 ? 16 * Pick(&random, 1, 5) : Pick(&random, 1, 70);
    shortcut.outs = Pick(&random, 0, 1) == 0 ? 16 * Pick(&random, 1, 9) : Pick(&random, 1, 140);
    const MapShape x{Pick(&random, 1, 12), Pick(&random, 1, 12), shortcut.channels};
    ASSERT_NO_FATAL_FAILURE(ExpectShortcutsEqual(shortcut, x, &random)) << "round " << round;
  }
}

TEST(IntegerEnds, ShortcutsWithTheLargestSumsEqualTheReference) {
  Random random(44);
  for (int round = 0; round < 6; ++round) {
    ExpectShortcutsEqual({{{2, 2}, round % 2 == 0 ? 8 : 22, 16}, 37, 530}, {5, 4, 530}, &random);
  }
}

struct Classifier {
  std::int64_t shift;
  std::int64_t classes;
  std::int64_t channels;
};

void ExpectClassifiersEqual(const Classifier& classifier, bool in_parts, const MapShape& x, Random* random) {
  const std::int64_t parts = in_parts ? x.height * x.width : 1;
  std::vector<std::int8_t> weight = PickWeights(random, classifier.classes, parts * classifier.channels, 65535);
  std::normal_distribution<float> normal;
  ClassifierParameters parameters{
      {"test"}, {classifier.shift}, classifier.classes, parts, classifier.channels, weight, {}, {}};
  for (std::int64_t k = 0; k < classifier.classes; ++k) {
    parameters.scale.push_back(normal(*random) * 1e-4f);
    parameters.bias.push_back(Pick(random, 0, 4) == 0 ? -0.0f : normal(*random));
  }
  const auto reference = MakeReferenceClassifier(parameters);
  std::vector<std::int16_t> values = PickValues(random, x.height * x.width * x.channels, 16);
  const int kind = Pick(random, 0, 4);
  if (kind == 0) values.assign(values.size(), -32768);
  if (kind == 1) values.assign(values.size(), 32767);
  Image<std::int16_t> image(values);
  IntegerInput input;
  input.x = image.data();
  const RowRange all{0, classifier.classes};
  const auto run = [&](const IntegerLayer& layer, std::int64_t band) {
    std::vector<float> logits(static_cast<std::size_t>(classifier.classes), std::numeric_limits<float>::quiet_NaN());
    IntegerOutput output;
    output.logits = logits.data();
    for (std::int64_t row = (all.end - 1) / band * band; row >= 0; row -= band) {
      RunRows(layer, x, input, output, {row, std::min(row + band, all.end)});
    }
    return logits;
  };
  const std::vector<float> expected = run(*reference, all.end);
  for (const Isa isa : FastIsas()) {
    const auto layer = MakeIntegerClassifier(isa, parameters);
    for (const std::int64_t band : {all.end, layer->BandRows(x), std::int64_t{1}, std::int64_t{Pick(random, 1, 9)}}) {
      ASSERT_EQ(run(*layer, band), expected)
          << layer->Name() << ": shift " << classifier.shift << " channels " << classifier.channels << " -> "
          << classifier.classes << " parts " << parts << " image " << x.height << "x" << x.width << " in bands of "
          << band;
    }
  }
}

TEST(IntegerEnds, RandomClassifiersEqualTheReference) {
  Random random(45);
  for (int round = 0; round < SweepRounds(200); ++round) {
    const Classifier classifier{Pick(&random, 0, 15), Pick(&random, 1, 23), Pick(&random, 1, 150)};
    const bool in_parts = Pick(&random, 0, 1) == 0;
    const MapShape x{Pick(&random, 1, in_parts ? 4 : 16), Pick(&random, 1, in_parts ? 4 : 16), classifier.channels};
    ASSERT_NO_FATAL_FAILURE(ExpectClassifiersEqual(classifier, in_parts, x, &random)) << "round " << round;
  }
}

TEST(IntegerEnds, ClassifiersOfWellKnownNetworksEqualTheReference) {
  Random random(46);
  ExpectClassifiersEqual({6, 1000, 512}, false, {7, 7, 512}, &random);
  ExpectClassifiersEqual({0, 10, 512}, true, {4, 4, 512}, &random);
}

}  // namespace
}  // namespace subbit
