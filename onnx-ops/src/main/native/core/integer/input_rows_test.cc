// A network runs a band as soon as the rows are there that InputRows names. So no kernel may depend on any other: here
// they hold garbage.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include "core/integer/integer_conv.h"
#include "core/integer/integer_ends.h"
#include "core/kernel/isa.h"
#include "core/testing/random_integer_layer.h"
#include "core/testing/random_layer.h"

namespace subbit {
namespace {

using Values = std::vector<std::int16_t>;

/// Replaces all but the given rows of each of `planes` planes of `row` values.
template <class T>
void Spoil(std::vector<T>* values, std::int64_t planes, std::int64_t height, std::int64_t row, RowRange rows,
           std::mt19937* random) {
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    for (std::int64_t r = 0; r < height; ++r) {
      if (r >= rows.begin && r < rows.end) continue;
      for (std::int64_t i = 0; i < row; ++i) {
        (*values)[static_cast<std::size_t>((plane * height + r) * row + i)] = static_cast<T>((*random)());
      }
    }
  }
}

/// What a layer reads, and a copy in which only some rows are right.
struct Image {
  MapShape shape;
  std::vector<std::uint8_t> pixels;
  Values values;
  std::unique_ptr<OwnedSigns> signs;

  IntegerInput Input() const {
    IntegerInput input;
    input.pixel_type = PixelType::kUint8;
    input.x = pixels.empty() ? static_cast<const void*>(values.data()) : pixels.data();
    if (signs != nullptr) input.signs = signs->plane();
    return input;
  }

  Image WithOnly(const IntegerLayer& layer, RowRange rows, std::mt19937* random) const {
    Image copy{shape, pixels, values, nullptr};
    if (!pixels.empty()) {
      Spoil(&copy.pixels, shape.channels, shape.height, shape.width, rows, random);
    } else {
      Spoil(&copy.values, 1, shape.height, shape.width * shape.channels, rows, random);
    }
    if (layer.Threshold() == nullptr) return copy;
    copy.signs = std::make_unique<OwnedSigns>(shape);
    const SignPlane& to = copy.signs->plane();
    std::fill_n(to.data, to.Size(), 0x5555555555555555u);
    ClearBorder(to, rows);
    WriteSigns(values.data(), layer.Threshold(), rows, to);
    return copy;
  }
};

void ExpectOnlyItsRows(const IntegerLayer& layer, const MapShape& shape, std::mt19937* random) {
  SCOPED_TRACE(layer.Name() + " " + ToString({shape.height, shape.width, shape.channels}));
  Image x{shape, {}, {}, nullptr};
  if (layer.ReadsPixels()) {
    for (std::int64_t i = 0; i < shape.Size(); ++i) x.pixels.push_back(static_cast<std::uint8_t>((*random)()));
  } else {
    x.values = RandomValues(shape.Size(), 16, random);
  }
  if (layer.Threshold() != nullptr) x.signs = std::make_unique<OwnedSigns>(shape, x.values.data(), layer.Threshold());
  const MapShape y = layer.OutputShape(shape);
  const Values residual = layer.AddsResidual() ? RandomValues(y.Size(), 16, random) : Values();
  const auto run = [&](const Image& image, RowRange rows) {
    Values result(static_cast<std::size_t>(y.Size()), 77);
    IntegerInput input = image.Input();
    if (layer.AddsResidual()) input.residual = residual.data();
    TestScratch scratch(layer.ScratchBytes(shape));
    layer.Run(shape, input, {result.data(), nullptr, nullptr, {}}, rows, scratch.get());
    return result;
  };
  for (std::int64_t begin = 0; begin < y.height; ++begin) {
    for (const std::int64_t count : {1, 3}) {
      const RowRange rows{begin, std::min(begin + count, y.height)};
      EXPECT_EQ(run(x.WithOnly(layer, layer.InputRows(shape, rows), random), rows), run(x, rows));
    }
  }
}

TEST(InputRows, AreAllThatAnyKernelReads) {
  std::mt19937 random(1);
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  for (int i = 0; i < 20; ++i) {
    const MapShape features{pick(3, 9), pick(3, 9), pick(0, 1) == 0 ? pick(1, 9) : pick(60, 70)};
    const std::int64_t outs = pick(0, 1) == 0 ? pick(1, 9) : pick(60, 70);
    const std::int64_t pool = pick(1, 2);
    StemAttributes stem;
    stem.strides = {pick(1, 2), pick(1, 2)};
    stem.pads = {pick(0, 2), pick(0, 2), pick(0, 2), pick(0, 2)};
    if (pick(0, 1) == 0) stem.pool = {{2, 3}, {pick(1, 3), 2}, {1, 0, 0, 1}};
    const StemParameters stem_parameters = RandomStem(pick(1, 3), outs, 3, stem, &random);
    IntegerConvAttributes conv;
    conv.tau = pick(1, 9);
    conv.in_channels = features.channels;
    conv.out_channels = outs;
    conv.strides = {pick(1, 2), pick(1, 2)};
    const IntegerConvParameters block = RandomIntegerConv(conv, true, &random);
    if (pick(0, 1) == 0) conv.pool = {{2, 2}, {2, 1}, {0, 1, 1, 0}};
    const IntegerConvParameters plain = RandomIntegerConv(conv, false, &random);
    const ShortcutParameters shortcut = RandomShortcut(features.channels, outs, pool, &random);
    for (const Isa isa : AvailableIsas()) {
      ExpectOnlyItsRows(*MakeIntegerStem(isa, stem_parameters),
                        {features.height + 2, features.width + 2, stem_parameters.in_channels}, &random);
      for (const auto& kernel : CandidateIntegerConvs(isa, block)) ExpectOnlyItsRows(*kernel, features, &random);
      for (const auto& kernel : CandidateIntegerConvs(isa, plain)) ExpectOnlyItsRows(*kernel, features, &random);
      ExpectOnlyItsRows(*MakeIntegerShortcut(isa, shortcut), features, &random);
    }
  }
}

}  // namespace
}  // namespace subbit
