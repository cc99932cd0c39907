// Looks up the responses of codewords for two pixels at once (prepared_weights.h). Included by the files of an
// instruction set after one of bytes_*-inl.h, rows-inl.h and one of patterns_*-inl.h. Everything here is in an unnamed
// namespace, see map_kernels-inl.h.

#include <cstdint>

#include "core/integer/conv/conv_kernels.h"

namespace subbit {
namespace {

/// Table holds a row of responses.
template <class Table>
class CodewordPairCounter {
 public:
  static constexpr int kPixels = 16;
  static constexpr int kOutputs = 4 * kBytes;
  using Counts = WordCounts<kPixels, kOutputs>;

  static std::int64_t ScratchBytes(std::int64_t channels, std::int64_t, std::int64_t) {
    return kPixels * Stride(channels) * static_cast<std::int64_t>(sizeof(std::uint16_t));
  }

  CodewordPairCounter(const ConvTask& task, void* scratch)
      : task_(task), stride_(Stride(task.channels)), patterns_(static_cast<std::uint16_t*>(scratch)) {}

  void Prepare(CountedTile<CodewordPairCounter>* tile, int count) {
    // In pairs: the pixel behind an odd last one repeats it.
    for (int i = 0; i < (count + 1) / 2 * 2; ++i) {
      std::uint16_t* const patterns = patterns_ + i * stride_;
      const std::uint64_t* const taps = tile->taps[i];
      int odd = 0;
      for (std::int64_t w = 0; w < task_.words; ++w) {
        std::uint64_t words[9];
        std::uint64_t parity = 0;
        for (int tap = 0; tap < 9; ++tap) {
          words[tap] = taps[tap / 3 * task_.pitch + tap % 3 * task_.words + w];
          parity ^= words[tap];
        }
        odd += __builtin_popcountll(parity);
        Patterns(words, task_.channels - w * 64, Table::kRowBytes, patterns + w * 64);
      }
      for (std::int64_t c = task_.channels; c < task_.steps; ++c) {
        patterns[c] = static_cast<std::uint16_t>(512 * Table::kRowBytes);
      }
      tile->odd[i] = static_cast<std::int16_t>(odd);
    }
  }

  void Count(std::int64_t block, int count, CountedTile<CodewordPairCounter>* tile) const {
    const std::int64_t vector = block / kBytes;
    const std::int64_t left = (task_.outs + kBytes - 1) / kBytes - vector;
    const std::uint8_t* const index = task_.index + vector * task_.steps * kBytes;
    switch (VectorsTogether(left)) {
      case 1:
        return CountVectors<1>(index, count, tile);
      case 2:
        return CountVectors<2>(index, count, tile);
      case 3:
        return CountVectors<3>(index, count, tile);
      default:
        return CountVectors<4>(index, count, tile);
    }
  }

 private:
  static constexpr int kGroup = kPairSteps;
  /// How many groups a byte holds: 17 * 3 * 5 <= 255.
  static constexpr std::int64_t kGroups = 17;

  static std::int64_t Stride(std::int64_t channels) { return (channels + 63) / 64 * 64 + 32; }

  template <int kVectors>
  void CountVectors(const std::uint8_t* index, int count, CountedTile<CodewordPairCounter>* tile) const {
    for (std::int64_t group = 0; group < task_.steps / kGroup; group += kGroups) {
      const std::int64_t left = task_.steps / kGroup - group;
      for (int i = 0; i < count; i += 2) {
        CountGroups<kVectors>(patterns_ + i * stride_ + group * kGroup, stride_,
                              static_cast<int>(left < kGroups ? left : kGroups), task_.tables,
                              index + group * kGroup * kVectors * kBytes, group > 0, tile->counts.at[i]);
      }
    }
  }

  /// Not inlined, so that the registers are the inner loop's alone.
  template <int kVectors>
  [[gnu::noinline]] static void CountGroups(const std::uint16_t* patterns, std::int64_t stride, int groups,
                                            const std::uint8_t* tables, const std::uint8_t* index, bool add,
                                            std::uint16_t* counts) {
    Bytes low[kVectors];
    Bytes high[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) low[v] = high[v] = NoBytes();
    for (int g = 0; g < groups; ++g, patterns += kGroup, index += kGroup * kVectors * kBytes) {
      Bytes pairs[kVectors];
#pragma GCC unroll 4
      for (int step = 0; step < kGroup; ++step) {
        const Table table =
            PairTable(Table::FromMemory(tables + patterns[step]), Table::FromMemory(tables + patterns[stride + step]));
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) {
          const Bytes found = LookUp(table, LoadBytes(index + (step * kVectors + v) * kBytes));
          pairs[v] = step == 0 ? found : AddBytes(pairs[v], found);
          Hold(&pairs[v]);
        }
      }
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) AddHalves(pairs[v], &low[v], &high[v]);
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      Widen(low[v], add, counts + v * kBytes);
      Widen(UpperSums(low[v], high[v]), add, counts + kOutputs + v * kBytes);
    }
  }

  const ConvTask& task_;
  const std::int64_t stride_;
  std::uint16_t* const patterns_;
};

}  // namespace
}  // namespace subbit
