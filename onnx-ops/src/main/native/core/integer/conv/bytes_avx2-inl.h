// Vectors of bytes on AVX2, for nibbles-inl.h and codeword_pairs-inl.h. Everything here is in an unnamed namespace, see
// map_kernels-inl.h.

#include <immintrin.h>

#include <cstdint>

namespace subbit {
namespace {

using Bytes = __m256i;
constexpr int kBytes = 32;

inline Bytes NoBytes() { return _mm256_setzero_si256(); }
inline Bytes LoadBytes(const std::uint8_t* from) { return _mm256_load_si256(reinterpret_cast<const __m256i*>(from)); }
inline Bytes AddBytes(Bytes a, Bytes b) { return _mm256_add_epi8(a, b); }

/// Makes the compiler hold `v` in a register now. GCC regroups sums of whole numbers into trees, for which there are too
/// few registers: the loops below then take 1.6 times as long.
inline void Hold(Bytes* v) { __asm__("" : "+x"(*v)); }

/// Sixteen values that are looked up.
struct Table16 {
  static constexpr int kRowBytes = 16;

  static Table16 FromMemory(const std::uint8_t* from) {
    return {_mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(from)))};
  }

  Bytes values;
};
/// For two pixels: `first` in the lower halves of the bytes, `second`, all of whose values are below 16, in the upper.
inline Table16 PairTable(Table16 first, Table16 second) {
  return {_mm256_or_si256(_mm256_slli_epi16(second.values, 4), first.values)};
}
inline Bytes LookUp(Table16 table, Bytes index) { return _mm256_shuffle_epi8(table.values, index); }

/// Adds the lower halves of the bytes of `pairs` to `low`, and the upper ones to `high`. What this adds to even bytes
/// of `high` besides, UpperSums takes away again.
inline void AddHalves(Bytes pairs, Bytes* low, Bytes* high) {
  *low = _mm256_add_epi8(*low, _mm256_and_si256(pairs, _mm256_set1_epi8(15)));
  *high = _mm256_add_epi16(*high, _mm256_srli_epi16(pairs, 4));
}
inline Bytes UpperSums(Bytes low, Bytes high) {
  return _mm256_sub_epi16(high, _mm256_slli_epi16(_mm256_srli_epi16(low, 8), 4));
}

/// Stores the bytes as 16-bit numbers, or adds them to those that are there: first those of even lanes.
inline void Widen(Bytes sums, bool add, std::uint16_t* to) {
  auto* const even = reinterpret_cast<__m256i*>(to);
  auto* const odd = reinterpret_cast<__m256i*>(to + 16);
  __m256i low = _mm256_and_si256(sums, _mm256_set1_epi16(255));
  __m256i high = _mm256_srli_epi16(sums, 8);
  if (add) {
    low = _mm256_add_epi16(low, _mm256_load_si256(even));
    high = _mm256_add_epi16(high, _mm256_load_si256(odd));
  }
  _mm256_store_si256(even, low);
  _mm256_store_si256(odd, high);
}

}  // namespace
}  // namespace subbit
