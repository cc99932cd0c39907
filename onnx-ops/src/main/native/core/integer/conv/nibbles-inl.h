// Counts differing signs four at a time (prepared_weights.h). Included by the files of an instruction set after one of
// nibble_offsets_*-inl.h and rows-inl.h. Everything here is in an unnamed namespace, see map_kernels-inl.h.

#include <cstdint>

#include "core/integer/conv/conv_kernels.h"

namespace subbit {
namespace {

/// The number of 16-bit offsets of a pair of pixels: `steps`, and room for a whole word of the last tap.
constexpr std::int64_t OffsetStride(std::int64_t steps) { return (steps + 16 + 31) / 32 * 32; }

class NibbleCounter {
 public:
  static constexpr int kPixels = 16;
  static constexpr int kOutputs = 4 * kBytes;
  using Counts = WordCounts<kPixels, kOutputs>;

  static std::int64_t ScratchBytes(std::int64_t, std::int64_t steps, std::int64_t) {
    return kPixels / 2 * OffsetStride(steps) * static_cast<std::int64_t>(sizeof(std::uint16_t));
  }

  NibbleCounter(const ConvTask& task, void* scratch)
      : task_(task), stride_(OffsetStride(task.steps)), offsets_(static_cast<std::uint16_t*>(scratch)) {}

  void Prepare(CountedTile<NibbleCounter>* tile, int count) {
    // As many as CountVectors may take together: pixels behind the last one repeat it.
    const int prepared = (count + 2 * kMostPairs - 1) / (2 * kMostPairs) * 2 * kMostPairs;
    const std::int64_t steps_of_tap = (task_.channels + 3) / 4;
    for (int i = 0; i < prepared; i += 2) {
      std::uint16_t* const to = offsets_ + i / 2 * stride_;
      PairOdd odd;
      if (3 * steps_of_tap <= kNibblesOfWord) {
        RowOffsets(tile->taps[i], tile->taps[i + 1], steps_of_tap, to, &odd);
      } else {
        TapOffsets(tile->taps[i], tile->taps[i + 1], steps_of_tap, to, &odd);
      }
      for (std::int64_t step = 9 * steps_of_tap; step < task_.steps; ++step) to[step] = 0;
      odd.Get(&tile->odd[i]);
    }
  }

  void Count(std::int64_t block, int count, CountedTile<NibbleCounter>* tile) const {
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
  static constexpr int kNibblesOfWord = 16;
  static constexpr int kMostPairs = 4;
  static constexpr int kGroup = kNibbleSteps;
  /// How many groups a byte holds: 18 * 7 * 2 <= 255.
  static constexpr std::int64_t kGroups = 18;

  /// A word of the plane is as many steps of a tap. A last word that is not full reaches into the next tap's steps,
  /// which are written later: last words come first.
  void TapOffsets(const std::uint64_t* first, const std::uint64_t* second, std::int64_t steps_of_tap, std::uint16_t* to,
                  PairOdd* odd) const {
    for (std::int64_t w = task_.words - 1; w >= 0; --w) {
      for (int tap = 0; tap < 9; ++tap) {
        const std::int64_t at = tap / 3 * task_.pitch + tap % 3 * task_.words + w;
        odd->Add(PairOffsets(first[at], second[at], to + tap * steps_of_tap + w * kNibblesOfWord));
      }
      odd->Sum();
    }
  }

  /// Few channels: the three taps of a row fit in a word.
  void RowOffsets(const std::uint64_t* first, const std::uint64_t* second, std::int64_t steps_of_tap, std::uint16_t* to,
                  PairOdd* odd) const {
    const auto shift = static_cast<int>(4 * steps_of_tap);
    const auto row = [shift](const std::uint64_t* taps) { return taps[0] | taps[1] << shift | taps[2] << (2 * shift); };
    for (int r = 0; r < 3; ++r, first += task_.pitch, second += task_.pitch) {
      odd->Add(PairOffsets(row(first), row(second), to + 3 * r * steps_of_tap));
    }
    odd->Sum();
  }

  template <int kVectors>
  void CountVectors(const std::uint8_t* index, int count, CountedTile<NibbleCounter>* tile) const {
    constexpr int kPairs = kVectors == 1 ? kMostPairs : kVectors == 2 ? 2 : 1;
    for (std::int64_t group = 0; group < task_.steps / kGroup; group += kGroups) {
      const std::int64_t left = task_.steps / kGroup - group;
      for (int i = 0; i < count; i += 2 * kPairs) {
        CountGroups<kPairs, kVectors>(offsets_ + i / 2 * stride_ + group * kGroup, stride_,
                                      static_cast<int>(left < kGroups ? left : kGroups), task_.tables,
                                      index + group * kGroup * kVectors * kBytes, group > 0, tile->counts.at[i]);
      }
    }
  }

  /// Not inlined, so that the registers are the inner loop's alone.
  template <int kPairs, int kVectors>
  [[gnu::noinline]] static void CountGroups(const std::uint16_t* offsets, std::int64_t stride, int groups,
                                            const std::uint8_t* tables, const std::uint8_t* index, bool add,
                                            std::uint16_t* counts) {
    Bytes low[kPairs][kVectors];
    Bytes high[kPairs][kVectors];
#pragma GCC unroll 4
    for (int p = 0; p < kPairs; ++p) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) low[p][v] = high[p][v] = NoBytes();
    }
    for (int g = 0; g < groups; ++g, offsets += kGroup, index += kGroup * kVectors * kBytes) {
      Bytes pairs[kPairs][kVectors];
#pragma GCC unroll 8
      for (int step = 0; step < kGroup; ++step) {
#pragma GCC unroll 4
        for (int p = 0; p < kPairs; ++p) {
          const Table16 table = Table16::FromMemory(tables + offsets[p * stride + step]);
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) {
            const Bytes found = LookUp(table, LoadBytes(index + (step * kVectors + v) * kBytes));
            pairs[p][v] = step == 0 ? found : AddBytes(pairs[p][v], found);
            Hold(&pairs[p][v]);
          }
        }
      }
#pragma GCC unroll 4
      for (int p = 0; p < kPairs; ++p) {
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) AddHalves(pairs[p][v], &low[p][v], &high[p][v]);
      }
    }
#pragma GCC unroll 4
    for (int p = 0; p < kPairs; ++p, counts += 2 * kOutputs) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        Widen(low[p][v], add, counts + v * kBytes);
        Widen(UpperSums(low[p][v], high[p][v]), add, counts + kOutputs + v * kBytes);
      }
    }
  }

  const ConvTask& task_;
  const std::int64_t stride_;
  std::uint16_t* const offsets_;
};

}  // namespace
}  // namespace subbit
