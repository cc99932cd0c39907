#include "core/testing/random_integer_conv.h"

#include <algorithm>
#include <memory>

#include "core/integer/reference_layers.h"

namespace subbit {
namespace {

constexpr std::size_t kWordsBehindSigns = 8;

}  // namespace

IntegerInput IntegerConvCase::Input() {
  IntegerInput input;
  input.signs = {signs.data(), x};
  input.residual = residual.empty() ? nullptr : residual.data();
  return input;
}

IntegerConvCase MakeIntegerConvCase(const IntegerConvAttributes& attributes, bool block, std::int64_t height,
                                    std::int64_t width, std::mt19937* random) {
  const OpName op{"test"};
  Validate(op, attributes);
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(*random); };
  const std::int64_t outs = attributes.out_channels;
  const auto draw = [&](std::int64_t count, int magnitude) {
    std::vector<std::int16_t> values;
    for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<std::int16_t>(pick(-magnitude, magnitude)));
    return values;
  };
  SubBitWeights weights{static_cast<int>(attributes.tau), outs, attributes.in_channels, 1, {}, {}};
  for (int k = 0; k < 1 << attributes.tau; ++k) weights.codewords.push_back(static_cast<std::uint16_t>(pick(0, 511)));
  for (std::int64_t i = 0; i < outs * attributes.in_channels; ++i) {
    weights.index.push_back(static_cast<std::uint16_t>(pick(0, (1 << attributes.tau) - 1)));
  }
  IntegerConvCase made{{op,
                        attributes,
                        std::move(weights),
                        draw(attributes.in_channels, 1000),
                        draw(outs, 32767),
                        draw(outs, 4000),
                        std::nullopt},
                       {height, width, attributes.in_channels},
                       {},
                       {},
                       {},
                       draw(outs, 3000)};
  if (block) made.parameters.residual = ResidualParameters{draw(outs, 32767), draw(outs, 4000)};
  made.y = MakeReferenceIntegerConv(made.parameters)->OutputShape(made.x);
  SignPlane plane{nullptr, made.x};
  made.signs.assign(static_cast<std::size_t>(plane.Size()) + kWordsBehindSigns, 0);
  plane.data = made.signs.data();
  for (std::int64_t row = 0; row < height; ++row) {
    for (std::int64_t column = 0; column < width; ++column) {
      for (std::int64_t c = 0; c < attributes.in_channels; ++c) {
        plane.At(row, column)[c / 64] |= static_cast<std::uint64_t>(pick(0, 1)) << (c % 64);
      }
    }
  }
  if (block) {
    const int limit = 1 << (attributes.width - 1);
    for (std::int64_t i = 0; i < made.y.height * made.y.width * outs; ++i) {
      made.residual.push_back(static_cast<std::int16_t>(pick(-limit, limit - 1)));
    }
  }
  return made;
}

IntegerConvCase RandomIntegerConvCase(std::mt19937* random) {
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<std::int64_t>(low, high)(*random); };
  IntegerConvAttributes attributes;
  attributes.tau = pick(1, 9);
  attributes.in_channels = pick(0, 2) == 0 ? pick(60, 270) : pick(1, 70);
  attributes.out_channels = pick(0, 2) == 0 ? pick(1, 20) : pick(1, 3) * 64 + (pick(0, 1) == 0 ? 0 : pick(-40, 70));
  attributes.strides = {pick(1, 2), pick(1, 2)};
  while (attributes.shift < 11 && (9 * attributes.in_channels) << (attributes.shift + 1) <= 32767) ++attributes.shift;
  attributes.shift = std::max<std::int64_t>(0, attributes.shift - (pick(0, 2) == 0 ? pick(0, 3) : 0));
  attributes.width = pick(0, 1) == 0 ? 16 : pick(9, 16);
  const bool block = pick(0, 2) > 0;
  if (block) attributes.slope_shift = pick(0, 1) == 0 ? 0 : pick(0, 3);
  if (!block && pick(0, 1) == 0) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      attributes.pool.shape[axis] = pick(1, 3);
      attributes.pool.strides[axis] = pick(1, 3);
      attributes.pool.pads[axis] = pick(0, static_cast<int>(attributes.pool.shape[axis]) - 1);
      attributes.pool.pads[axis + 2] = pick(0, static_cast<int>(attributes.pool.shape[axis]) - 1);
    }
    if (attributes.pool.IsNone()) attributes.pool.strides = {1, 1};
  }
  const auto length = [&](std::size_t axis) {
    return pick(1, 11) + attributes.strides[axis] * (attributes.pool.shape[axis] - 1);
  };
  const std::int64_t height = length(0);
  return MakeIntegerConvCase(attributes, block, height, length(1), random);
}

std::string Describe(const IntegerConvCase& layer) {
  const IntegerConvAttributes& a = layer.parameters.attributes;
  return std::string(layer.parameters.residual.has_value() ? "block" : "conv") + " tau " + std::to_string(a.tau) +
         " out " + std::to_string(a.out_channels) + " in " + std::to_string(a.in_channels) + " strides " +
         ToString(a.strides) + " shift " + std::to_string(a.shift) + " slope_shift " + std::to_string(a.slope_shift) +
         " pool " + ToString(a.pool.shape) + " strides " + ToString(a.pool.strides) + " pads " +
         ToString(a.pool.pads) + " width " + std::to_string(a.width) + " image " +
         ToString({layer.x.height, layer.x.width});
}

}  // namespace subbit
