// The offsets of nibbles-inl.h on NEON. Everything here is in an unnamed namespace, see map_kernels-inl.h.

#include <arm_neon.h>

#include <cstdint>

namespace subbit {
namespace {

/// For each nibble of two words, where the table of both is: 16 times the number whose lower half is the nibble of
/// `first` and whose upper half is that of `second`.
inline void PairOffsets(std::uint64_t first, std::uint64_t second, std::uint16_t* offsets) {
  const uint8x8_t a = vcreate_u8(first);
  const uint8x8_t b = vcreate_u8(second);
  const uint8x8_t even = vsli_n_u8(a, b, 4);
  const uint8x8_t odd = vsri_n_u8(b, a, 4);
  vst1q_u16(offsets, vshll_n_u8(vzip1_u8(even, odd), 4));
  vst1q_u16(offsets + 8, vshll_n_u8(vzip2_u8(even, odd), 4));
}

}  // namespace
}  // namespace subbit
