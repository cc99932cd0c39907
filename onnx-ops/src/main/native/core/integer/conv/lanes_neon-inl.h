// Vectors of 16-bit values on NEON, for finish-inl.h. Everything here is in an unnamed namespace, see
// map_kernels-inl.h.

#include <arm_neon.h>

#include <cstdint>
#include <cstring>

namespace subbit {
namespace {

using Lanes = int16x8_t;
constexpr int kLanes = 8;

inline Lanes All(std::int16_t value) { return vdupq_n_s16(value); }
inline Lanes Load(const std::int16_t* from) { return vld1q_s16(from); }
/// Half a vector from each address.
inline Lanes LoadHalves(const std::int16_t* low, const std::int16_t* high) {
  return vcombine_s16(vld1_s16(low), vld1_s16(high));
}
inline Lanes AllHalves(std::int16_t low, std::int16_t high) { return vcombine_s16(vdup_n_s16(low), vdup_n_s16(high)); }
inline void Store(std::int16_t* to, Lanes v) { vst1q_s16(to, v); }

/// `count` values, and zeros.
inline Lanes LoadFirst(const std::int16_t* from, int count) {
  std::int16_t values[kLanes] = {};
  std::memcpy(values, from, static_cast<std::size_t>(count) * sizeof(std::int16_t));
  return Load(values);
}

inline void StoreFirst(std::int16_t* to, Lanes v, int count) {
  std::int16_t values[kLanes];
  Store(values, v);
  std::memcpy(to, values, static_cast<std::size_t>(count) * sizeof(std::int16_t));
}

inline Lanes Add(Lanes a, Lanes b) { return vaddq_s16(a, b); }
inline Lanes Subtract(Lanes a, Lanes b) { return vsubq_s16(a, b); }
inline Lanes AddSaturated(Lanes a, Lanes b) { return vqaddq_s16(a, b); }
inline Lanes MulHrs(Lanes a, Lanes b) { return vqrdmulhq_s16(a, b); }
inline Lanes Min(Lanes a, Lanes b) { return vminq_s16(a, b); }
inline Lanes Max(Lanes a, Lanes b) { return vmaxq_s16(a, b); }
/// a * b as MulHrs where a is negative, else a.
inline Lanes MulHrsWhereNegative(Lanes a, Lanes b) { return Add(Max(a, All(0)), MulHrs(Min(a, All(0)), b)); }

/// Shifts by the same number of bits.
class Shift {
 public:
  explicit Shift(int bits) : bits_(vdupq_n_s16(static_cast<std::int16_t>(bits))) {}
  Lanes Left(Lanes a) const { return vshlq_s16(a, bits_); }

 private:
  const int16x8_t bits_;
};

/// Bit i is set where a[i] >= b[i].
inline std::uint64_t AtLeast(Lanes a, Lanes b) {
  static constexpr std::uint16_t kBits[kLanes] = {1, 2, 4, 8, 16, 32, 64, 128};
  return vaddvq_u16(vandq_u16(vcgeq_s16(a, b), vld1q_u16(kBits)));
}

}  // namespace
}  // namespace subbit
