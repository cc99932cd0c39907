// The operations of end_kernels-inl.h on 128-bit vectors of the target's baseline.

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SUBBIT_VECTOR_BYTES 16
#include "core/integer/ends/end_vectors-inl.h"

namespace subbit {
namespace {

constexpr const char* kIsaName = "portable";

constexpr int kLaneStride = 2;
constexpr int kValueStride = 1;
constexpr int kPixelsAtOnce = 4;
constexpr int kGroupsAtOnce = 1;
using Pixel = std::int16_t;

/// The lanes with even numbers, and with odd numbers.
inline Sums Even(Values v) { return (Sums)((Wraps)v << 16) >> 16; }
inline Sums Odd(Values v) { return (Sums)v >> 16; }

inline Values Largest(Values a, Values b) { return a > b ? a : b; }
inline Values Least(Values a, Values b) { return a < b ? a : b; }

inline Sums Saturated(Sums v) {
  const Sums low = v < -32768 ? Sums{} - 32768 : v;
  return low > 32767 ? Sums{} + 32767 : low;
}
/// Values from sums of their even and odd lanes.
inline Values Join(Sums even, Sums odd) { return (Values)(((Wraps)even & 0xffffu) | ((Wraps)odd << 16)); }

inline Values AddSaturated(Values a, Values b) {
  return Join(Saturated(Even(a) + Even(b)), Saturated(Odd(a) + Odd(b)));
}
inline Values MultiplyHigh(Values a, Values m) {
  return Join((Even(a) * Even(m) + 16384) >> 15, (Odd(a) * Odd(m) + 16384) >> 15);
}

using Step = Values;
inline Step LoadStep(const char* p) {
  std::uint32_t value;
  __builtin_memcpy(&value, p, sizeof value);
  return (Step)(Wraps{} + value);
}

#ifdef __SSE2__
inline Values Pack(Sums a, Sums b) { return (Values)_mm_packs_epi32((__m128i)a, (__m128i)b); }
inline void AddProducts(Values a, Values b, Sums* sums) {
  *sums = (Sums)_mm_add_epi32((__m128i)*sums, _mm_madd_epi16((__m128i)a, (__m128i)b));
}
#else
inline Values Pack(Sums a, Sums b) {
  Values packed;
  for (int i = 0; i < kSumLanes; ++i) {
    packed[i] = static_cast<std::int16_t>(Saturated(a)[i]);
    packed[i + kSumLanes] = static_cast<std::int16_t>(Saturated(b)[i]);
  }
  return packed;
}
inline void AddProducts(Values a, Values b, Sums* sums) {
  *sums = (Sums)((Wraps)*sums + (Wraps)(Even(a) * Even(b)) + (Wraps)(Odd(a) * Odd(b)));
}
#endif
inline void MultiplyPairs(Step x, Values weights, Sums* sums) { AddProducts(x, weights, sums); }

inline Values Widened(const std::int8_t* p) {
  Values v;
  for (int i = 0; i < kLanes; ++i) v[i] = p[i];
  return v;
}
/// out[i] = the sum of sums[i]'s lanes.
inline void AddLanes(const Sums* sums, std::int32_t* out) {
  for (int i = 0; i < 4; ++i) out[i] = sums[i][0] + sums[i][1] + sums[i][2] + sums[i][3];
}

/// Bit i is set where lane i of `values` is at least that of `threshold`.
inline std::uint64_t AtLeast(Values values, Values threshold) {
#ifdef __SSE2__
  const __m128i less = _mm_cmpgt_epi16((__m128i)threshold, (__m128i)values);
  return static_cast<std::uint8_t>(~_mm_movemask_epi8(_mm_packs_epi16(less, less)));
#else
  const Values bits = (values >= threshold) & Values{1, 2, 4, 8, 16, 32, 64, 128};
  std::uint64_t word = 0;
  for (int i = 0; i < kLanes; ++i) word |= static_cast<std::uint64_t>(bits[i]);
  return word;
#endif
}

/// Adding and subtracting 1.5 * 2^23 rounds a float of magnitude below 2^22 half to even.
inline void PixelBlock(const float* x, Pixel* out) {
  constexpr float kRound = 12582912.0f;
  for (int i = 0; i < kPixelBlock; ++i) {
    float value = x[i] > 0.0f ? x[i] : 0.0f;
    value = value < 255.0f ? value : 255.0f;
    out[i] = static_cast<Pixel>(static_cast<std::int32_t>((value + kRound) - kRound));
  }
}
inline void PixelBlock(const std::uint8_t* x, Pixel* out) {
  for (int i = 0; i < kPixelBlock; ++i) out[i] = x[i];
}

/// out[3 * i + c] = planes[c][i] for 16 pixels of 3 channels.
inline void InterleaveBlock(const Pixel (*planes)[kPixelBlock], Pixel* out) {
  for (int i = 0; i < kPixelBlock; ++i) {
    for (int c = 0; c < 3; ++c) out[3 * i + c] = planes[c][i];
  }
}

}  // namespace
}  // namespace subbit
