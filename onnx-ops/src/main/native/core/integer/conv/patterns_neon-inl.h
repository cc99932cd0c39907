// The patterns of nine signs of 64 channels on NEON, for codeword_pairs-inl.h. Everything here is in an unnamed
// namespace, see map_kernels-inl.h.

#include <arm_neon.h>

#include <cstdint>

namespace subbit {
namespace {

/// patterns[c] = scale * (bit c of words[0], then of words[1], ... as one number), for the first `channels` of 64 and
/// some behind them. `scale` is a power of two.
inline void Patterns(const std::uint64_t* words, std::int64_t channels, int scale, std::uint16_t* patterns) {
  const uint8x16_t bit = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
  const auto factor = static_cast<std::uint16_t>(scale);
  for (int shift = 0; shift < 64 && shift < channels; shift += 16, patterns += 16) {
    const auto tap = [&](int t) {
      const std::uint64_t two = words[t] >> shift;
      const uint8x16_t bytes =
          vcombine_u8(vdup_n_u8(static_cast<std::uint8_t>(two)), vdup_n_u8(static_cast<std::uint8_t>(two >> 8)));
      return vtstq_u8(bytes, bit);
    };
    uint8x16_t low = vdupq_n_u8(0);
    for (int t = 0; t < 8; ++t) low = vorrq_u8(low, vandq_u8(tap(t), vdupq_n_u8(static_cast<std::uint8_t>(1 << t))));
    const uint8x16_t high = vandq_u8(tap(8), vdupq_n_u8(1));
    const uint16x8_t first = vreinterpretq_u16_u8(vzip1q_u8(low, high));
    const uint16x8_t second = vreinterpretq_u16_u8(vzip2q_u8(low, high));
    vst1q_u16(patterns, vmulq_n_u16(first, factor));
    vst1q_u16(patterns + 8, vmulq_n_u16(second, factor));
  }
}

}  // namespace
}  // namespace subbit
