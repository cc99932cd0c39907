// NEON, the baseline of aarch64. Four pixels a vector; a pair of words of one output channel, 4 * 64 binary
// multiply-adds, takes six operations. Everything is in an unnamed namespace, see map_kernels-inl.h.

#include <arm_neon.h>

#include "core/popcount/count_pair_neon-inl.h"
#include "core/popcount/popcount_kernels.h"

namespace subbit {
namespace {

constexpr int kLanes = 4;
constexpr int kTile = PopcountKernels::kTile;
constexpr int kOutputs = PopcountKernels::kOutputs;
constexpr int kClassBlock = 16;  // PaddingSums::kBlock, whose header holds inline functions

/// Vectors of pixels counted at once. With four output channels their sums fill half of the 32 registers.
constexpr int kVectors = 2;

/// Each count adds at most 8 to a byte.
constexpr std::int64_t kMostCounts = 255 / 8;

void Pack(const float* x, std::int64_t plane, int channels, const float* shift, std::int64_t n, std::uint32_t* out) {
  constexpr int kPixels = 16;  // a cache line of each channel
  std::int64_t i = 0;
  for (; i + kPixels <= n; i += kPixels) {
    uint32x4_t words[kPixels / kLanes] = {};
    for (int c = 0; c < channels; ++c) {
      const uint32x4_t bit = vdupq_n_u32(std::uint32_t{1} << c);
      for (int v = 0; v < kPixels / kLanes; ++v) {
        float32x4_t values = vld1q_f32(x + c * plane + i + v * kLanes);
        if (shift != nullptr) values = vaddq_f32(values, vdupq_n_f32(shift[c]));
        words[v] = vorrq_u32(words[v], vandq_u32(vcgezq_f32(values), bit));
      }
    }
    for (int v = 0; v < kPixels / kLanes; ++v) vst1q_u32(out + i + v * kLanes, words[v]);
  }
  for (; i < n; ++i) {
    std::uint32_t word = 0;
    for (int c = 0; c < channels; ++c) {
      const float value = shift == nullptr ? x[c * plane + i] : x[c * plane + i] + shift[c];
      word |= static_cast<std::uint32_t>(value >= 0.0f) << c;
    }
    out[i] = word;
  }
}

void PackBytes(const std::uint8_t* b, std::int64_t plane, int first, int channels, std::int64_t n, std::uint32_t* out) {
  const std::uint32_t used = channels == 32 ? ~0u : (1u << channels) - 1u;
  const int bytes = (first + channels + 7) / 8;
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<std::uint32_t>(b[i]) >> first;
  for (int j = 1; j < bytes; ++j) {
    const std::uint8_t* const row = b + j * plane;
    for (std::int64_t i = 0; i < n; ++i) out[i] |= static_cast<std::uint32_t>(row[i]) << (8 * j - first);
  }
  for (std::int64_t i = 0; i < n; ++i) out[i] &= used;
}

void UnpackBytes(const std::uint32_t* words, std::int64_t n, int bytes, std::int64_t plane, std::uint8_t* out) {
  for (int j = 0; j < bytes; ++j) {
    for (std::int64_t i = 0; i < n; ++i) out[j * plane + i] = static_cast<std::uint8_t>(words[i] >> (8 * j));
  }
}

void Gather(const TapRun* runs, int count, const TapSlots& slots, const std::uint32_t* plane, std::int64_t stride,
            std::uint32_t* patches) {
  for (int r = 0; r < count; ++r) {
    const TapRun& run = runs[r];
    const int shift = slots.shift[run.tap];
    const std::uint32_t* const from = plane + run.from;
    std::uint32_t* const to = patches + slots.slot[run.tap] * kTile + run.offset;
    for (int i = 0; i < run.length; ++i) to[i] |= from[i * stride] << shift;
  }
}

uint32x4_t SumOfBytes(uint8x16_t counts) { return vpaddlq_u16(vpaddlq_u8(counts)); }

uint32x4_t CountBits(uint32x4_t words) { return SumOfBytes(vcntq_u8(vreinterpretq_u8_u32(words))); }

/// differences[o * kTile + i]: how many signs differ between kernel o and the patch of pixel i, for kVectors vectors of
/// pixels; popcount_conv.h has the method.
void CountDifferences(const std::uint32_t* patches, const std::uint32_t* weights, std::int64_t words,
                      std::uint32_t* differences) {
  uint32x4_t ones[kOutputs][kVectors] = {};
  uint32x4_t twos[kOutputs][kVectors] = {};
  std::int64_t k = 0;
  while (k + 2 <= words) {
    const std::int64_t pairs_left = (words - k) / 2;
    const std::int64_t last = k + 2 * (pairs_left < kMostCounts ? pairs_left : kMostCounts);
    uint8x16_t counts[kOutputs][kVectors] = {};
    for (; k < last; k += 2, patches += 2 * kTile, weights += 2 * kOutputs) {
      uint32x4_t first[kVectors];
      uint32x4_t both[kVectors];
      for (int v = 0; v < kVectors; ++v) {
        first[v] = vld1q_u32(patches + v * kLanes);
        both[v] = vld1q_u32(patches + kTile + v * kLanes);
      }
      for (int o = 0; o < kOutputs; ++o) {
        const uint32x4_t first_weight = vdupq_n_u32(weights[o]);
        const uint32x4_t both_weight = vdupq_n_u32(weights[kOutputs + o]);
        for (int v = 0; v < kVectors; ++v) {
          CountPair(first[v], both[v], first_weight, both_weight, ones[o][v], counts[o][v]);
        }
      }
    }
    for (int o = 0; o < kOutputs; ++o) {
      for (int v = 0; v < kVectors; ++v) twos[o][v] = vaddq_u32(twos[o][v], SumOfBytes(counts[o][v]));
    }
  }
  for (int o = 0; o < kOutputs; ++o) {
    for (int v = 0; v < kVectors; ++v) {
      uint32x4_t sum = vaddq_u32(vaddq_u32(twos[o][v], twos[o][v]), CountBits(ones[o][v]));
      if (k < words) {
        const uint32x4_t rest = veorq_u32(vld1q_u32(patches + v * kLanes), vdupq_n_u32(weights[o]));
        sum = vaddq_u32(sum, CountBits(rest));
      }
      vst1q_u32(differences + o * kTile + v * kLanes, sum);
    }
  }
}

/// Applies to the differences of one output channel everything that the operator does with them, in plain loops over
/// the pixels that compilers vectorise, with each step rounded on its own.
void Finish(const SignConvTile& tile, std::int64_t channel, const std::uint32_t* differences) {
  const SignConvFinish& finish = *tile.finish;
  const float* const sums = tile.sums_of_class + channel * kClassBlock;
  const std::int64_t class_stride = tile.out_channels * kClassBlock;
  const std::int64_t out = channel * tile.out_plane;
  float values[kTile];
  for (int i = 0; i < tile.pixels; ++i) {
    const float start = sums[tile.classes[i] / kClassBlock * class_stride + tile.classes[i] % kClassBlock];
    const float sum = start - 2.0f * static_cast<float>(differences[i]);  // whole numbers, exact
    const float scaled = sum * finish.scale[channel];
    values[i] = scaled + finish.bias[channel];
  }
  float next_shift = 0.0f;
  if (tile.residual != nullptr) {
    next_shift = finish.next_shift[channel];
    for (int i = 0; i < tile.pixels; ++i) {
      const float shifted = (values[i] + tile.residual[out + i]) + finish.shift_in[channel];
      const float sloped = shifted * finish.slope[channel];
      values[i] = (shifted >= 0.0f ? shifted : sloped) + finish.shift_out[channel];
    }
  }
  if (tile.y != nullptr) {
    for (int i = 0; i < tile.pixels; ++i) tile.y[out + i] = values[i];
  }
  if (tile.s == nullptr) return;
  const int bit = static_cast<int>(channel % 8);
  for (int i = 0; i < tile.pixels; ++i) {
    const float value = tile.residual == nullptr ? values[i] : values[i] + next_shift;
    tile.unfinished_signs[i] |= static_cast<std::uint8_t>(static_cast<int>(value >= 0.0f) << bit);
  }
  if (bit != 7 && channel != tile.out_channels - 1) return;
  for (int i = 0; i < tile.pixels; ++i) {
    tile.s[channel / 8 * tile.out_plane + i] = tile.unfinished_signs[i];
    tile.unfinished_signs[i] = 0;
  }
}

void ConvolveTile(const PopcountTile& tile) {
  const std::uint32_t* weights = tile.weights;
  for (std::int64_t first = 0; first < tile.outs; first += kOutputs, weights += tile.words * kOutputs) {
    std::uint32_t differences[kOutputs * kTile];
    for (int pixel = 0; pixel < tile.pixels; pixel += kVectors * kLanes) {
      CountDifferences(tile.patches + pixel, weights, tile.words, differences + pixel);
    }
    for (std::int64_t o = 0; o < kOutputs && first + o < tile.outs; ++o) {
      Finish(tile, tile.first_out + first + o, differences + o * kTile);
    }
  }
}

}  // namespace

const PopcountKernels& NeonPopcountKernels() {
  static constexpr PopcountKernels kKernels = {"neon",    Isa::kNeon,  kLanes, Pack,
                                               PackBytes, UnpackBytes, Gather, ConvolveTile};
  return kKernels;
}

}  // namespace subbit
