// Looks up the responses of up to 64 codewords on AVX-512 VBMI, whose byte permutation looks up 64 values in 64. A
// step, a channel of a pixel and 64 outputs, takes a permutation and an addition: 576 binary multiply-adds a cycle on
// two pipes.

#include <immintrin.h>

#include <cstdint>

#include "core/integer/conv/conv_kernels.h"
#include "core/integer/conv/lanes_avx512-inl.h"
//
#include "core/integer/conv/finish-inl.h"
#include "core/integer/conv/rows-inl.h"

namespace subbit {
namespace {

constexpr int kBytes = 64;

/// patterns[c] = 2^shift * (bit c of words[0], then of words[1], ... as one number), for 64 channels, where words[t] is
/// taps[t / 3 * pitch + t % 3 * words].
inline void Patterns(const std::uint64_t* taps, std::int64_t pitch, std::int64_t words, int shift,
                     std::uint16_t* patterns) {
  __m512i low = _mm512_setzero_si512();
#pragma GCC unroll 8
  for (int t = 0; t < 8; ++t) {
    const __mmask64 bits = taps[t / 3 * pitch + t % 3 * words];
    low = _mm512_mask_add_epi8(low, bits, low, _mm512_set1_epi8(static_cast<char>(1 << t)));
  }
  const std::uint64_t last = taps[2 * pitch + 2 * words];
  const __m512i high = _mm512_set1_epi16(256);
  __m512i first = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(low));
  __m512i second = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(low, 1));
  first = _mm512_mask_add_epi16(first, static_cast<__mmask32>(last), first, high);
  second = _mm512_mask_add_epi16(second, static_cast<__mmask32>(last >> 32), second, high);
  const __m128i by = _mm_cvtsi32_si128(shift);
  _mm512_store_si512(patterns, _mm512_sll_epi16(first, by));
  _mm512_store_si512(patterns + 32, _mm512_sll_epi16(second, by));
}

/// A row of 32 responses, or of 64.
template <int kRowBytes>
inline auto LoadRow(const std::uint8_t* from) {
  if constexpr (kRowBytes == 32) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
  } else {
    return _mm512_load_si512(from);
  }
}

inline __m512i Wide(__m256i row) { return _mm512_castsi256_si512(row); }
inline __m512i Wide(__m512i row) { return row; }

/// Adds the responses that `codewords` select from a row to `sums`. In assembly because GCC 12 copies sums after adding
/// to them: 17.6 cycles instead of 14.1 to 14.6 for a channel of fourteen vectors (llvm-mca, Ice Lake). One vector's
/// permutation must be there, too; of two vectors it must not.
template <class Row>
inline void AddResponses(const __m512i (&codewords)[1], Row row, __m512i (&sums)[1]) {
  __m512i found;
  __asm__(
      "vpermb %[row], %[codewords], %[found]\n\t"
      "vpaddb %[found], %[sums], %[sums]"
      : [sums] "+v"(sums[0]), [found] "=&v"(found)
      : [row] "v"(Wide(row)), [codewords] "v"(codewords[0]));
}
template <class Row>
inline void AddResponses(const __m512i (&codewords)[2], Row row, __m512i (&sums)[2]) {
  for (int v = 0; v < 2; ++v) {
    __asm__("vpaddb %1, %0, %0" : "+v"(sums[v]) : "v"(_mm512_permutexvar_epi8(codewords[v], Wide(row))));
  }
}

/// Stores bytes as 16-bit numbers, or adds them to those that are there: first those of even lanes.
inline void Widen(__m512i sums, bool add, std::uint16_t* to) {
  __m512i low = _mm512_and_si512(sums, _mm512_set1_epi16(255));
  __m512i high = _mm512_srli_epi16(sums, 8);
  if (add) {
    low = _mm512_add_epi16(low, _mm512_load_si512(to));
    high = _mm512_add_epi16(high, _mm512_load_si512(to + 32));
  }
  _mm512_store_si512(to, low);
  _mm512_store_si512(to + 32, high);
}

class CodewordCounter {
 public:
  static constexpr int kPixels = 14;
  static constexpr int kOutputs = 2 * kBytes;

  static std::int64_t ScratchBytes(std::int64_t channels, std::int64_t) {
    return (channels + kWord - 1) / kWord * kPixels * kWord * static_cast<std::int64_t>(sizeof(std::uint16_t));
  }

  CodewordCounter(const ConvTask& task, void* scratch) : task_(task), patterns_(static_cast<std::uint16_t*>(scratch)) {}

  void Prepare(CountedTile<CodewordCounter>* tile, int count) {
    const int shift = task_.row_bytes == 32 ? 5 : 6;
    for (int i = 0; i < count; ++i) {
      const std::uint64_t* const taps = tile->taps[i];
      int odd = 0;
      for (std::int64_t w = 0; w < task_.words; ++w) {
        std::uint64_t parity = 0;
        for (int t = 0; t < 9; ++t) parity ^= taps[t / 3 * task_.pitch + t % 3 * task_.words + w];
        odd += __builtin_popcountll(parity);
        Patterns(taps + w, task_.pitch, task_.words, shift, patterns_ + (w * kPixels + i) * kWord);
      }
      tile->odd[i] = static_cast<std::int16_t>(odd);
    }
  }

  void Count(std::int64_t block, int count, CountedTile<CodewordCounter>* tile) const {
    const std::uint8_t* const index = task_.index + block * task_.steps;
    if (task_.outs - block > kBytes) {
      for (int i = 0; i < count;) i += CountPixels<2>(index, i, count - i, tile);
    } else {
      for (int i = 0; i < count;) i += CountPixels<1>(index, i, count - i, tile);
    }
  }

 private:
  /// How many channels a byte holds: 51 * 5 <= 255.
  static constexpr std::int64_t kChannels = 51;

  /// Channels of a word of signs. Patterns are [words][kPixels][kWord], so that the inner loop's addresses are constant
  /// distances apart.
  static constexpr std::int64_t kWord = 64;

  /// Counts from pixel i on, of `left`, and returns how many. Fourteen vectors of sums keep the pipes busy; fewer are
  /// for the last pixels.
  template <int kVectors>
  int CountPixels(const std::uint8_t* index, int i, int left, CountedTile<CodewordCounter>* tile) const {
    if constexpr (kVectors == 1) {
      if (left >= 14) return CountParts<14, 1>(index, i, tile);
    }
    if (left >= 7) return CountParts<7, kVectors>(index, i, tile);
    if (left >= 4) return CountParts<4, kVectors>(index, i, tile);
    if (left >= 2) return CountParts<2, kVectors>(index, i, tile);
    return CountParts<1, kVectors>(index, i, tile);
  }

  template <int kTogether, int kVectors>
  int CountParts(const std::uint8_t* index, int i, CountedTile<CodewordCounter>* tile) const {
    const std::int64_t parts = (task_.channels + kChannels - 1) / kChannels;
    for (std::int64_t part = 0; part < parts; ++part) {
      const std::int64_t first = task_.channels * part / parts;
      const std::int64_t past = task_.channels * (part + 1) / parts;
      const std::uint16_t* const patterns = patterns_ + i * kWord;
      const std::uint8_t* const codewords = index + first * kBytes;
      if (task_.row_bytes == 32) {
        CountChannels<kTogether, kVectors, 32>(patterns, first, past, task_.tables, codewords, task_.steps * kBytes,
                                               part > 0, tile->counts[i]);
      } else {
        CountChannels<kTogether, kVectors, 64>(patterns, first, past, task_.tables, codewords, task_.steps * kBytes,
                                               part > 0, tile->counts[i]);
      }
    }
    return kTogether;
  }

  /// Adds up channels first .. past - 1. Not inlined, so that the registers are the inner loop's alone.
  template <int kTogether, int kVectors, int kRowBytes>
  [[gnu::noinline]] static void CountChannels(const std::uint16_t* patterns, std::int64_t first, std::int64_t past,
                                              const std::uint8_t* tables, const std::uint8_t* index,
                                              std::int64_t vector_bytes, bool add, std::uint16_t* counts) {
    __m512i sums[kTogether][kVectors];
#pragma GCC unroll 16
    for (int p = 0; p < kTogether; ++p) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[p][v] = _mm512_setzero_si512();
    }
    while (first < past) {
      const std::uint16_t* pattern = patterns + first / kWord * kPixels * kWord + first % kWord;
      const std::int64_t end_of_word = first / kWord * kWord + kWord;
      const std::int64_t end = past < end_of_word ? past : end_of_word;
      for (; first < end; ++first, ++pattern, index += kBytes) {
        __m512i codewords[kVectors];
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) codewords[v] = _mm512_load_si512(index + v * vector_bytes);
#pragma GCC unroll 16
        for (int p = 0; p < kTogether; ++p) {
          AddResponses(codewords, LoadRow<kRowBytes>(tables + pattern[p * kWord]), sums[p]);
        }
      }
    }
#pragma GCC unroll 16
    for (int p = 0; p < kTogether; ++p, counts += kOutputs) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) Widen(sums[p][v], add, counts + v * kBytes);
    }
  }

  const ConvTask& task_;
  std::uint16_t* const patterns_;
};

}  // namespace

const ConvKernels& Avx512Codewords() {
  static constexpr ConvKernels kKernels = {
      SumMethod::kCodewords,         "look-up, avx512 vbmi",    Isa::kAvx512, kBytes, true,
      CodewordCounter::ScratchBytes, Convolve<CodewordCounter>, Pool};
  return kKernels;
}

}  // namespace subbit
