#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "core/integer/integer_layer.h"
#include "core/integer/integer_parameters.h"

/// Random layers of integer networks, for tests that compare kernels or whole networks with the reference. What is not
/// given is random: weights, multipliers, biases (now and then so large that results saturate), shifts and widths.
namespace subbit {

StemParameters RandomStem(std::int64_t in_channels, std::int64_t out_channels, std::int64_t kernel,
                          const StemAttributes& attributes, std::mt19937* random);

/// IntegerSubBitConv, or IntegerSubBitBlock, which has no pool. tau, channels, strides and pool are those of
/// `attributes`.
IntegerConvParameters RandomIntegerConv(IntegerConvAttributes attributes, bool block, std::mt19937* random);

ShortcutParameters RandomShortcut(std::int64_t in_channels, std::int64_t out_channels, std::int64_t pool,
                                  std::mt19937* random);

ClassifierParameters RandomClassifier(std::int64_t in_channels, std::int64_t classes, std::int64_t parts,
                                      std::mt19937* random);

/// Values of `width` bits, some of them the least and the greatest.
std::vector<std::int16_t> RandomValues(std::int64_t count, int width, std::mt19937* random);

/// A sign plane that owns its memory: its border is clear, its other bits are those of x >= threshold.
class OwnedSigns {
 public:
  /// Without signs: everything but the border is filled with ones, which no kernel may leave standing.
  explicit OwnedSigns(const MapShape& shape);
  OwnedSigns(const MapShape& shape, const std::int16_t* x, const std::int16_t* threshold);

  const SignPlane& plane() const { return plane_; }
  /// All words, with the border.
  std::vector<std::uint64_t> words() const;

 private:
  std::vector<std::uint64_t> memory_;
  SignPlane plane_;
};

}  // namespace subbit
