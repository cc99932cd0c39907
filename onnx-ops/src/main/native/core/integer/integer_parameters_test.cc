#include "core/integer/integer_parameters.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

namespace subbit {
namespace {

template <class T>
struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<T> values;

  Tensor(std::vector<std::int64_t> of_shape, T value) : shape(std::move(of_shape)) {
    std::int64_t size = 1;
    for (const std::int64_t length : shape) size *= length;
    values.assign(static_cast<std::size_t>(size), value);
  }
  TensorView<T> View() const { return {values.data(), shape}; }
};

/// One valid node of each operator, to spoil.
struct Stem {
  StemAttributes attributes;
  Tensor<std::int8_t> weight{{2, 3, 3, 3}, 1};
  Tensor<std::uint8_t> zero_pixel{{3}, 128};
  Tensor<std::int16_t> multiplier{{2}, 32767};
  Tensor<std::int16_t> bias{{2}, -32768};

  StemParameters Make() const {
    return MakeStemParameters({"IntegerStem"}, attributes,
                              {weight.View(), zero_pixel.View(), multiplier.View(), bias.View()});
  }
};

struct Block {
  IntegerConvAttributes attributes;
  Tensor<std::int16_t> threshold{{3}, 0};
  Tensor<std::uint8_t> index{{1, 1}, 0};
  Tensor<std::int8_t> codebook{{2, 3, 3}, 1};
  Tensor<std::int16_t> multiplier{{2}, -32767};
  Tensor<std::int16_t> bias{{2}, 0};
  Tensor<std::int16_t> slope{{2}, 0};
  Tensor<std::int16_t> shift_out{{2}, -32768};

  Block() {
    attributes.out_channels = 2;
    attributes.in_channels = 3;
  }

  IntegerConvTensors Tensors() const {
    return {threshold.View(), index.View(), codebook.View(), multiplier.View(), bias.View()};
  }
  IntegerConvParameters Make() const {
    const OpName op{"IntegerSubBitBlock"};
    MakeIntegerConvParameters(op, attributes, Tensors());
    return MakeIntegerBlockParameters(op, attributes, Tensors(), {slope.View(), shift_out.View()});
  }
};

struct Shortcut {
  ShortcutAttributes attributes;
  Tensor<std::int8_t> weight{{2, 3}, -128};
  Tensor<std::int16_t> multiplier{{2}, 1};
  Tensor<std::int16_t> bias{{2}, 0};

  ShortcutParameters Make() const {
    return MakeShortcutParameters({"IntegerShortcut"}, attributes, {weight.View(), multiplier.View(), bias.View()});
  }
};

struct Classifier {
  ClassifierAttributes attributes;
  Tensor<std::int8_t> weight{{2, 1, 3}, 127};
  Tensor<float> scale{{2}, -0.0f};
  Tensor<float> bias{{2}, 1.0f};

  ClassifierParameters Make() const {
    return MakeClassifierParameters({"IntegerClassifier"}, attributes, {weight.View(), scale.View(), bias.View()});
  }
};

template <class Node>
void ExpectRefused(const std::string& field, const std::function<void(Node&)>& spoil) {
  Node node;
  EXPECT_NO_THROW(node.Make());
  spoil(node);
  try {
    node.Make();
    ADD_FAILURE() << field << " was accepted";
  } catch (const InvalidOperator& error) {
    EXPECT_EQ(error.field(), field) << error.what();
  }
}

TEST(IntegerParameters, RefuseStemsByTheField) {
  const auto refused = ExpectRefused<Stem>;
  refused("strides", [](Stem& s) { s.attributes.strides[1] = 0; });
  refused("strides", [](Stem& s) { s.attributes.strides[0] = INT64_MAX; });
  refused("pads", [](Stem& s) { s.attributes.pads[0] = -1; });
  refused("pads", [](Stem& s) { s.attributes.pads[2] = 3; });  // the kernel's rows
  refused("shift", [](Stem& s) { s.attributes.shift = 0; });
  refused("shift", [](Stem& s) { s.attributes.shift = 17; });
  refused("pool_shape", [](Stem& s) { s.attributes.pool.shape[0] = 0; });
  refused("pool_strides", [](Stem& s) { s.attributes.pool.strides[0] = 2; });  // without a pool
  refused("pool_pads", [](Stem& s) { s.attributes.pool.pads[3] = 1; });
  refused("pool_pads", [](Stem& s) { s.attributes.pool = {{3, 2}, {2, 2}, {0, 0, 0, 2}}; });
  refused("width", [](Stem& s) { s.attributes.width = 8; });
  refused("width", [](Stem& s) { s.attributes.width = 17; });
  refused("shape of weight", [](Stem& s) { s.weight = {{2, 3, 9}, 1}; });
  refused("shape of weight", [](Stem& s) { s.weight = {{2, 3, 3, 2}, 1}; });
  refused("shape of weight", [](Stem& s) { s.weight = {{2, 0, 3, 3}, 1}; });
  refused("shape of weight", [](Stem& s) { s.weight = {{2, 3, 33, 33}, 0}; });
  refused("shape of zero_pixel", [](Stem& s) { s.zero_pixel = {{2}, 1}; });
  refused("shape of multiplier", [](Stem& s) { s.multiplier = {{3}, 1}; });
  refused("multiplier", [](Stem& s) { s.multiplier.values[1] = -32768; });
  refused("shape of bias", [](Stem& s) { s.bias = {{1, 2}, 1}; });
}

TEST(IntegerParameters, BoundTheSumsOfAStem) {
  Stem stem;
  stem.weight = {{2, 257, 1, 1}, 0};
  stem.zero_pixel = {{257}, 0};
  for (int i = 0; i < 257; ++i) stem.weight.values[static_cast<std::size_t>(257 + i)] = -128;
  EXPECT_NO_THROW(stem.Make());  // 32896 * 255 = 2^23 - 128
  stem.weight.values[0] = 1;     // another channel
  EXPECT_NO_THROW(stem.Make());
  stem.weight = {{1, 258, 1, 1}, 127};
  stem.zero_pixel = {{258}, 0};
  stem.multiplier = {{1}, 1};
  stem.bias = {{1}, 1};
  EXPECT_NO_THROW(stem.Make());
  stem.weight.values.assign(258, -128);
  EXPECT_THROW(stem.Make(), InvalidOperator);
}

TEST(IntegerParameters, RefuseConvolutionsByTheField) {
  const auto refused = ExpectRefused<Block>;
  refused("tau", [](Block& b) { b.attributes.tau = 10; });
  refused("out_channels", [](Block& b) { b.attributes.out_channels = 0; });
  refused("in_channels", [](Block& b) { b.attributes.in_channels = INT64_MAX; });
  refused("strides", [](Block& b) { b.attributes.strides[0] = 3; });
  refused("shift", [](Block& b) { b.attributes.shift = -1; });
  refused("9 * in_channels * 2^shift", [](Block& b) { b.attributes.shift = 11; });
  refused("pool_pads", [](Block& b) { b.attributes.pool.pads[0] = -1; });
  refused("width", [](Block& b) { b.attributes.width = 17; });
  refused("slope_shift", [](Block& b) { b.attributes.slope_shift = 4; });
  refused("shape of threshold", [](Block& b) { b.threshold = {{2}, 0}; });
  refused("shape of index", [](Block& b) { b.index = {{2, 1}, 0}; });
  refused("shape of codebook", [](Block& b) { b.codebook = {{4, 3, 3}, 1}; });
  refused("shape of multiplier", [](Block& b) { b.multiplier = {{3}, 1}; });
  refused("multiplier", [](Block& b) { b.multiplier.values[0] = -32768; });
  refused("shape of bias", [](Block& b) { b.bias = {{}, 1}; });
  refused("shape of slope", [](Block& b) { b.slope = {{1}, 1}; });
  refused("slope", [](Block& b) { b.slope.values[1] = -32768; });
  refused("shape of shift_out", [](Block& b) { b.shift_out = {{3}, 1}; });
}

TEST(IntegerParameters, BoundTheSumsOfAConvolution) {
  Block block;
  const auto set = [&](std::int64_t channels, std::int64_t shift) {
    block.attributes.in_channels = channels;
    block.attributes.shift = shift;
    block.threshold = {{channels}, 0};
    block.index = {{1, (2 * channels + 7) / 8}, 0};
  };
  set(3640, 0);
  EXPECT_NO_THROW(block.Make());
  set(1820, 1);
  EXPECT_NO_THROW(block.Make());
  set(1821, 1);
  EXPECT_THROW(block.Make(), InvalidOperator);
  set(1, 11);
  EXPECT_NO_THROW(block.Make());
}

TEST(IntegerParameters, RefuseShortcutsByTheField) {
  const auto refused = ExpectRefused<Shortcut>;
  refused("pool", [](Shortcut& s) { s.attributes.pool = {3, 3}; });
  refused("pool", [](Shortcut& s) { s.attributes.pool = {0, 0}; });
  refused("pool", [](Shortcut& s) { s.attributes.pool = {1, 2}; });
  refused("shift", [](Shortcut& s) { s.attributes.shift = 0; });
  refused("shift", [](Shortcut& s) { s.attributes.shift = 24; });
  refused("width", [](Shortcut& s) { s.attributes.width = 0; });
  refused("shape of weight", [](Shortcut& s) { s.weight = {{2, 3, 1, 1}, 0}; });
  refused("shape of multiplier", [](Shortcut& s) { s.multiplier = {{1}, 0}; });
  refused("multiplier", [](Shortcut& s) { s.multiplier.values[0] = -32768; });
  refused("shape of bias", [](Shortcut& s) { s.bias = {{4}, 0}; });
}

TEST(IntegerParameters, BoundTheSumsOfAShortcut) {
  Shortcut shortcut;
  shortcut.multiplier = {{1}, 1};
  shortcut.bias = {{1}, 1};
  // 512 * 128 - 1 = 65535: more would not fit 32 bits, although 255 times 65536 is less than 2^24 - 128.
  shortcut.weight = {{1, 512}, -128};
  shortcut.weight.values[0] = 127;
  EXPECT_NO_THROW(shortcut.Make());
  shortcut.weight.values[0] = -128;
  EXPECT_THROW(shortcut.Make(), InvalidOperator);
  // 2^22 leaves less for the weights: 49343.
  shortcut.attributes.shift = 23;
  shortcut.weight = {{1, 386}, 127};
  EXPECT_NO_THROW(shortcut.Make());  // 49022
  shortcut.weight = {{1, 389}, 127};
  EXPECT_THROW(shortcut.Make(), InvalidOperator);  // 49403
}

TEST(IntegerParameters, RefuseClassifiersByTheField) {
  const auto refused = ExpectRefused<Classifier>;
  refused("shift", [](Classifier& c) { c.attributes.shift = -1; });
  refused("shift", [](Classifier& c) { c.attributes.shift = 16; });
  refused("shape of weight", [](Classifier& c) { c.weight = {{2, 3}, 0}; });
  refused("shape of weight", [](Classifier& c) { c.weight = {{2, 0, 3}, 0}; });
  refused("shape of scale", [](Classifier& c) { c.scale = {{1}, 0}; });
  refused("scale", [](Classifier& c) { c.scale.values[0] = std::numeric_limits<float>::infinity(); });
  refused("shape of bias", [](Classifier& c) { c.bias = {{3}, 0}; });
  refused("bias", [](Classifier& c) { c.bias.values[0] = std::numeric_limits<float>::quiet_NaN(); });
}

TEST(IntegerParameters, BoundTheSumsOfAClassifier) {
  Classifier classifier;
  classifier.weight = {{2, 2, 255}, -128};
  EXPECT_NO_THROW(classifier.Make());  // 65280 in each class
  classifier.weight = {{2, 2, 256}, -128};
  EXPECT_THROW(classifier.Make(), InvalidOperator);  // 65536 in each class
  classifier.weight = {{2, 1, 514}, -128};
  EXPECT_THROW(classifier.Make(), InvalidOperator);
}

TEST(IntegerParameters, KeepWhatTheyAreGiven) {
  const StemParameters stem = Stem().Make();
  EXPECT_EQ(stem.out_channels, 2);
  EXPECT_EQ(stem.in_channels, 3);
  EXPECT_EQ(stem.kernel, 3);
  EXPECT_EQ(stem.weight.size(), 54u);
  const IntegerConvParameters block = Block().Make();
  EXPECT_EQ(block.weights.out_channels, 2);
  EXPECT_EQ(block.weights.in_channels, 3);
  EXPECT_TRUE(block.residual.has_value());
  const ClassifierParameters classifier = Classifier().Make();
  EXPECT_EQ(classifier.parts, 1);
  EXPECT_TRUE(std::signbit(classifier.scale[0]));  // not made +0: the function body does not either
}

/// The order in which attributes are visited is that of IntegerNetwork's settings.
template <class Table, class Attributes>
void ExpectTheTablesOrder() {
  std::vector<std::string> visited;
  Attributes attributes;
  VisitAttributes(Table{}, attributes, [&](const auto& row, auto*) { visited.push_back(row.name); });
  std::vector<std::string> rows;
  for (const operators::AttributeRow& row : Table::kAttributes) rows.push_back(row.name);
  EXPECT_EQ(visited, rows);
}

TEST(IntegerAttributes, AreVisitedInTheOrderOfTheTable) {
  ExpectTheTablesOrder<operators::IntegerStem, StemAttributes>();
  ExpectTheTablesOrder<operators::IntegerSubBitConv, IntegerConvAttributes>();
  ExpectTheTablesOrder<operators::IntegerSubBitBlock, IntegerConvAttributes>();
  ExpectTheTablesOrder<operators::IntegerShortcut, ShortcutAttributes>();
  ExpectTheTablesOrder<operators::IntegerClassifier, ClassifierAttributes>();
}

}  // namespace
}  // namespace subbit
