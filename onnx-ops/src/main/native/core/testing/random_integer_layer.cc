#include "core/testing/random_integer_layer.h"

#include <algorithm>
#include <cstdlib>

#include "core/kernel/scratch.h"

namespace subbit {
namespace {

std::int64_t Pick(std::int64_t low, std::int64_t high, std::mt19937* random) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(*random);
}

std::vector<std::int16_t> PickAll(std::int64_t count, int low, int high, std::mt19937* random) {
  std::vector<std::int16_t> values(static_cast<std::size_t>(count));
  for (std::int16_t& value : values) value = static_cast<std::int16_t>(Pick(low, high, random));
  return values;
}

std::vector<std::int16_t> Multipliers(std::int64_t count, std::mt19937* random) {
  return PickAll(count, -32767, 32767, random);
}

std::vector<std::int16_t> Biases(std::int64_t count, std::mt19937* random) {
  const int most = Pick(0, 3, random) == 0 ? 32767 : 800;
  return PickAll(count, -most, most, random);
}

std::int64_t Width(std::mt19937* random) { return Pick(0, 1, random) == 0 ? 16 : Pick(9, 15, random); }

/// Weights whose magnitudes add up to at most `most` in each run of `count`.
std::vector<std::int8_t> Weights(std::int64_t runs, std::int64_t count, std::int64_t most, std::mt19937* random) {
  const int limit = static_cast<int>(std::clamp<std::int64_t>(most / count, 1, 127));
  std::vector<std::int8_t> weights;
  for (std::int64_t run = 0; run < runs; ++run) {
    std::int64_t left = most;
    for (std::int64_t i = 0; i < count; ++i) {
      auto weight = Pick(-limit, limit, random);
      if (std::abs(weight) > left) weight = 0;
      left -= std::abs(weight);
      weights.push_back(static_cast<std::int8_t>(weight));
    }
  }
  return weights;
}

SignPlane PlaneIn(const MapShape& shape, std::vector<std::uint64_t>* memory) {
  SignPlane plane{nullptr, shape};
  // Ones behind the plane too, since kernels may read there and must not care.
  memory->assign(static_cast<std::size_t>(plane.Size()) + kCacheLine / sizeof(std::uint64_t), ~std::uint64_t{0});
  plane.data = memory->data();
  ClearBorder(plane, {0, shape.height});
  return plane;
}

}  // namespace

StemParameters RandomStem(std::int64_t in_channels, std::int64_t out_channels, std::int64_t kernel,
                          const StemAttributes& attributes, std::mt19937* random) {
  StemParameters stem{{"IntegerStem", "random"},
                      attributes,
                      out_channels,
                      in_channels,
                      kernel,
                      Weights(out_channels, in_channels * kernel * kernel, ((1 << 23) - 1) / 255, random),
                      {},
                      Multipliers(out_channels, random),
                      Biases(out_channels, random)};
  stem.attributes.shift = Pick(1, 10, random);
  stem.attributes.width = Width(random);
  for (std::int64_t c = 0; c < in_channels; ++c) {
    stem.zero_pixel.push_back(static_cast<std::uint8_t>(Pick(0, 255, random)));
  }
  return stem;
}

IntegerConvParameters RandomIntegerConv(IntegerConvAttributes attributes, bool block, std::mt19937* random) {
  attributes.shift = 0;
  while (attributes.shift < 11 && (kTaps * attributes.in_channels) << (attributes.shift + 1) <= INT16_MAX) {
    ++attributes.shift;
  }
  attributes.shift = Pick(std::max<std::int64_t>(0, attributes.shift - 1), attributes.shift, random);
  attributes.width = Width(random);
  attributes.slope_shift = block ? Pick(0, 3, random) : 0;
  const std::int64_t outs = attributes.out_channels;
  IntegerConvParameters conv{{block ? "IntegerSubBitBlock" : "IntegerSubBitConv", "random"},
                             attributes,
                             {static_cast<int>(attributes.tau), outs, attributes.in_channels, 1, {}, {}},
                             PickAll(attributes.in_channels, -300, 300, random),
                             Multipliers(outs, random),
                             Biases(outs, random),
                             std::nullopt};
  const std::int64_t codewords = std::int64_t{1} << attributes.tau;
  for (std::int64_t k = 0; k < codewords; ++k) {
    conv.weights.codewords.push_back(static_cast<std::uint16_t>(Pick(0, 511, random)));
  }
  for (std::int64_t i = 0; i < outs * attributes.in_channels; ++i) {
    conv.weights.index.push_back(static_cast<std::uint16_t>(Pick(0, codewords - 1, random)));
  }
  if (block) conv.residual = ResidualParameters{Multipliers(outs, random), Biases(outs, random)};
  return conv;
}

ShortcutParameters RandomShortcut(std::int64_t in_channels, std::int64_t out_channels, std::int64_t pool,
                                  std::mt19937* random) {
  ShortcutAttributes attributes;
  attributes.pool = {pool, pool};
  attributes.shift = Pick(8, 14, random);
  attributes.width = Width(random);
  return {{"IntegerShortcut", "random"},
          attributes,
          out_channels,
          in_channels,
          Weights(out_channels, in_channels, 65000, random),
          Multipliers(out_channels, random),
          Biases(out_channels, random)};
}

ClassifierParameters RandomClassifier(std::int64_t in_channels, std::int64_t classes, std::int64_t parts,
                                      std::mt19937* random) {
  ClassifierAttributes attributes;
  attributes.shift = Pick(0, 8, random);
  ClassifierParameters classifier{{"IntegerClassifier", "random"},
                                  attributes,
                                  classes,
                                  parts,
                                  in_channels,
                                  Weights(classes, parts * in_channels, 65000, random),
                                  {},
                                  {}};
  std::normal_distribution<float> normal;
  for (std::int64_t k = 0; k < classes; ++k) {
    classifier.scale.push_back(normal(*random) * 1e-3f);
    classifier.bias.push_back(normal(*random));
  }
  return classifier;
}

std::vector<std::int16_t> RandomValues(std::int64_t count, int width, std::mt19937* random) {
  const int limit = 1 << (width - 1);
  std::vector<std::int16_t> values(static_cast<std::size_t>(count));
  for (std::int16_t& value : values) {
    const std::int64_t kind = Pick(0, 19, random);
    const std::int64_t picked = kind == 0   ? -limit
                                : kind == 1 ? limit - 1
                                : kind < 12 ? Pick(-300, 300, random)
                                            : Pick(-limit, limit - 1, random);
    value = static_cast<std::int16_t>(std::clamp<std::int64_t>(picked, -limit, limit - 1));
  }
  return values;
}

OwnedSigns::OwnedSigns(const MapShape& shape) : plane_(PlaneIn(shape, &memory_)) {}

OwnedSigns::OwnedSigns(const MapShape& shape, const std::int16_t* x, const std::int16_t* threshold)
    : OwnedSigns(shape) {
  WriteSigns(x, threshold, {0, shape.height}, plane_);
}

std::vector<std::uint64_t> OwnedSigns::words() const { return {plane_.data, plane_.data + plane_.Size()}; }

}  // namespace subbit
