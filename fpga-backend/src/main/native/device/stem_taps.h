#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/layer_shape.h"

namespace subbit::fpga {

/// The four sums of a stem's list. Of two neighbouring sums of an output channel, twice the first one is kFirst + kBoth
/// + kOpposed, and twice the second one kBoth - kOpposed + kSecond.
enum class StemSum : std::uint8_t { kFirst, kBoth, kOpposed, kSecond };
inline constexpr std::size_t kStemSums = 4;

/// What a weight of a stem is multiplied with.
enum class Combination : std::uint8_t { kFirst, kSum, kDifference };

/// A tap in the list of a stem: one weight of every output channel, and the pixels of a window that it is multiplied
/// with. docs/DEVICE.md has the layout of the encoded form.
struct StemTap {
  std::uint8_t first = 0;   ///< pixel of the window
  std::uint8_t second = 0;  ///< likewise; 0 where it is not used
  Combination combination = Combination::kFirst;
  std::uint8_t row = 0;  ///< of the kernel
  std::uint8_t channel = 0;
  StemSum sum = StemSum::kFirst;  ///< to which the product belongs
  bool last = false;              ///< of its sum

  std::uint32_t Encode() const;
  /// Any word is a tap: bits above the fields are ignored, and a combination that does not exist is a difference.
  static StemTap Decode(std::uint32_t word);

  bool operator==(const StemTap& other) const;
};

/// Pixels of a window, from the first one that a group of sums needs on.
inline constexpr std::uint32_t kWindowPixels = 16;
/// Halves of a group, which take the same tap at once.
inline constexpr std::uint32_t kStemLanes = 2;

/// Neighbouring columns of sums that a lane makes of the four sums of the list: two where products are shared, else
/// one.
constexpr std::uint32_t LaneColumns(const LayerShape& stem) { return stem.stride_w <= 2 ? 2 : 1; }
/// Columns of sums of a group.
constexpr std::uint32_t GroupColumns(const LayerShape& stem) { return kStemLanes * LaneColumns(stem); }

/// The list of taps of a stem of this kernel, stride and number of channels: sum by sum, each over channels, rows and
/// runs of a row. A run is three taps of a row, a stride apart from each other, or fewer where the kernel ends, so that
/// two sums that are a stride apart share their products (Winograd, 1980). Strides above 2 share none.
std::vector<StemTap> StemTaps(const LayerShape& stem);

/// The weights of that list, -512 to 511 each, as they lie in device memory (device/dense_order.h). `weights` are
/// [out_channels, channel, row, column], as models store them. Throws std::logic_error if the layer has another number
/// of taps than its list.
std::vector<std::int16_t> StemWeights(const LayerShape& stem, const std::vector<std::int8_t>& weights);

/// What lies at codebook_address of a stem: the zero pixels of its channels, filled up with zeros, and the list.
std::vector<std::uint8_t> StemCodebook(const LayerShape& stem, const std::vector<std::uint8_t>& zero_pixels);

}  // namespace subbit::fpga
