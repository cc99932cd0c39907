// Looks up differences of six signs on AVX-512 VBMI, whose byte permutation looks up 64 values in 64: for few channels.
// Lanes are 64 pixels, whose signs select from the tables of the weights (prepared_weights.h), so none is idle however
// few outputs there are, and the number of codewords does not matter. A step, six signs of 64 pixels and two outputs,
// takes a permutation, an addition and two fifths of what separates the outputs: 2.8 operations, and so 550 binary
// multiply-adds a cycle on two pipes.

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
constexpr int kTogether = kSixSignOutputs;  // outputs
constexpr int kPairs = kTogether / 2;
constexpr int kWordPixels = 8;  // of a vector of words

/// Counts of a tile in bytes: [blocks of kTogether outputs][pixels][kTogether].
template <int kPixels, int kOutputs>
struct ByteCounts {
  alignas(64) std::uint8_t at[kOutputs / kTogether][kPixels][kTogether];

  /// Those of outputs first .. first + 31 of pixel i.
  Lanes Load(int i, std::int64_t first) const {
    const std::int64_t block = first / kTogether;
    const __m128i low = _mm_load_si128(reinterpret_cast<const __m128i*>(at[block][i]));
    const __m128i high = _mm_load_si128(reinterpret_cast<const __m128i*>(at[block + 1][i]));
    return _mm512_cvtepu8_epi16(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1));
  }

  /// Those of the first outputs of pixels i and i + 1.
  Lanes LoadTwo(int i) const {
    return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at[0][i])));
  }
};

/// Tables are looked up by the six bits of a pair of channels in the three columns of a row, which are the same for all
/// three rows of kernels that come across them. These patterns are made first, for all rows of a task: for every pair
/// of channels, rows of the signs, which are pixels of a whole row of sums. Rows of equal remainder by the stride lie
/// together, so that a tap's patterns are those of the sums' pixels from a place on, whatever the width.
class SixSignCounter {
 public:
  static constexpr int kPixels = kBytes;
  static constexpr int kOutputs = kOutputBlock;
  using Counts = ByteCounts<kPixels, kOutputs>;

  /// Rows of sums whose patterns are made at a time.
  static std::int64_t Rows(std::int64_t columns) { return columns < kRowPixels ? kRowPixels / columns : 1; }

  static std::int64_t ScratchBytes(std::int64_t channels, std::int64_t, std::int64_t columns) {
    const Layout layout(channels, columns);
    return layout.pairs * layout.PairBytes() + layout.PairBytes();
  }

  SixSignCounter(const ConvTask& task, void* scratch)
      : task_(task),
        layout_(task.channels, task.columns),
        patterns_(static_cast<std::uint8_t*>(scratch)),
        odd_(patterns_ + layout_.pairs * layout_.PairBytes()) {
    const std::int64_t rows = (task.past_row - task.first_row - 1) * task.stride_rows + 3;
    for (std::int64_t row = 0; row < rows; ++row) MakePatterns(row);
    std::int64_t step = 0;
    for (int r = 0; r < 3; ++r) {
      for (std::int64_t k = 0; k < layout_.pairs; ++k) places_[step++] = k * layout_.PairBytes() + layout_.Row(r, task);
    }
    while (step < task.steps) places_[step++] = 0;  // their tables are zeros
  }

  void Prepare(CountedTile<SixSignCounter>* tile, int count) {
    pixel_ = next_;
    next_ += count;
    __m512i odd = _mm512_setzero_si512();
    for (int r = 0; r < 3; ++r) odd = _mm512_add_epi8(odd, _mm512_loadu_si512(odd_ + layout_.Row(r, task_) + pixel_));
    _mm512_storeu_si512(tile->odd, _mm512_cvtepu8_epi16(_mm512_castsi512_si256(odd)));
    _mm512_storeu_si512(tile->odd + 32, _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(odd, 1)));
  }

  void Count(std::int64_t block, int, CountedTile<SixSignCounter>* tile) const {
    for (std::int64_t first = block; first < block + kOutputs && first < task_.outs; first += kTogether) {
      CountTogether(patterns_ + pixel_, places_, task_.tables + first / 2 * task_.steps * kBytes, task_.steps,
                    tile->counts.at[(first - block) / kTogether]);
    }
  }

 private:
  static constexpr std::int64_t kRowPixels = 1024;

  struct Layout {
    Layout(std::int64_t channels, std::int64_t row_pixels)
        : pairs((channels + 1) / 2), columns(row_pixels), rows(Rows(row_pixels) + 2) {}

    /// Of the rows of both remainders. Vectors reach beyond the last pixel.
    std::int64_t PairBytes() const { return (2 * RemainderBytes() + 2 * kBytes - 1) / kBytes * kBytes; }

    /// Where a row of the signs begins, counted from the task's first.
    std::int64_t Row(std::int64_t row, const ConvTask& task) const {
      return row % task.stride_rows * RemainderBytes() + row / task.stride_rows * columns;
    }

    /// Words of pixels reach beyond the last row.
    std::int64_t RemainderBytes() const { return rows * columns + kWordPixels; }

    std::int64_t pairs;
    std::int64_t columns;
    std::int64_t rows;
  };

  /// Every stride_columns-th word, `count` of them.
  static __m512i Words(const std::uint64_t* from, std::int64_t stride, int count) {
    if (stride == 1) return _mm512_maskz_loadu_epi64(static_cast<__mmask8>((1u << count) - 1), from);
    const auto mask = static_cast<__mmask16>((1u << (2 * count - 1)) - 1);
    const __m512i low = _mm512_maskz_loadu_epi64(static_cast<__mmask8>(mask), from);
    const __m512i high = _mm512_maskz_loadu_epi64(static_cast<__mmask8>(mask >> 8), from + kWordPixels);
    return _mm512_permutex2var_epi64(low, _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), high);
  }

  /// The patterns of a row of the signs, counted from the task's first.
  void MakePatterns(std::int64_t row) {
    const std::uint64_t* const words = task_.signs + (task_.first_row * task_.stride_rows + row) * task_.pitch;
    std::uint8_t* const to = patterns_ + layout_.Row(row, task_);
    for (std::int64_t column = 0; column < layout_.columns; column += kWordPixels) {
      const std::int64_t left = layout_.columns - column;
      const int count = left < kWordPixels ? static_cast<int>(left) : kWordPixels;
      const std::uint64_t* const from = words + column * task_.stride_columns;
      const __m512i first = Words(from, task_.stride_columns, count);
      const __m512i second = Words(from + 1, task_.stride_columns, count);
      const __m512i third = Words(from + 2, task_.stride_columns, count);
      // Byte k of a word takes the bits from 2 k on of each column, moved to their place.
      __m512i bits = _mm512_set1_epi64(0x0e0c0a0806040200);
      __m512i odd = _mm512_setzero_si512();
      for (std::int64_t k = 0; k < layout_.pairs; k += kWordPixels) {
        const __m512i two = _mm512_set1_epi8(2);
        const __m512i before = _mm512_sub_epi8(bits, two);
        __m512i pattern = _mm512_multishift_epi64_epi8(bits, first);
        pattern = Select(_mm512_set1_epi8(0x03), pattern, _mm512_multishift_epi64_epi8(before, second));
        pattern =
            Select(_mm512_set1_epi8(0x0f), pattern, _mm512_multishift_epi64_epi8(_mm512_sub_epi8(before, two), third));
        odd = _mm512_add_epi64(odd,
                               _mm512_sad_epu8(_mm512_permutexvar_epi8(pattern, Parities()), _mm512_setzero_si512()));
        StorePixels(pattern, layout_.pairs - k, to + k * layout_.PairBytes() + column);
        bits = _mm512_add_epi8(bits, _mm512_set1_epi8(2 * kWordPixels));
      }
      _mm_storel_epi64(reinterpret_cast<__m128i*>(odd_ + layout_.Row(row, task_) + column), _mm512_cvtepi64_epi8(odd));
    }
  }

  /// a where the mask is set, else b.
  static __m512i Select(__m512i mask, __m512i a, __m512i b) { return _mm512_ternarylogic_epi32(mask, a, b, 0xca); }

  /// Whether an index has an odd number of bits.
  static __m512i Parities() {
    constexpr long long kOnes = 0x0101010101010101;
    constexpr long long kEven = 0x0100000100010100;  // of indices 0 to 7, from the lowest byte
    constexpr long long kOdd = kEven ^ kOnes;        // the same with one more bit
    return _mm512_setr_epi64(kEven, kOdd, kOdd, kEven, kOdd, kEven, kEven, kOdd);
  }

  /// Stores bytes [eight pixels][eight pairs] pair by pair, as many pairs as are left.
  void StorePixels(__m512i pattern, std::int64_t left, std::uint8_t* to) const {
    const std::int64_t pair = layout_.PairBytes();
    const __m512i turned = _mm512_permutexvar_epi8(Turned(), pattern);
    const __m128i parts[4] = {_mm512_castsi512_si128(turned), _mm512_extracti32x4_epi32(turned, 1),
                              _mm512_extracti32x4_epi32(turned, 2), _mm512_extracti32x4_epi32(turned, 3)};
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i, to += 2 * pair) {
      if (left > 2 * i) _mm_storel_epi64(reinterpret_cast<__m128i*>(to), parts[i]);
      if (left > 2 * i + 1) {
        // One operation; the intrinsic wants an aligned double.
        __asm__("vmovhps %[part], %[to]" : [to] "=m"(*reinterpret_cast<char (*)[8]>(to + pair)) : [part] "v"(parts[i]));
      }
    }
  }

  /// Byte 8 k + i from byte 8 i + k.
  static __m512i Turned() {
    const long long column = 0x3830282018100800;
    const long long one = 0x0101010101010101;
    return _mm512_setr_epi64(column, column + one, column + 2 * one, column + 3 * one, column + 4 * one,
                             column + 5 * one, column + 6 * one, column + 7 * one);
  }

  /// Counts kTogether outputs of kPixels pixels. Not inlined, so that the registers are the inner loop's alone.
  [[gnu::noinline]] static void CountTogether(const std::uint8_t* patterns, const std::int64_t* places,
                                              const std::uint8_t* tables, std::int64_t steps,
                                              std::uint8_t (*counts)[kTogether]) {
    __m512i all[kPairs];
    __m512i upper[kPairs];
    const __m512i half = _mm512_set1_epi8(0x0f);
#pragma GCC unroll 8
    for (int p = 0; p < kPairs; ++p) all[p] = upper[p] = _mm512_setzero_si512();
    for (std::int64_t step = 0; step < steps; step += kSixSignSteps, tables += kSixSignSteps * kPairs * kBytes) {
      __m512i both[kPairs];
#pragma GCC unroll 8
      for (int s = 0; s < kSixSignSteps; ++s) {
        const __m512i pattern = _mm512_loadu_si512(patterns + places[step + s]);
#pragma GCC unroll 8
        for (int p = 0; p < kPairs; ++p) {
          const __m512i found = _mm512_permutexvar_epi8(pattern, _mm512_load_si512(tables + (s * kPairs + p) * kBytes));
          both[p] = s == 0 ? found : _mm512_add_epi8(both[p], found);
        }
      }
#pragma GCC unroll 8
      for (int p = 0; p < kPairs; ++p) {
        all[p] = _mm512_add_epi8(all[p], both[p]);
        upper[p] = _mm512_add_epi8(upper[p], _mm512_and_si512(_mm512_srli_epi16(both[p], 4), half));
      }
    }
    // all = lower + 16 * upper. Vectors of pixels become pixels of outputs.
    __m512i outputs[kTogether];
#pragma GCC unroll 8
    for (int p = 0; p < kPairs; ++p) {
      const __m512i sixteenfold = _mm512_andnot_si512(half, _mm512_slli_epi16(upper[p], 4));
      outputs[p] = _mm512_sub_epi8(all[p], sixteenfold);
      outputs[kPairs + p] = upper[p];
    }
    Turn(outputs, counts);
  }

  /// counts[i][o] = byte i of outputs[o].
  static void Turn(const __m512i (&outputs)[kTogether], std::uint8_t (*counts)[kTogether]) {
    __m512i from[kTogether];
#pragma GCC unroll 16
    for (int o = 0; o < kTogether; ++o) from[o] = outputs[o];
    // Four times, the vectors of outputs o and o + 8 are interleaved.
#pragma GCC unroll 4
    for (int stage = 0; stage < 4; ++stage) {
      __m512i to[kTogether];
#pragma GCC unroll 8
      for (int o = 0; o < kPairs; ++o) {
        to[2 * o] = _mm512_unpacklo_epi8(from[o], from[o + kPairs]);
        to[2 * o + 1] = _mm512_unpackhi_epi8(from[o], from[o + kPairs]);
      }
#pragma GCC unroll 16
      for (int o = 0; o < kTogether; ++o) from[o] = to[o];
    }
#pragma GCC unroll 16
    for (int i = 0; i < kTogether; ++i) {
      const auto store = [&](int lane, __m128i bytes) {
        _mm_store_si128(reinterpret_cast<__m128i*>(counts[16 * lane + i]), bytes);
      };
      store(0, _mm512_castsi512_si128(from[i]));
      store(1, _mm512_extracti32x4_epi32(from[i], 1));
      store(2, _mm512_extracti32x4_epi32(from[i], 2));
      store(3, _mm512_extracti32x4_epi32(from[i], 3));
    }
  }

  const ConvTask& task_;
  const Layout layout_;
  std::uint8_t* const patterns_;
  std::uint8_t* const odd_;
  std::int64_t places_[kMostSixSignSteps];
  std::int64_t pixel_ = 0;
  std::int64_t next_ = 0;
};

/// As many rows at a time as patterns have memory.
void ConvolveSixSigns(const ConvTask& task, void* scratch) {
  const std::int64_t rows = SixSignCounter::Rows(task.columns);
  ConvTask part = task;
  for (std::int64_t row = task.first_row; row < task.past_row; row += rows) {
    part.first_row = row;
    part.past_row = task.past_row - row < rows ? task.past_row : row + rows;
    if (task.sums != nullptr) part.sums = task.sums + (row - task.first_row) * task.columns * task.padded_outs;
    Convolve<SixSignCounter>(part, scratch);
  }
}

}  // namespace

const ConvKernels& Avx512SixSigns() {
  static constexpr ConvKernels kKernels = {SumMethod::kSixSigns,
                                           "look-up of six signs, avx512 vbmi",
                                           Isa::kAvx512,
                                           kTogether,
                                           false,
                                           SixSignCounter::ScratchBytes,
                                           ConvolveSixSigns,
                                           Pool};
  return kKernels;
}

}  // namespace subbit
