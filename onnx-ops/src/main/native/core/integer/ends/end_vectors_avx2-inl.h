// The operations of end_kernels-inl.h on 256-bit vectors.

#include <immintrin.h>

#define SUBBIT_VECTOR_BYTES 32
#include "core/integer/ends/end_vectors-inl.h"

namespace subbit {
namespace {

constexpr const char* kIsaName = "avx2";

constexpr int kLaneStride = 2;
constexpr int kValueStride = 1;
// 12 sums, 2 weights, a pixel and a product are 16 registers.
constexpr int kPixelsAtOnce = 6;
constexpr int kGroupsAtOnce = 1;
using Pixel = std::int16_t;

inline Values Largest(Values a, Values b) { return (Values)_mm256_max_epi16((__m256i)a, (__m256i)b); }
inline Values Least(Values a, Values b) { return (Values)_mm256_min_epi16((__m256i)a, (__m256i)b); }
inline Values AddSaturated(Values a, Values b) { return (Values)_mm256_adds_epi16((__m256i)a, (__m256i)b); }
inline Values MultiplyHigh(Values a, Values m) { return (Values)_mm256_mulhrs_epi16((__m256i)a, (__m256i)m); }
inline Values Pack(Sums a, Sums b) { return (Values)_mm256_packs_epi32((__m256i)a, (__m256i)b); }

/// Four bytes of a pixel in every lane.
using Step = __m256i;
inline Step LoadStep(const char* p) {
  std::int32_t value;
  __builtin_memcpy(&value, p, sizeof value);
  return _mm256_set1_epi32(value);
}
inline void MultiplyPairs(Step x, Values weights, Sums* sums) {
  *sums = (Sums)_mm256_add_epi32((__m256i)*sums, _mm256_madd_epi16(x, (__m256i)weights));
}

inline void AddProducts(Values a, Values b, Sums* sums) { MultiplyPairs((__m256i)a, b, sums); }
inline Values Widened(const std::int8_t* p) {
  return (Values)_mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
/// out[i] = the sum of sums[i]'s lanes.
inline void AddLanes(const Sums* sums, std::int32_t* out) {
  const __m256i low = _mm256_hadd_epi32((__m256i)sums[0], (__m256i)sums[1]);
  const __m256i high = _mm256_hadd_epi32((__m256i)sums[2], (__m256i)sums[3]);
  const __m256i all = _mm256_hadd_epi32(low, high);
  const __m128i result = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), result);
}

/// Bit i is set where lane i of `values` is at least that of `threshold`.
inline std::uint64_t AtLeast(Values values, Values threshold) {
  const __m256i less = _mm256_cmpgt_epi16((__m256i)threshold, (__m256i)values);
  const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(less), _mm256_extracti128_si256(less, 1));
  return static_cast<std::uint16_t>(~_mm_movemask_epi8(bytes));
}

inline __m256i RoundedPixels(const float* x) {
  // Of not-a-number and zero, the maximum is the second.
  const __m256 least = _mm256_max_ps(_mm256_loadu_ps(x), _mm256_setzero_ps());
  return _mm256_cvtps_epi32(_mm256_min_ps(least, _mm256_set1_ps(255.0f)));
}
inline void PixelBlock(const float* x, Pixel* out) {
  const __m256i packed = _mm256_packs_epi32(RoundedPixels(x), RoundedPixels(x + 8));
  Store(_mm256_permute4x64_epi64(packed, 0xd8), out);
}
inline void PixelBlock(const std::uint8_t* x, Pixel* out) {
  Store(_mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x))), out);
}

/// out[3 * i + c] = planes[c][i] for 16 pixels of 3 channels.
inline void InterleaveBlock(const Pixel (*planes)[kPixelBlock], Pixel* out) {
  // Bytes of channel c in the j-th of three vectors that hold 8 pixels; -1 leaves a zero.
#define SUBBIT_PAIRS(a, b, c, d, e, f, g, h)                                                                     \
  _mm_setr_epi8(2 * a, 2 * a + 1, 2 * b, 2 * b + 1, 2 * c, 2 * c + 1, 2 * d, 2 * d + 1, 2 * e, 2 * e + 1, 2 * f, \
                2 * f + 1, 2 * g, 2 * g + 1, 2 * h, 2 * h + 1)
  constexpr int kNone = -64;
  const __m128i from[3][3] = {{SUBBIT_PAIRS(0, kNone, kNone, 1, kNone, kNone, 2, kNone),
                               SUBBIT_PAIRS(kNone, 0, kNone, kNone, 1, kNone, kNone, 2),
                               SUBBIT_PAIRS(kNone, kNone, 0, kNone, kNone, 1, kNone, kNone)},
                              {SUBBIT_PAIRS(kNone, 3, kNone, kNone, 4, kNone, kNone, 5),
                               SUBBIT_PAIRS(kNone, kNone, 3, kNone, kNone, 4, kNone, kNone),
                               SUBBIT_PAIRS(2, kNone, kNone, 3, kNone, kNone, 4, kNone)},
                              {SUBBIT_PAIRS(kNone, kNone, 6, kNone, kNone, 7, kNone, kNone),
                               SUBBIT_PAIRS(5, kNone, kNone, 6, kNone, kNone, 7, kNone),
                               SUBBIT_PAIRS(kNone, 5, kNone, kNone, 6, kNone, kNone, 7)}};
#undef SUBBIT_PAIRS
  for (int half = 0; half < 2; ++half) {
    __m128i x[3];
    for (int c = 0; c < 3; ++c) x[c] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(planes[c] + 8 * half));
    for (int j = 0; j < 3; ++j) {
      __m128i mixed = _mm_shuffle_epi8(x[0], from[j][0]);
      for (int c = 1; c < 3; ++c) mixed = _mm_or_si128(mixed, _mm_shuffle_epi8(x[c], from[j][c]));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 24 * half + 8 * j), mixed);
    }
  }
}

}  // namespace
}  // namespace subbit
