// The offsets of nibbles-inl.h on AVX2. Everything here is in an unnamed namespace, see map_kernels-inl.h.

#include <immintrin.h>

#include <cstdint>

namespace subbit {
namespace {

/// For each nibble of two words, where the table of both is: 16 times the number whose lower half is the nibble of
/// `first` and whose upper half is that of `second`.
inline void PairOffsets(std::uint64_t first, std::uint64_t second, std::uint16_t* offsets) {
  const __m128i low = _mm_set1_epi8(15);
  const __m128i a = _mm_cvtsi64_si128(static_cast<std::int64_t>(first));
  const __m128i b = _mm_cvtsi64_si128(static_cast<std::int64_t>(second));
  const __m128i even = _mm_or_si128(_mm_and_si128(a, low), _mm_slli_epi16(_mm_and_si128(b, low), 4));
  const __m128i odd = _mm_or_si128(_mm_and_si128(_mm_srli_epi16(a, 4), low), _mm_andnot_si128(low, b));
  const __m256i pairs = _mm256_slli_epi16(_mm256_cvtepu8_epi16(_mm_unpacklo_epi8(even, odd)), 4);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(offsets), pairs);
}

}  // namespace
}  // namespace subbit
