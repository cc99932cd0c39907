// Vectors of 16-bit values on AVX2, for finish-inl.h. Everything here is in an unnamed namespace, see
// map_kernels-inl.h.

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace subbit {
namespace {

using Lanes = __m256i;
constexpr int kLanes = 16;

inline Lanes All(std::int16_t value) { return _mm256_set1_epi16(value); }
inline Lanes Load(const std::int16_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
/// Half a vector from each address.
inline Lanes LoadHalves(const std::int16_t* low, const std::int16_t* high) {
  return _mm256_loadu2_m128i(reinterpret_cast<const __m128i*>(high), reinterpret_cast<const __m128i*>(low));
}
inline Lanes AllHalves(std::int16_t low, std::int16_t high) {
  return _mm256_set_m128i(_mm_set1_epi16(high), _mm_set1_epi16(low));
}
inline void Store(std::int16_t* to, Lanes v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v); }

/// `count` values, and zeros.
inline Lanes LoadFirst(const std::int16_t* from, int count) {
  alignas(32) std::int16_t values[kLanes] = {};
  std::memcpy(values, from, static_cast<std::size_t>(count) * sizeof(std::int16_t));
  return Load(values);
}

inline void StoreFirst(std::int16_t* to, Lanes v, int count) {
  alignas(32) std::int16_t values[kLanes];
  Store(values, v);
  std::memcpy(to, values, static_cast<std::size_t>(count) * sizeof(std::int16_t));
}

inline Lanes Add(Lanes a, Lanes b) { return _mm256_add_epi16(a, b); }
inline Lanes Subtract(Lanes a, Lanes b) { return _mm256_sub_epi16(a, b); }
inline Lanes AddSaturated(Lanes a, Lanes b) { return _mm256_adds_epi16(a, b); }
inline Lanes MulHrs(Lanes a, Lanes b) { return _mm256_mulhrs_epi16(a, b); }
inline Lanes Min(Lanes a, Lanes b) { return _mm256_min_epi16(a, b); }
inline Lanes Max(Lanes a, Lanes b) { return _mm256_max_epi16(a, b); }
/// a * b as MulHrs where a is negative, else a.
inline Lanes MulHrsWhereNegative(Lanes a, Lanes b) { return Add(Max(a, All(0)), MulHrs(Min(a, All(0)), b)); }

/// Shifts by the same number of bits.
class Shift {
 public:
  explicit Shift(int bits) : bits_(_mm_cvtsi32_si128(bits)) {}
  Lanes Left(Lanes a) const { return _mm256_sll_epi16(a, bits_); }

 private:
  const __m128i bits_;
};

/// Bit i is set where a[i] >= b[i].
inline std::uint64_t AtLeast(Lanes a, Lanes b) {
  const Lanes less = _mm256_cmpgt_epi16(b, a);
  const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(less), _mm256_extracti128_si256(less, 1));
  return static_cast<std::uint64_t>(~_mm_movemask_epi8(bytes) & 0xffff);
}

}  // namespace
}  // namespace subbit
