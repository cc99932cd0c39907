#pragma once

#include <cstdint>

namespace subbit::fpga {

/// How the sum of an output channel becomes a bit: (sum >= threshold) != inverted. This covers every monotone function
/// of the sum, rising or falling, and both constants.
struct SignRule {
  /// Thresholds that the encoded form holds. Sums without a bias stay below 2^28 in magnitude.
  static constexpr std::int32_t kLeastThreshold = -(std::int32_t{1} << 30);
  static constexpr std::int32_t kMostThreshold = (std::int32_t{1} << 30) - 1;

  std::int32_t threshold;
  bool inverted;

  /// The form in device memory: 2 * threshold + inverted.
  std::int32_t Encode() const { return 2 * threshold + (inverted ? 1 : 0); }

  /// Every word is a valid rule.
  static SignRule Decode(std::int32_t word) {
    const bool inverted = word % 2 != 0;
    return {(word - (inverted ? 1 : 0)) / 2, inverted};
  }

  bool operator()(std::int32_t sum) const { return (sum >= threshold) != inverted; }
};

}  // namespace subbit::fpga
