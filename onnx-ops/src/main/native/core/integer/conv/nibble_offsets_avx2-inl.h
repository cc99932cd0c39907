// The offsets of nibbles-inl.h on AVX2. Everything here is in an unnamed namespace, see map_kernels-inl.h.

#include <immintrin.h>

#include <cstdint>

namespace subbit {
namespace {

/// Two words, of two pixels.
using WordPair = __m128i;

/// For each nibble of two words, where the table of both is: 16 times the number whose lower half is the nibble of
/// `first` and whose upper half is that of `second`. Returns the words.
inline WordPair PairOffsets(std::uint64_t first, std::uint64_t second, std::uint16_t* offsets) {
  const __m128i low = _mm_set1_epi8(15);
  const __m128i words = _mm_set_epi64x(static_cast<std::int64_t>(second), static_cast<std::int64_t>(first));
  const __m128i even_nibbles = _mm_and_si128(words, low);
  const __m128i odd_nibbles = _mm_and_si128(_mm_srli_epi16(words, 4), low);
  // Bytes of both nibbles of both words, in order.
  const __m128i of_first = _mm_unpacklo_epi8(even_nibbles, odd_nibbles);
  const __m128i of_second = _mm_unpackhi_epi8(even_nibbles, odd_nibbles);
  const __m128i pairs = _mm_or_si128(of_first, _mm_slli_epi16(of_second, 4));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(offsets), _mm256_slli_epi16(_mm256_cvtepu8_epi16(pairs), 4));
  return words;
}

/// How many nibbles of two pixels' words have an odd number of bits.
class PairOdd {
 public:
  /// No more than 15 times between sums.
  void Add(WordPair words) {
    words = _mm_xor_si128(words, _mm_srli_epi64(words, 2));
    words = _mm_xor_si128(words, _mm_srli_epi64(words, 1));
    nibbles_ = _mm_add_epi8(nibbles_, _mm_and_si128(words, _mm_set1_epi8(0x11)));
  }

  void Sum() {
    const __m128i low = _mm_set1_epi8(15);
    const __m128i bytes = _mm_add_epi8(_mm_and_si128(nibbles_, low), _mm_and_si128(_mm_srli_epi16(nibbles_, 4), low));
    sums_ = _mm_add_epi64(sums_, _mm_sad_epu8(bytes, _mm_setzero_si128()));
    nibbles_ = _mm_setzero_si128();
  }

  /// Writes the number of the first pixel and that of the second.
  void Get(std::int16_t* odd) const {
    odd[0] = static_cast<std::int16_t>(_mm_cvtsi128_si32(sums_));
    odd[1] = static_cast<std::int16_t>(_mm_extract_epi16(sums_, 4));
  }

 private:
  __m128i nibbles_ = _mm_setzero_si128();
  __m128i sums_ = _mm_setzero_si128();
};

}  // namespace
}  // namespace subbit
