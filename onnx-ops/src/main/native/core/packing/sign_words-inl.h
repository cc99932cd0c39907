// Packing, unpacking and gathering of sign words in loops that compilers vectorise; PopcountKernels says what each
// does. Included by files of one instruction set each. Everything is in an unnamed namespace, see map_kernels-inl.h.

#include <cstdint>

#include "core/popcount/popcount_kernels.h"

namespace subbit {
namespace {

constexpr int kPackBlock = 64;  // pixels that are packed at a time

/// `n` is kPackBlock but for the last block.
inline void PackBlock(const float* x, std::int64_t plane, int channels, const float* shift, std::int64_t n,
                      std::uint32_t* __restrict out) {
  std::uint32_t words[kPackBlock] = {};
  for (int c = 0; c < channels; ++c) {
    const float* const values = x + c * plane;
    const float shift_of_c = shift == nullptr ? 0.0f : shift[c];
    // Adding +0 changes no sign: -0 + 0 is +0, and -0 counts as positive already.
    if (n == kPackBlock) {
      for (int i = 0; i < kPackBlock; ++i) words[i] |= static_cast<std::uint32_t>(values[i] + shift_of_c >= 0.0f) << c;
    } else {
      for (std::int64_t i = 0; i < n; ++i) words[i] |= static_cast<std::uint32_t>(values[i] + shift_of_c >= 0.0f) << c;
    }
  }
  for (std::int64_t i = 0; i < n; ++i) out[i] = words[i];
}

void Pack(const float* x, std::int64_t plane, int channels, const float* shift, std::int64_t n, std::uint32_t* out) {
  for (std::int64_t i = 0; i < n; i += kPackBlock) {
    PackBlock(x + i, plane, channels, shift, n - i < kPackBlock ? n - i : kPackBlock, out + i);
  }
}

void PackBytes(const std::uint8_t* b, std::int64_t plane, int first, int channels, std::int64_t n,
               std::uint32_t* __restrict out) {
  const std::uint32_t used = channels == 32 ? ~0u : (1u << channels) - 1u;
  const int bytes = (first + channels + 7) / 8;
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<std::uint32_t>(b[i] >> first) & used;
  for (int j = 1; j < bytes; ++j) {
    for (std::int64_t i = 0; i < n; ++i) {
      out[i] |= (static_cast<std::uint32_t>(b[j * plane + i]) << (8 * j - first)) & used;
    }
  }
}

void UnpackBytes(const std::uint32_t* words, std::int64_t n, int bytes, std::int64_t plane, std::uint8_t* out) {
  for (int j = 0; j < bytes; ++j) {
    for (std::int64_t i = 0; i < n; ++i) out[j * plane + i] = static_cast<std::uint8_t>(words[i] >> (8 * j));
  }
}

void Gather(const TapRun* runs, int count, const TapSlots& slots, const std::uint32_t* plane, std::int64_t stride,
            std::uint32_t* __restrict patches) {
  for (int r = 0; r < count; ++r) {
    const TapRun& run = runs[r];
    const int shift = slots.shift[run.tap];
    const std::uint32_t* const from = plane + run.from;
    std::uint32_t* const to = patches + slots.slot[run.tap] * PopcountKernels::kTile + run.offset;
    if (stride == 1) {
      for (int i = 0; i < run.length; ++i) to[i] |= from[i] << shift;
    } else {
      for (int i = 0; i < run.length; ++i) to[i] |= from[i * stride] << shift;
    }
  }
}

}  // namespace
}  // namespace subbit
