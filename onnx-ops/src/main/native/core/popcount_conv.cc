#include "core/popcount_conv.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/phase_planes.h"
#include "core/tile_tasks.h"

namespace subbit {
namespace {

constexpr int kWordBits = 32;
constexpr int kMasks = 1 << (2 * kKernelSize);
constexpr int kTile = PopcountKernels::kTile;
constexpr int kOutputs = PopcountKernels::kOutputs;

/// Which words of a position's taps make up its patch.
class PatchLayout {
 public:
  explicit PatchLayout(std::int64_t channels)
      : full_words_(channels / kWordBits),
        rest_(static_cast<int>(channels % kWordBits)),
        taps_per_word_(rest_ == 0 ? 0 : kWordBits / rest_) {}

  std::int64_t WordsPerPosition() const { return full_words_ + (rest_ == 0 ? 0 : 1); }

  /// Words of one patch.
  int Size() const {
    return static_cast<int>(full_words_) * kTaps + (rest_ == 0 ? 0 : (kTaps + taps_per_word_ - 1) / taps_per_word_);
  }

  /// Calls visit(k, word, tap, shift) for every tap of every word: word `word` of the tap's position, shifted left by
  /// `shift`, is part of patch word `k`.
  template <class Visit>
  void ForEachTap(Visit visit) const {
    int k = 0;
    for (std::int64_t word = 0; word < full_words_; ++word) {
      for (int tap = 0; tap < kTaps; ++tap) visit(k++, word, tap, 0);
    }
    if (rest_ == 0) return;
    for (int tap = 0; tap < kTaps; ++tap) {
      visit(k + tap / taps_per_word_, full_words_, tap, tap % taps_per_word_ * rest_);
    }
  }

 private:
  std::int64_t full_words_;
  int rest_;
  int taps_per_word_;
};

/// Writes for each of planes.positions positions the kernel rows (times 8) and columns that fall outside the image
/// there, as bits. A tile's length of zeros follows.
void FindPaddingMasks(const PhasePlanes& planes, std::uint8_t* masks) {
  const ConvGeometry& g = planes.geometry;
  const auto outside = [](std::int64_t at, std::int64_t length, int tap) {
    return at < 0 || at >= length ? 1 << tap : 0;
  };
  std::fill_n(masks, planes.positions + kTile, std::uint8_t{0});
  for (std::int64_t row = 0; row < g.out_height; ++row) {
    int row_mask = 0;
    for (int tap = 0; tap < kKernelSize; ++tap) row_mask |= outside(g.InputRow(row, tap), g.height, tap) << kKernelSize;
    for (std::int64_t column = 0; column < g.out_width; ++column) {
      int mask = row_mask;
      for (int tap = 0; tap < kKernelSize; ++tap) mask |= outside(g.InputColumn(column, tap), g.width, tap);
      masks[row * planes.pitch + column] = static_cast<std::uint8_t>(mask);
    }
  }
}

class PopcountConv : public ConvKernel<float> {
 public:
  PopcountConv(const PopcountKernels& kernels, const SubBitWeights& weights, std::vector<ChannelFinish> finish)
      : kernels_(kernels),
        layout_(weights.in_channels),
        outs_(weights.out_channels / weights.group),
        channels_(weights.in_channels),
        blocks_((outs_ + kOutputs - 1) / kOutputs),
        finish_(std::move(finish)),
        kernel_bits_(static_cast<std::size_t>(weights.group * blocks_ * layout_.Size() * kOutputs), 0),
        padding_(static_cast<std::size_t>(weights.out_channels * kMasks), 0) {
    PrepareKernelBits(weights);
    PreparePadding(weights);
  }

  std::string Name() const override { return std::string("xor and popcount, ") + kernels_.isa; }

  /// One step for each output channel and patch word of 16 positions.
  KernelBound Bound(const ConvGeometry& geometry) const override {
    const auto positions = static_cast<double>(geometry.batch * geometry.out_height * geometry.out_width);
    const auto outs = static_cast<double>(geometry.attributes.out_channels);
    return {VectorStep::kCountBits, Isa::kAvx512, positions / 16 * outs * layout_.Size()};
  }

  std::size_t ScratchBytes(const ConvGeometry& geometry) const override {
    const PhasePlanes planes(geometry);
    ScratchCutter cutter;
    TakeMasks(planes, &cutter);
    Tasks(planes).TakeScratch(&cutter);
    return cutter.Bytes();
  }

  void Run(const ConvGeometry& geometry, const float* x, float* y, void* scratch,
           ParallelFor parallel_for) const override {
    const PhasePlanes planes(geometry);
    ScratchCutter cutter(scratch);
    std::uint8_t* const masks = TakeMasks(planes, &cutter);
    FindPaddingMasks(planes, masks);
    const std::int64_t groups = geometry.attributes.group;
    const std::int64_t group_x = channels_ * geometry.height * geometry.width;
    const std::int64_t group_y = outs_ * geometry.out_height * geometry.out_width;
    const TileTasks<std::uint32_t> tasks = Tasks(planes);
    tasks.Run(
        tasks.TakeScratch(&cutter), parallel_for,
        [&](std::int64_t image, std::int64_t word, std::uint32_t* out) {
          LayOut(planes, x + image * group_x, word, out);
        },
        [&](std::int64_t image, std::int64_t first, std::int64_t last, const std::uint32_t* words, void* task_memory) {
          ScratchCutter task_cutter(task_memory);
          RunTiles(planes, masks, words, image % groups, first, last, TakePatches(&task_cutter), y + image * group_y);
        });
  }

 private:
  static std::uint8_t* TakeMasks(const PhasePlanes& planes, ScratchCutter* cutter) {
    return cutter->Take<std::uint8_t>(planes.positions + kTile);
  }

  std::uint32_t* TakePatches(ScratchCutter* cutter) const {
    return cutter->Take<std::uint32_t>(std::int64_t{layout_.Size()} * kTile);
  }

  TileTasks<std::uint32_t> Tasks(const PhasePlanes& planes) const {
    ScratchCutter cutter;
    TakePatches(&cutter);
    return {planes, planes.geometry.batch * planes.geometry.attributes.group, layout_.WordsPerPosition(), kTile, 1,
            cutter.Bytes()};
  }

  /// kernel_bits_ is [group][blocks_][patch words][kOutputs]; outputs past the last stay zero and are computed in vain.
  void PrepareKernelBits(const SubBitWeights& weights) {
    for (std::int64_t o = 0; o < weights.out_channels; ++o) {
      const std::int64_t block = o / outs_ * blocks_ + o % outs_ / kOutputs;
      std::uint32_t* bits = kernel_bits_.data() + block * layout_.Size() * kOutputs + o % outs_ % kOutputs;
      layout_.ForEachTap([&](int k, std::int64_t word, int tap, int shift) {
        const std::int64_t first = word * kWordBits;
        for (std::int64_t c = first; c < std::min(first + kWordBits, channels_); ++c) {
          const std::uint32_t bit = (static_cast<std::uint32_t>(weights.Codeword(o, c)) >> tap) & 1u;
          bits[k * kOutputs] |= bit << (c - first + shift);
        }
      });
    }
  }

  /// padding_ is [out_channels][kMasks]: the sum of the weights that fall into the padding.
  void PreparePadding(const SubBitWeights& weights) {
    for (std::int64_t o = 0; o < weights.out_channels; ++o) {
      std::array<std::int32_t, kTaps> sum_of_tap{};
      for (std::int64_t c = 0; c < channels_; ++c) {
        for (int tap = 0; tap < kTaps; ++tap)
          sum_of_tap[static_cast<std::size_t>(tap)] += TapSign(weights.Codeword(o, c), tap);
      }
      for (int mask = 0; mask < kMasks; ++mask) {
        std::int32_t& sum = padding_[static_cast<std::size_t>(o * kMasks + mask)];
        for (int tap = 0; tap < kTaps; ++tap) {
          const bool row_outside = ((mask >> (kKernelSize + tap / kKernelSize)) & 1) != 0;
          const bool column_outside = ((mask >> (tap % kKernelSize)) & 1) != 0;
          if (row_outside || column_outside) sum += sum_of_tap[static_cast<std::size_t>(tap)];
        }
      }
    }
  }

  void LayOut(const PhasePlanes& planes, const float* x, std::int64_t word, std::uint32_t* out) const {
    const std::int64_t width = planes.geometry.width;
    const std::int64_t plane = planes.geometry.height * width;
    const std::int64_t first = word * kWordBits;
    const auto count = static_cast<int>(std::min<std::int64_t>(kWordBits, channels_ - first));
    planes.Fill(out, 0u, [&](std::int64_t row, std::int64_t column, std::int64_t n, std::uint32_t* values) {
      kernels_.pack(x + first * plane + row * width + column, plane, count, n, planes.geometry.attributes.strides[1],
                    values);
    });
  }

  void RunTiles(const PhasePlanes& planes, const std::uint8_t* masks, const std::uint32_t* words, std::int64_t group,
                std::int64_t first_tile, std::int64_t last_tile, std::uint32_t* patches, float* y) const {
    const std::int64_t out_plane = planes.geometry.out_height * planes.geometry.out_width;
    const std::int64_t block_size = std::int64_t{layout_.Size()} * kOutputs;
    alignas(kCacheLine) std::int32_t differences[kOutputs * kTile];
    const auto taps = static_cast<std::int32_t>(kTaps * channels_);
    std::array<PixelRun, kTile> runs;
    for (std::int64_t t = first_tile; t < last_tile; ++t) {
      const PixelRun* const last_run = planes.FindRuns(t * kTile, kTile, runs.data());
      GatherPatches(planes, words + t * kTile, patches);
      const std::uint8_t* tile_masks = masks + t * kTile;
      const bool padded = std::any_of(tile_masks, tile_masks + kTile, [](std::uint8_t mask) { return mask != 0; });
      for (std::int64_t o = 0; o < outs_; ++o) {
        const std::int64_t channel = group * outs_ + o;
        if (o % kOutputs == 0) {
          const std::uint32_t* bits = kernel_bits_.data() + (group * blocks_ + o / kOutputs) * block_size;
          kernels_.count_differences(patches, bits, layout_.Size(), differences);
        }
        for (const PixelRun* run = runs.data(); run != last_run; ++run) {
          kernels_.finish(differences + o % kOutputs * kTile + run->offset, run->length, taps,
                          padded ? tile_masks + run->offset : nullptr, padding_.data() + channel * kMasks,
                          finish_[static_cast<std::size_t>(channel)], y + o * out_plane + run->pixel);
        }
      }
    }
  }

  /// patches is [patch words][kTile].
  void GatherPatches(const PhasePlanes& planes, const std::uint32_t* words, std::uint32_t* patches) const {
    layout_.ForEachTap([&](int k, std::int64_t word, int tap, int shift) {
      const std::uint32_t* from = words + word * planes.channel_size + planes.tap_offset[static_cast<std::size_t>(tap)];
      std::uint32_t* to = patches + k * kTile;
      if (shift == 0) {
        std::copy(from, from + kTile, to);
      } else {
        for (int i = 0; i < kTile; ++i) to[i] |= from[i] << shift;
      }
    });
  }

  const PopcountKernels& kernels_;
  const PatchLayout layout_;
  const std::int64_t outs_;      // output channels of one group
  const std::int64_t channels_;  // input channels of one group
  const std::int64_t blocks_;    // of kOutputs output channels in one group
  const std::vector<ChannelFinish> finish_;
  std::vector<std::uint32_t> kernel_bits_;
  std::vector<std::int32_t> padding_;
};

}  // namespace

std::unique_ptr<ConvKernel<float>> MakePopcountConv(const PopcountKernels& kernels, const SubBitWeights& weights,
                                                    std::vector<ChannelFinish> finish) {
  return std::make_unique<PopcountConv>(kernels, weights, std::move(finish));
}

}  // namespace subbit
