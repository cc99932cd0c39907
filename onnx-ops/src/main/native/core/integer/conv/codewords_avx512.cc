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

/// The patterns of 64 channels (PreparedWeights), each times 2^shift, at pixels that columns of three rows come to one
/// after the other: a pixel that follows its neighbour takes a third of the work.
class PatternWindow {
 public:
  PatternWindow(std::int64_t pitch, int shift)
      : pitch_(pitch),
        top_(_mm512_set1_epi8(static_cast<char>(1 << (shift - 2)))),
        middle_(_mm512_set1_epi8(static_cast<char>(1 << (shift - 1)))),
        bottom_(_mm512_set1_epi8(static_cast<char>(1 << shift))),
        kept_(_mm512_set1_epi16(static_cast<std::int16_t>(0x3f << shift))) {}

  /// Replaces the first of the three columns by one after the last. It becomes bits 6 to 8 of a pattern, whose upper
  /// byte begins with bit 8 - shift.
  void Add(const std::uint64_t* column) {
    const std::uint64_t words[3] = {column[0], column[pitch_], column[2 * pitch_]};
    __m512i bits = _mm512_maskz_mov_epi8(words[0], top_);
    bits = _mm512_mask_add_epi8(bits, words[1], bits, middle_);
    bits = _mm512_mask_add_epi8(bits, words[2], bits, bottom_);
    // Unpacking takes the halves of each 128 bits.
    bits = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7), bits);
    const __m512i zero = _mm512_setzero_si512();
    constexpr int kKeepAndAdd = 0xea;  // a & b | c
    first_ =
        _mm512_ternarylogic_epi32(_mm512_srli_epi16(first_, 3), kept_, _mm512_unpacklo_epi8(zero, bits), kKeepAndAdd);
    second_ =
        _mm512_ternarylogic_epi32(_mm512_srli_epi16(second_, 3), kept_, _mm512_unpackhi_epi8(zero, bits), kKeepAndAdd);
    parities_[0] = parities_[1];
    parities_[1] = parities_[2];
    parities_[2] = words[0] ^ words[1] ^ words[2];
  }

  void Store(std::uint16_t* patterns) const {
    _mm512_store_si512(patterns, first_);
    _mm512_store_si512(patterns + 32, second_);
  }

  /// How many patterns have an odd number of bits.
  int Odd() const { return __builtin_popcountll(parities_[0] ^ parities_[1] ^ parities_[2]); }

 private:
  const std::int64_t pitch_;
  const __m512i top_;
  const __m512i middle_;
  const __m512i bottom_;
  const __m512i kept_;
  __m512i first_ = _mm512_setzero_si512();
  __m512i second_ = _mm512_setzero_si512();
  std::uint64_t parities_[3] = {};
};

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
  using Counts = WordCounts<kPixels, kOutputs>;

  static std::int64_t ScratchBytes(std::int64_t channels, std::int64_t, std::int64_t) {
    return (channels + kWord - 1) / kWord * kPixels * kWord * static_cast<std::int64_t>(sizeof(std::uint16_t));
  }

  CodewordCounter(const ConvTask& task, void* scratch) : task_(task), patterns_(static_cast<std::uint16_t*>(scratch)) {}

  void Prepare(CountedTile<CodewordCounter>* tile, int count) {
    const int shift = task_.row_bytes == 32 ? 5 : 6;
    for (int i = 0; i < count; ++i) tile->odd[i] = 0;
    for (std::int64_t w = 0; w < task_.words; ++w) {
      PatternWindow window(task_.pitch, shift);
      for (int i = 0; i < count; ++i) {
        const std::uint64_t* const taps = tile->taps[i] + w;
        if (i == 0 || taps != tile->taps[i - 1] + w + task_.words) {
          window.Add(taps);
          window.Add(taps + task_.words);
        }
        window.Add(taps + 2 * task_.words);
        window.Store(patterns_ + (w * kPixels + i) * kWord);
        tile->odd[i] = static_cast<std::int16_t>(tile->odd[i] + window.Odd());
      }
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
                                               part > 0, tile->counts.at[i]);
      } else {
        CountChannels<kTogether, kVectors, 64>(patterns, first, past, task_.tables, codewords, task_.steps * kBytes,
                                               part > 0, tile->counts.at[i]);
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
