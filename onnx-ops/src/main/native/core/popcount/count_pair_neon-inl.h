// The step that counts differing signs on NEON; popcount_conv.h derives it. Everything here is in an unnamed namespace,
// see map_kernels-inl.h.

#include <arm_neon.h>

namespace subbit {
namespace {

/// Adds the differences of two words to `ones`, and how many bits were carried to each byte of `counts`, for four
/// pixels and one output channel. `both` is the exclusive or of the two words, `both_weight` likewise.
inline void CountPair(uint32x4_t first, uint32x4_t both, uint32x4_t first_weight, uint32x4_t both_weight,
                      uint32x4_t& ones, uint8x16_t& counts) {
  const uint32x4_t changes = veorq_u32(both, both_weight);  // where the differences of the two words are not the same
  const uint32x4_t differs = veorq_u32(first, first_weight);
  const uint32x4_t carry = vbslq_u32(changes, ones, differs);
  ones = veorq_u32(ones, changes);
  counts = vaddq_u8(counts, vcntq_u8(vreinterpretq_u8_u32(carry)));
}

}  // namespace
}  // namespace subbit
