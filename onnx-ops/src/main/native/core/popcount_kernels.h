#pragma once

#include <cstdint>

#include "core/map_kernels.h"

namespace subbit {

/// The inner loops of PopcountConv for one instruction set; popcount_conv.h explains the layout.
struct PopcountKernels {
  static constexpr int kTile = 32;    ///< positions worked on at a time
  static constexpr int kOutputs = 4;  ///< output channels worked on at a time

  const char* isa;

  /// Packs signs: bit c of out[i] is set where x[c * channel_stride + i * stride] >= 0, for i < n and c < channels
  /// <= 32.
  void (*pack)(const float* x, std::int64_t channel_stride, int channels, std::int64_t n, std::int64_t stride,
               std::uint32_t* out);

  /// differences[o * kTile + i] = sum over k < count of popcount(patches[k * kTile + i] ^ weights[k * kOutputs + o]).
  /// `patches` and `differences` lie at cache-line boundaries.
  void (*count_differences)(const std::uint32_t* patches, const std::uint32_t* weights, int count,
                            std::int32_t* differences);

  /// y[i] = float(taps - 2 * differences[i] + padding_of_mask[masks[i]]) * multiplier + addend for i < n; masks are
  /// below 64. A null `masks` stands for zeros.
  void (*finish)(const std::int32_t* differences, std::int64_t n, std::int32_t taps, const std::uint8_t* masks,
                 const std::int32_t* padding_of_mask, const ChannelFinish& channel, float* y);
};

#ifdef SUBBIT_X86_KERNELS
/// Needs HasAvx512Popcount().
const PopcountKernels& Avx512PopcountKernels();
#endif

}  // namespace subbit
