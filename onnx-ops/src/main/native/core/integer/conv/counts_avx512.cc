// Counts differing signs on AVX-512 VPOPCNTDQ. A step, 64 signs of a pixel and 16 outputs, takes five operations: 410
// binary multiply-adds a cycle on two pipes. popcount_conv.h derives it.

#include <immintrin.h>

#include <cstdint>

#include "core/integer/conv/conv_kernels.h"
#include "core/integer/conv/lanes_avx512-inl.h"
//
#include "core/integer/conv/finish-inl.h"
#include "core/integer/conv/rows-inl.h"
//
#include "core/integer/conv/count_words-inl.h"

namespace subbit {
namespace {

constexpr int kNumbers = 16;

/// Adds the differences of two words, `words` and their exclusive or, to `ones`, and how many bits were carried to each
/// lane of `twos`. In assembly for the reason that count_pair_avx512-inl.h gives; the words are broadcast by the
/// operations that use them.
inline void CountPair(const std::uint32_t* words, __m512i first_weight, __m512i both_weight, __m512i* ones,
                      __m512i* twos) {
  __m512i carry;
  __m512i differs;
  __asm__(
      "vmovdqa64 %[ones], %[carry]\n\t"
      "vpternlogd $0x96, %[both]%{1to16%}, %[both_weight], %[ones]\n\t"  // ones ^ both ^ both_weight
      "vpxord %[first]%{1to16%}, %[first_weight], %[differs]\n\t"
      "vpternlogd $0xb2, %[differs], %[ones], %[carry]\n\t"  // old ones == ones ? differs : old ones
      "vpopcntd %[carry], %[carry]\n\t"
      "vpaddd %[carry], %[twos], %[twos]"
      : [ones] "+&v"(*ones), [twos] "+&v"(*twos), [carry] "=&v"(carry), [differs] "=&v"(differs)
      : [first] "m"(words[0]), [both] "m"(words[1]), [first_weight] "v"(first_weight), [both_weight] "v"(both_weight));
}

class WordCounter {
 public:
  static constexpr int kPixels = 8;
  static constexpr int kOutputs = kOutputBlock;
  using Counts = WordCounts<kPixels, kOutputs>;

  static std::int64_t ScratchBytes(std::int64_t, std::int64_t steps, std::int64_t) {
    return kPixels * steps * static_cast<std::int64_t>(sizeof(std::uint32_t));
  }

  WordCounter(const ConvTask& task, void* scratch)
      : task_(task), layout_(task.channels), words_(static_cast<std::uint32_t*>(scratch)) {}

  void Prepare(CountedTile<WordCounter>* tile, int count) {
    // Pixels behind the last one repeat it, and are counted with it.
    for (int i = 0; i < kPixels; ++i) {
      if (i >= (count + 3) / 4 * 4) break;
      std::uint32_t* const to = words_ + i * layout_.steps;
      if (layout_.taps_of_word == 1 && layout_.words_of_tap == 2 * task_.words) {
        PairedWords(tile->taps[i], to);
      } else {
        PatchWords(task_, layout_, tile->taps[i], to);
      }
      tile->odd[i] = 0;
    }
  }

  void Count(std::int64_t block, int count, CountedTile<WordCounter>* tile) const {
    for (int o = 0; o < kOutputs && block + o < task_.outs; o += 2 * kNumbers) {
      const std::uint32_t* const weights = task_.bits + (block + o) * layout_.steps;
      const bool two = task_.outs - block - o > kNumbers;
      for (int i = 0; i < count; i += 4) {
        const std::uint32_t* const words = words_ + i * layout_.steps;
        if (two) {
          CountNumbers<4, 2>(words, weights, layout_.steps, tile->counts.at[i] + o);
        } else {
          CountNumbers<4, 1>(words, weights, layout_.steps, tile->counts.at[i] + o);
        }
      }
    }
  }

 private:
  /// PatchWords where each tap has an even number of words: two of them are a word of the plane.
  void PairedWords(const std::uint64_t* taps, std::uint32_t* words) const {
    for (int tap = 0; tap < 9; ++tap) {
      for (std::int64_t w = 0; w < task_.words; ++w, words += 2) {
        words[0] = static_cast<std::uint32_t>(taps[w]);
        words[1] = static_cast<std::uint32_t>(taps[w] ^ taps[w] >> 32);
      }
      taps += tap % 3 == 2 ? task_.pitch - 2 * task_.words : task_.words;
    }
  }

  /// Not inlined, so that the registers are the inner loop's alone.
  template <int kTogether, int kVectors>
  [[gnu::noinline]] static void CountNumbers(const std::uint32_t* words, const std::uint32_t* weights,
                                             std::int64_t steps, std::uint16_t* counts) {
    __m512i ones[kTogether][kVectors];
    __m512i twos[kTogether][kVectors];
#pragma GCC unroll 8
    for (int p = 0; p < kTogether; ++p) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) ones[p][v] = twos[p][v] = _mm512_setzero_si512();
    }
    for (std::int64_t k = 0; k < steps; k += 2, weights += 2 * kNumbers) {
      __m512i first[kVectors];
      __m512i both[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        first[v] = _mm512_load_si512(weights + v * steps * kNumbers);
        both[v] = _mm512_load_si512(weights + v * steps * kNumbers + kNumbers);
      }
#pragma GCC unroll 8
      for (int p = 0; p < kTogether; ++p) {
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          CountPair(words + p * steps + k, first[v], both[v], &ones[p][v], &twos[p][v]);
        }
      }
    }
#pragma GCC unroll 8
    for (int p = 0; p < kTogether; ++p, counts += kOutputs) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        const __m512i sum = _mm512_add_epi32(_mm512_add_epi32(twos[p][v], twos[p][v]), _mm512_popcnt_epi32(ones[p][v]));
        _mm256_store_si256(reinterpret_cast<__m256i*>(counts + v * kNumbers), _mm512_cvtepi32_epi16(sum));
      }
    }
  }

  const ConvTask& task_;
  const CountLayout layout_;
  std::uint32_t* const words_;
};

}  // namespace

const ConvKernels& Avx512Counts() {
  static constexpr ConvKernels kKernels = {
      SumMethod::kCounts,        "xor and popcount, avx512", Isa::kAvx512, kNumbers, false,
      WordCounter::ScratchBytes, Convolve<WordCounter>,      Pool};
  return kKernels;
}

}  // namespace subbit
