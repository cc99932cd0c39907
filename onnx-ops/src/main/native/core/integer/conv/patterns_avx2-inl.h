// The patterns of nine signs of 64 channels on AVX2, for codeword_pairs-inl.h. Everything here is in an unnamed
// namespace, see map_kernels-inl.h.

#include <immintrin.h>

#include <cstdint>

namespace subbit {
namespace {

/// patterns[c] = scale * (bit c of words[0], then of words[1], ... as one number), for 64 channels. `scale` is a power
/// of two.
inline void Patterns(const std::uint64_t* words, int scale, std::uint16_t* patterns) {
  // The byte of a word that holds each channel's bit, in the order that makes unpacking give channels in order.
  const __m256i byte = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2,  //
                                        1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i bit = _mm256_set1_epi64x(static_cast<std::int64_t>(0x8040201008040201u));
  const __m128i shift = _mm_cvtsi32_si128(__builtin_ctz(static_cast<unsigned>(scale)));
  for (int half = 0; half < 2; ++half, patterns += 32) {
    const auto tap = [&](int t) {
      const auto word = static_cast<int>(static_cast<std::uint32_t>(words[t] >> (32 * half)));
      return _mm256_cmpeq_epi8(_mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(word), byte), bit), bit);
    };
    __m256i low = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int t = 0; t < 8; ++t) {
      low = _mm256_or_si256(low, _mm256_and_si256(tap(t), _mm256_set1_epi8(static_cast<char>(1 << t))));
    }
    const __m256i high = _mm256_and_si256(tap(8), _mm256_set1_epi8(1));
    auto* const to = reinterpret_cast<__m256i*>(patterns);
    _mm256_store_si256(to, _mm256_sll_epi16(_mm256_unpacklo_epi8(low, high), shift));
    _mm256_store_si256(to + 1, _mm256_sll_epi16(_mm256_unpackhi_epi8(low, high), shift));
  }
}

}  // namespace
}  // namespace subbit
