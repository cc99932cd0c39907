// The step that counts differing signs on AVX2; popcount_conv.h derives it. Everything here is in an unnamed namespace,
// see map_kernels-inl.h.

#include <immintrin.h>

namespace subbit {
namespace {

/// Counts the bits set in each byte by looking up its two halves.
inline __m256i CountBytes(__m256i bits) {
  const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                          0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i half = _mm256_set1_epi8(15);
  return _mm256_add_epi8(_mm256_shuffle_epi8(counts, _mm256_and_si256(bits, half)),
                         _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(bits, 4), half)));
}

/// For eight pixels: adds the differences of two words to `ones`, and how many bits were carried to each byte of
/// `twos`, at most 8. `first` is the first word of the patches, `both` the exclusive or of the two; weights likewise.
inline void CountPair(__m256i first, __m256i both, __m256i first_weight, __m256i both_weight, __m256i* ones,
                      __m256i* twos) {
  const __m256i changed = _mm256_xor_si256(both, both_weight);
  const __m256i differs = _mm256_xor_si256(first, first_weight);
  const __m256i carry = _mm256_or_si256(_mm256_and_si256(changed, *ones), _mm256_andnot_si256(changed, differs));
  *ones = _mm256_xor_si256(*ones, changed);
  *twos = _mm256_add_epi8(*twos, CountBytes(carry));
}

}  // namespace
}  // namespace subbit
