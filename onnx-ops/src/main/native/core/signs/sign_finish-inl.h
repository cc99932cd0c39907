// Applies to the differing signs of a tile what operators do with them, in loops that compilers vectorise. Included by
// files of one instruction set each. Everything is in an unnamed namespace, see map_kernels-inl.h.

#include <cstdint>

#include "core/signs/sign_tile.h"

namespace subbit {
namespace {

/// Takes a tile through all output channels in order. Holds what is constant for the tile.
class TileFinisher {
 public:
  static constexpr int kTile = SignConvTile::kTile;

  explicit TileFinisher(const SignConvTile& tile) : tile_(tile) {
    for (int i = 0; i < kTile; ++i) signs_[i] = tile.unfinished_signs[i];
    bool known[kTile] = {};
    for (int i = 0; i < kTile; ++i) {
      sum_of_pixel_[i] = At(tile.classes[i]);
      if (known[i] || classes_ > kFewClasses) continue;
      if (classes_ < kFewClasses) sum_of_class_[classes_] = sum_of_pixel_[i];
      for (int j = 0; j < kTile; ++j) {
        const bool same = tile.classes[j] == tile.classes[i];
        known[j] = known[j] || same;
        if (classes_ < kFewClasses) of_class_[classes_][j] = same ? -1 : 0;
      }
      ++classes_;
    }
  }

  /// `differences` holds kTile numbers.
  void Finish(std::int64_t channel, const std::int32_t* differences) {
    const SignConvFinish& finish = *tile_.finish;
    const float scale = finish.scale[channel];
    const float bias = finish.bias[channel];
    const std::int64_t out = channel * tile_.out_plane;
    float sum[kTile];
    StartSums(tile_.sums_of_class + channel * kClassBlock, sum);
    for (int i = 0; i < kTile; ++i) sum[i] -= 2.0f * static_cast<float>(differences[i]);  // whole numbers, exact
    // A whole tile is written where it belongs at once.
    float part[kTile];
    float* const y = tile_.y != nullptr && tile_.pixels == kTile ? tile_.y + out : part;
    for (int i = 0; i < kTile; ++i) {
      const float product = sum[i] * scale;
      sum[i] = product + bias;
    }
    float next_shift = 0.0f;
    if (tile_.residual == nullptr) {
      for (int i = 0; i < kTile; ++i) y[i] = sum[i];
    } else {
      float residual[kTile];
      for (int i = 0; i < tile_.pixels; ++i) residual[i] = tile_.residual[out + i];
      for (int i = tile_.pixels; i < kTile; ++i) residual[i] = 0.0f;
      const float shift_in = finish.shift_in[channel];
      const float slope = finish.slope[channel];
      const float shift_out = finish.shift_out[channel];
      for (int i = 0; i < kTile; ++i) {
        const float shifted = (sum[i] + residual[i]) + shift_in;
        const float sloped = shifted * slope;
        y[i] = (shifted >= 0.0f ? shifted : sloped) + shift_out;
      }
      next_shift = finish.next_shift[channel];
    }
    if (tile_.y != nullptr && y == part) {
      for (int i = 0; i < tile_.pixels; ++i) tile_.y[out + i] = part[i];
    }
    if (tile_.s != nullptr) AddSigns(channel, y, next_shift);
  }

  ~TileFinisher() {
    for (int i = 0; i < kTile; ++i) tile_.unfinished_signs[i] = signs_[i];
  }

 private:
  static constexpr int kFewClasses = 4;   // up to so many are told apart by vectors, pixel by pixel else
  static constexpr int kClassBlock = 16;  // PaddingSums::kBlock, whose header holds inline functions

  /// Where the sum of a class is among those of a channel; see PaddingSums::Data.
  std::int64_t At(std::uint8_t padding_class) const {
    return padding_class / kClassBlock * tile_.out_channels * kClassBlock + padding_class % kClassBlock;
  }

  /// `sums` are those of a channel.
  void StartSums(const float* sums, float* sum) const {
    if (classes_ > kFewClasses) {
      for (int i = 0; i < kTile; ++i) sum[i] = sums[sum_of_pixel_[i]];
      return;
    }
    for (int i = 0; i < kTile; ++i) sum[i] = sums[sum_of_class_[0]];
    for (int k = 1; k < classes_; ++k) {
      const float other = sums[sum_of_class_[k]];
      for (int i = 0; i < kTile; ++i) sum[i] = of_class_[k][i] != 0 ? other : sum[i];
    }
  }

  void AddSigns(std::int64_t channel, const float* y, float next_shift) {
    const auto bit = static_cast<std::uint8_t>(1 << (channel % 8));
    for (int i = 0; i < kTile; ++i) {
      signs_[i] = static_cast<std::uint8_t>(signs_[i] | (y[i] + next_shift >= 0.0f ? bit : 0));
    }
    if (channel % 8 != 7 && channel + 1 != tile_.out_channels) return;
    std::uint8_t* const to = tile_.s + channel / 8 * tile_.out_plane;
    for (int i = 0; i < tile_.pixels; ++i) to[i] = signs_[i];
    for (int i = 0; i < kTile; ++i) signs_[i] = 0;
  }

  const SignConvTile tile_;
  std::uint8_t signs_[kTile];
  int classes_ = 0;                            // padding classes in the tile, no more counted than kFewClasses + 1
  std::int64_t sum_of_class_[kFewClasses];     // where each one's sum is, see At
  std::int32_t of_class_[kFewClasses][kTile];  // -1 at its pixels, else 0
  std::int64_t sum_of_pixel_[kTile];
};

}  // namespace
}  // namespace subbit
