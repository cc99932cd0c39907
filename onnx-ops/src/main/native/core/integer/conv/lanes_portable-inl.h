// Vectors of 16-bit values in plain C++, for finish-inl.h. Everything here is in an unnamed namespace, see
// map_kernels-inl.h.

#include <cstdint>

namespace subbit {
namespace {

constexpr int kLanes = 8;

struct Lanes {
  std::int16_t at[kLanes];
};

template <class Value>
inline Lanes Each(Value value) {
  Lanes result;
  for (int i = 0; i < kLanes; ++i) result.at[i] = static_cast<std::int16_t>(value(i));
  return result;
}

inline int Least16(int a, int b) { return a < b ? a : b; }
inline int Most16(int a, int b) { return a > b ? a : b; }

inline Lanes All(std::int16_t value) {
  return Each([&](int) { return value; });
}
inline Lanes Load(const std::int16_t* from) {
  return Each([&](int i) { return from[i]; });
}
/// Half a vector from each address.
inline Lanes LoadHalves(const std::int16_t* low, const std::int16_t* high) {
  return Each([&](int i) { return i < kLanes / 2 ? low[i] : high[i - kLanes / 2]; });
}
inline Lanes AllHalves(std::int16_t low, std::int16_t high) {
  return Each([&](int i) { return i < kLanes / 2 ? low : high; });
}
inline void Store(std::int16_t* to, const Lanes& v) {
  for (int i = 0; i < kLanes; ++i) to[i] = v.at[i];
}
/// `count` values, and zeros.
inline Lanes LoadFirst(const std::int16_t* from, int count) {
  return Each([&](int i) { return i < count ? from[i] : 0; });
}
inline void StoreFirst(std::int16_t* to, const Lanes& v, int count) {
  for (int i = 0; i < count; ++i) to[i] = v.at[i];
}
inline Lanes Add(const Lanes& a, const Lanes& b) {
  return Each([&](int i) { return a.at[i] + b.at[i]; });
}
inline Lanes Subtract(const Lanes& a, const Lanes& b) {
  return Each([&](int i) { return a.at[i] - b.at[i]; });
}
inline Lanes AddSaturated(const Lanes& a, const Lanes& b) {
  return Each([&](int i) { return Most16(-32768, Least16(32767, a.at[i] + b.at[i])); });
}
inline Lanes MulHrs(const Lanes& a, const Lanes& b) {
  return Each([&](int i) { return (a.at[i] * b.at[i] + (1 << 14)) >> 15; });
}
inline Lanes Min(const Lanes& a, const Lanes& b) {
  return Each([&](int i) { return Least16(a.at[i], b.at[i]); });
}
inline Lanes Max(const Lanes& a, const Lanes& b) {
  return Each([&](int i) { return Most16(a.at[i], b.at[i]); });
}
/// a * b as MulHrs where a is negative, else a.
inline Lanes MulHrsWhereNegative(const Lanes& a, const Lanes& b) {
  return Add(Max(a, All(0)), MulHrs(Min(a, All(0)), b));
}

/// Shifts by the same number of bits.
class Shift {
 public:
  explicit Shift(int bits) : bits_(bits) {}
  Lanes Left(const Lanes& a) const {
    return Each([&](int i) { return static_cast<std::uint16_t>(a.at[i]) << bits_; });
  }

 private:
  const int bits_;
};
/// Bit i is set where a[i] >= b[i].
inline std::uint64_t AtLeast(const Lanes& a, const Lanes& b) {
  std::uint64_t bits = 0;
  for (int i = 0; i < kLanes; ++i) bits |= static_cast<std::uint64_t>(a.at[i] >= b.at[i]) << i;
  return bits;
}

}  // namespace
}  // namespace subbit
