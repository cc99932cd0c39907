// The step that counts differing signs on AVX-512 VPOPCNTDQ; popcount_conv.h derives it. Everything here is in an
// unnamed namespace, see map_kernels-inl.h.

#include <immintrin.h>

namespace subbit {
namespace {

/// Two vectors of sixteen pixels, in the operands of a pair of words: the first word, and the exclusive or of both.
struct WordPairs {
  __m512i first[2];
  __m512i both[2];
};

/// Adds the differences of two words to `ones`, and how many bits were carried to each lane of `twos`, for two vectors
/// and one output channel.
///
/// This is in assembly because GCC 12 copies vectors so often that a step takes 3.1 cycles on Zen 4 where 2.5 would
/// suffice: vpternlogd overwrites an operand, and the compiler does not see that the one copy below is enough. Two
/// vectors side by side spread the operations over the pipes better than one after the other (2.8 against 3.0 cycles).
inline void CountPair(const WordPairs& x, __m512i first_weight, __m512i both_weight, __m512i (&ones)[2],
                      __m512i (&twos)[2]) {
  __m512i differs0;
  __m512i differs1;
  __m512i carry0;
  __m512i carry1;
  __asm__(
      "vmovdqa64 %[ones0], %[carry0]\n\t"
      "vmovdqa64 %[ones1], %[carry1]\n\t"
      "vpternlogd $0x96, %[both0], %[both_weight], %[ones0]\n\t"  // ones ^ both ^ both_weight
      "vpternlogd $0x96, %[both1], %[both_weight], %[ones1]\n\t"
      "vpxord %[first0], %[first_weight], %[differs0]\n\t"
      "vpxord %[first1], %[first_weight], %[differs1]\n\t"
      "vpternlogd $0xb2, %[differs0], %[ones0], %[carry0]\n\t"  // old ones == ones ? differs : old ones
      "vpternlogd $0xb2, %[differs1], %[ones1], %[carry1]\n\t"
      "vpopcntd %[carry0], %[carry0]\n\t"
      "vpopcntd %[carry1], %[carry1]\n\t"
      "vpaddd %[carry0], %[twos0], %[twos0]\n\t"
      "vpaddd %[carry1], %[twos1], %[twos1]"
      : [ones0] "+&v"(ones[0]), [ones1] "+&v"(ones[1]), [twos0] "+&v"(twos[0]), [twos1] "+&v"(twos[1]),
        [differs0] "=&v"(differs0), [differs1] "=&v"(differs1), [carry0] "=&v"(carry0), [carry1] "=&v"(carry1)
      : [first0] "v"(x.first[0]), [first1] "v"(x.first[1]), [both0] "v"(x.both[0]), [both1] "v"(x.both[1]),
        [first_weight] "v"(first_weight), [both_weight] "v"(both_weight));
}

}  // namespace
}  // namespace subbit
