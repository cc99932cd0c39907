// Vectors of 16-bit values on AVX-512, for finish-inl.h. Everything here is in an unnamed namespace, see
// map_kernels-inl.h.

#include <immintrin.h>

#include <cstdint>

namespace subbit {
namespace {

using Lanes = __m512i;
constexpr int kLanes = 32;

inline __mmask32 First(int count) { return (__mmask32{1} << count) - 1; }

inline Lanes All(std::int16_t value) { return _mm512_set1_epi16(value); }
inline Lanes Load(const std::int16_t* from) { return _mm512_loadu_si512(from); }
/// Half a vector from each address.
inline Lanes LoadHalves(const std::int16_t* low, const std::int16_t* high) {
  const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(low));
  return _mm512_inserti64x4(_mm512_castsi256_si512(first), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(high)),
                            1);
}
inline Lanes AllHalves(std::int16_t low, std::int16_t high) {
  return _mm512_mask_set1_epi16(_mm512_set1_epi16(low), 0xffff0000, high);
}
inline void Store(std::int16_t* to, Lanes v) { _mm512_storeu_si512(to, v); }
/// `count` values, below kLanes, and zeros.
inline Lanes LoadFirst(const std::int16_t* from, int count) { return _mm512_maskz_loadu_epi16(First(count), from); }
inline void StoreFirst(std::int16_t* to, Lanes v, int count) { _mm512_mask_storeu_epi16(to, First(count), v); }

inline Lanes Add(Lanes a, Lanes b) { return _mm512_add_epi16(a, b); }
inline Lanes Subtract(Lanes a, Lanes b) { return _mm512_sub_epi16(a, b); }
inline Lanes AddSaturated(Lanes a, Lanes b) { return _mm512_adds_epi16(a, b); }
inline Lanes MulHrs(Lanes a, Lanes b) { return _mm512_mulhrs_epi16(a, b); }
inline Lanes Min(Lanes a, Lanes b) { return _mm512_min_epi16(a, b); }
inline Lanes Max(Lanes a, Lanes b) { return _mm512_max_epi16(a, b); }
/// a * b as MulHrs where a is negative, else a.
inline Lanes MulHrsWhereNegative(Lanes a, Lanes b) {
  return _mm512_mask_mulhrs_epi16(a, _mm512_movepi16_mask(a), a, b);
}

/// Shifts by the same number of bits.
class Shift {
 public:
  explicit Shift(int bits) : bits_(_mm512_set1_epi16(static_cast<std::int16_t>(bits))) {}
  /// One operation, where a shift by a number in a register takes two.
  Lanes Left(Lanes a) const { return _mm512_sllv_epi16(a, bits_); }

 private:
  const __m512i bits_;
};

/// Bit i is set where a[i] >= b[i].
inline std::uint64_t AtLeast(Lanes a, Lanes b) { return _mm512_cmpge_epi16_mask(a, b); }

}  // namespace
}  // namespace subbit
