// Vectors of bytes on NEON, for nibbles-inl.h and codeword_pairs-inl.h. Everything here is in an unnamed namespace, see
// map_kernels-inl.h.

#include <arm_neon.h>

#include <cstdint>

namespace subbit {
namespace {

using Bytes = uint8x16_t;
constexpr int kBytes = 16;

inline Bytes NoBytes() { return vdupq_n_u8(0); }
inline Bytes LoadBytes(const std::uint8_t* from) { return vld1q_u8(from); }
inline Bytes AddBytes(Bytes a, Bytes b) { return vaddq_u8(a, b); }

/// Makes the compiler hold `v` in a register now, see bytes_avx2-inl.h.
inline void Hold(Bytes* v) { __asm__("" : "+w"(*v)); }

/// Sixteen values that are looked up.
struct Table16 {
  static constexpr int kRowBytes = 16;

  static Table16 FromMemory(const std::uint8_t* from) { return {vld1q_u8(from)}; }

  Bytes values;
};
/// For two pixels: `first` in the lower halves of the bytes, `second` in the upper; all values are below 16.
[[maybe_unused]] inline Table16 PairTable(Table16 first, Table16 second) {
  return {vsliq_n_u8(first.values, second.values, 4)};
}
inline Bytes LookUp(Table16 table, Bytes index) { return vqtbl1q_u8(table.values, index); }

/// Thirty-two values that are looked up.
struct Table32 {
  static constexpr int kRowBytes = 32;

  static Table32 FromMemory(const std::uint8_t* from) { return {vld1q_u8(from), vld1q_u8(from + 16)}; }

  Bytes low;
  Bytes high;
};
[[maybe_unused]] inline Table32 PairTable(Table32 first, Table32 second) {
  return {vsliq_n_u8(first.low, second.low, 4), vsliq_n_u8(first.high, second.high, 4)};
}
[[maybe_unused]] inline Bytes LookUp(Table32 table, Bytes index) {
  return vqtbl2q_u8(uint8x16x2_t{{table.low, table.high}}, index);
}

/// Adds the lower halves of the bytes of `pairs` to `low`, and the upper ones to `high`, whose sums UpperSums gives.
inline void AddHalves(Bytes pairs, Bytes* low, Bytes* high) {
  *low = vaddq_u8(*low, vandq_u8(pairs, vdupq_n_u8(15)));
  *high = vsraq_n_u8(*high, pairs, 4);
}
inline Bytes UpperSums(Bytes, Bytes high) { return high; }

/// Stores the bytes as 16-bit numbers, or adds them to those that are there.
inline void Widen(Bytes sums, bool add, std::uint16_t* to) {
  uint16x8_t low = vmovl_u8(vget_low_u8(sums));
  uint16x8_t high = vmovl_u8(vget_high_u8(sums));
  if (add) {
    low = vaddq_u16(low, vld1q_u16(to));
    high = vaddq_u16(high, vld1q_u16(to + 8));
  }
  vst1q_u16(to, low);
  vst1q_u16(to + 8, high);
}

}  // namespace
}  // namespace subbit
