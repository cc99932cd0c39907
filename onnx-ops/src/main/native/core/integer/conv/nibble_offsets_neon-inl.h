// The offsets of nibbles-inl.h on NEON. Everything here is in an unnamed namespace, see map_kernels-inl.h.

#include <arm_neon.h>

#include <cstdint>

namespace subbit {
namespace {

/// Two words, of two pixels.
using WordPair = uint8x16_t;

/// For each nibble of two words, where the table of both is: 16 times the number whose lower half is the nibble of
/// `first` and whose upper half is that of `second`. Returns the words.
inline WordPair PairOffsets(std::uint64_t first, std::uint64_t second, std::uint16_t* offsets) {
  const uint8x8_t a = vcreate_u8(first);
  const uint8x8_t b = vcreate_u8(second);
  const uint8x8_t even = vsli_n_u8(a, b, 4);
  const uint8x8_t odd = vsri_n_u8(b, a, 4);
  vst1q_u16(offsets, vshll_n_u8(vzip1_u8(even, odd), 4));
  vst1q_u16(offsets + 8, vshll_n_u8(vzip2_u8(even, odd), 4));
  return vcombine_u8(a, b);
}

/// How many nibbles of two pixels' words have an odd number of bits.
class PairOdd {
 public:
  /// No more than 15 times between sums.
  void Add(WordPair words) {
    words = veorq_u8(words, vshrq_n_u8(words, 2));
    words = veorq_u8(words, vshrq_n_u8(words, 1));
    nibbles_ = vaddq_u8(nibbles_, vandq_u8(words, vdupq_n_u8(0x11)));
  }

  void Sum() {
    const uint8x16_t bytes = vaddq_u8(vandq_u8(nibbles_, vdupq_n_u8(15)), vshrq_n_u8(nibbles_, 4));
    odd_[0] += vaddlv_u8(vget_low_u8(bytes));
    odd_[1] += vaddlv_u8(vget_high_u8(bytes));
    nibbles_ = vdupq_n_u8(0);
  }

  /// Writes the number of the first pixel and that of the second.
  void Get(std::int16_t* odd) const {
    odd[0] = static_cast<std::int16_t>(odd_[0]);
    odd[1] = static_cast<std::int16_t>(odd_[1]);
  }

 private:
  uint8x16_t nibbles_ = vdupq_n_u8(0);
  int odd_[2] = {0, 0};
};

}  // namespace
}  // namespace subbit
