// The operations of end_kernels-inl.h on 512-bit vectors, with the products of VNNI.

#include <immintrin.h>

#define SUBBIT_VECTOR_BYTES 64
#include "core/integer/ends/end_vectors-inl.h"

namespace subbit {
namespace {

constexpr const char* kIsaName = "avx512 vnni";

constexpr int kLaneStride = 2;
constexpr int kValueStride = 1;
// 16 sums hide the latency of a multiplication; 20 were no faster where that was measured.
constexpr int kPixelsAtOnce = 4;
constexpr int kGroupsAtOnce = 2;
using Pixel = std::uint8_t;

inline Values Largest(Values a, Values b) { return (Values)_mm512_max_epi16((__m512i)a, (__m512i)b); }
inline Values Least(Values a, Values b) { return (Values)_mm512_min_epi16((__m512i)a, (__m512i)b); }
inline Values AddSaturated(Values a, Values b) { return (Values)_mm512_adds_epi16((__m512i)a, (__m512i)b); }
inline Values MultiplyHigh(Values a, Values m) { return (Values)_mm512_mulhrs_epi16((__m512i)a, (__m512i)m); }
inline Values Pack(Sums a, Sums b) { return (Values)_mm512_packs_epi32((__m512i)a, (__m512i)b); }

/// Four bytes of a pixel in every lane.
using Step = __m512i;
inline Step LoadStep(const char* p) {
  std::int32_t value;
  __builtin_memcpy(&value, p, sizeof value);
  return _mm512_set1_epi32(value);
}

// In place of the intrinsics, around which GCC 12 copies every sum twice and spills half of them.
inline void MultiplyPairs(Step x, Values weights, Sums* sums) {
  asm("vpdpwssd %[weights], %[x], %[sums]" : [sums] "+v"(*sums) : [x] "v"(x), [weights] "v"(weights));
}
inline void MultiplyBytes(Step x, Values weights, Sums* sums) {
  asm("vpdpbusd %[weights], %[x], %[sums]" : [sums] "+v"(*sums) : [x] "v"(x), [weights] "v"(weights));
}

inline void AddProducts(Values a, Values b, Sums* sums) { MultiplyPairs((__m512i)a, b, sums); }
inline Values Widened(const std::int8_t* p) {
  return (Values)_mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
/// out[i] = the sum of sums[i]'s lanes.
inline void AddLanes(const Sums* sums, std::int32_t* out) {
  __m256i half[4];
  for (int i = 0; i < 4; ++i) {
    const auto all = (__m512i)sums[i];
    half[i] = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
  }
  const __m256i all = _mm256_hadd_epi32(_mm256_hadd_epi32(half[0], half[1]), _mm256_hadd_epi32(half[2], half[3]));
  const __m128i result = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), result);
}

/// Bit i is set where lane i of `values` is at least that of `threshold`.
inline std::uint64_t AtLeast(Values values, Values threshold) {
  return _mm512_cmpge_epi16_mask((__m512i)values, (__m512i)threshold);
}

inline void PixelBlock(const float* x, Pixel* out) {
  // Of not-a-number and zero, the maximum is the second.
  const __m512 least = _mm512_max_ps(_mm512_loadu_ps(x), _mm512_setzero_ps());
  const __m512i rounded = _mm512_cvtps_epi32(_mm512_min_ps(least, _mm512_set1_ps(255.0f)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_cvtepi32_epi8(rounded));
}
inline void PixelBlock(const std::uint8_t* x, Pixel* out) { __builtin_memcpy(out, x, kPixelBlock); }

/// out[3 * i + c] = planes[c][i] for 16 pixels of 3 channels.
inline void InterleaveBlock(const Pixel (*planes)[kPixelBlock], Pixel* out) {
  // Byte i of each vector of 16 is pixel (16 * j + i) / 3 of channel (16 * j + i) % 3; -1 leaves a zero.
  const __m128i from[3][3] = {{_mm_setr_epi8(0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5),
                               _mm_setr_epi8(-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1),
                               _mm_setr_epi8(-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1)},
                              {_mm_setr_epi8(-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1),
                               _mm_setr_epi8(5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10),
                               _mm_setr_epi8(-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1)},
                              {_mm_setr_epi8(-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1),
                               _mm_setr_epi8(-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1),
                               _mm_setr_epi8(10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15)}};
  __m128i x[3];
  for (int c = 0; c < 3; ++c) x[c] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(planes[c]));
  for (int j = 0; j < 3; ++j) {
    __m128i mixed = _mm_shuffle_epi8(x[0], from[j][0]);
    for (int c = 1; c < 3; ++c) mixed = _mm_or_si128(mixed, _mm_shuffle_epi8(x[c], from[j][c]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16 * j), mixed);
  }
}

}  // namespace
}  // namespace subbit
