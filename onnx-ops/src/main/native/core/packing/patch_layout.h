#pragma once

#include <cstdint>
#include <vector>

#include "core/operator/conv_geometry.h"
#include "core/operator/conv_weights.h"
#include "core/popcount/popcount_kernels.h"

namespace subbit {

/// How the signs that one output pixel sees are arranged in a patch of 32-bit words, and the kernels likewise.
///
/// The signs of 32 input channels at one pixel form a word (set: +1); a patch is the words of a pixel's nine taps. The
/// last channels, r of them with r = in_channels mod 32, would waste most of a word per tap, so the words of floor(32 /
/// r) taps are merged into one. Then words are paired: of words 2j and 2j + 1 the second is replaced by their exclusive
/// or, which saves an operation in counting (popcount_conv.h). A last word without a partner stays as it is.
class PatchLayout {
 public:
  static constexpr int kWordBits = 32;

  /// Creates the layout for the `channels` of a group. Without `merge_taps`, every tap of the last channels has a word
  /// of its own.
  PatchLayout(std::int64_t channels, bool merge_taps);

  /// Word planes of an image: words of one pixel.
  std::int64_t WordsPerPixel() const { return full_words_ + (rest_ == 0 ? 0 : 1); }

  /// Channels of one word plane.
  int ChannelsOf(std::int64_t word) const { return word < full_words_ ? kWordBits : rest_; }

  /// Words of one patch.
  std::int64_t Size() const {
    return full_words_ * kTaps + (rest_ == 0 ? 0 : (kTaps + taps_per_word_ - 1) / taps_per_word_);
  }

  /// Where the taps of one word plane go.
  TapSlots SlotsOf(std::int64_t word) const;

  /// The kernels of all output channels, [group][ceil(outs / block)][Size()][block], paired. Outputs past the last of a
  /// group are zeros.
  std::vector<std::uint32_t> KernelBits(const SubBitWeights& weights, std::int64_t block) const;

 private:
  std::int64_t full_words_;
  int rest_;
  int taps_per_word_;
};

/// Finds what the nine taps read for neighbouring output pixels.
class TapReader {
 public:
  explicit TapReader(const ConvGeometry& geometry);

  /// Writes the runs of output pixels first .. first + count - 1, at most kTaps * count of them, and returns how many.
  /// Taps in the padding are left out.
  int FindRuns(std::int64_t first, std::int64_t count, TapRun* runs) const;

 private:
  /// The output columns begin .. end - 1 at which a tap column is inside the image, and the input column of the first.
  struct Columns {
    std::int64_t begin;
    std::int64_t end;
    std::int64_t start;
  };

  const ConvGeometry& geometry_;
  Columns columns_[kKernelSize];
};

}  // namespace subbit
