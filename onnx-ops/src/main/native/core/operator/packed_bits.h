#pragma once

#include <cstdint>

/// Signs as bits: the activations that one binary convolution passes to the next (docs/OPERATORS.md). A tensor of [N,
/// C, H, W] signs is stored as uint8 [N, PackedBytes(C), H, W]; bit i, counted from the least significant, of byte j of
/// a pixel is channel 8 * j + i, set for +1. Bits after the last channel are written as 0 and ignored on reading.
namespace subbit {

constexpr int kChannelsPerByte = 8;

/// The number of bytes that the signs of `channels` channels take at one pixel.
constexpr std::int64_t PackedBytes(std::int64_t channels) {
  return (channels + kChannelsPerByte - 1) / kChannelsPerByte;
}

/// Fewer signs than this are packed on the caller's thread, because that is faster than waking another thread, which
/// takes 10 to 20 us (measured on Zen 4).
constexpr std::int64_t kLeastParallelSigns = 150'000;

}  // namespace subbit
