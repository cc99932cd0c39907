// Counts differing signs within 32-bit words by shifts and masks, in loops over outputs that compilers turn into
// vectors of whatever the target has.

#include <cstdint>

#include "core/integer/conv/conv_kernels.h"
#include "core/integer/conv/lanes_portable-inl.h"
//
#include "core/integer/conv/finish-inl.h"
#include "core/integer/conv/rows-inl.h"
//
#include "core/integer/conv/count_words-inl.h"

namespace subbit {
namespace {

/// Numbers that are counted side by side; as many outputs.
constexpr int kNumbers = 8;
constexpr std::int64_t kPairsOfBytes = 31;  // whose counts, at most 8 a byte, fit in bytes

/// How many bits of each byte are set.
inline std::uint32_t CountBytes(std::uint32_t bits) {
  const std::uint32_t twos = bits - ((bits >> 1) & 0x55555555u);
  const std::uint32_t fours = (twos & 0x33333333u) + ((twos >> 2) & 0x33333333u);
  return (fours + (fours >> 4)) & 0x0f0f0f0fu;
}

inline std::uint32_t AddBytes(std::uint32_t counts) {
  const std::uint32_t pairs = (counts & 0x00ff00ffu) + ((counts >> 8) & 0x00ff00ffu);
  return (pairs + (pairs >> 16)) & 0xffffu;
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
    for (int i = 0; i < count; ++i) {
      PatchWords(task_, layout_, tile->taps[i], words_ + i * layout_.steps);
      tile->odd[i] = 0;
    }
  }

  void Count(std::int64_t block, int count, CountedTile<WordCounter>* tile) const {
    for (int o = 0; o < kOutputs && block + o < task_.outs; o += kNumbers) {
      const std::uint32_t* const weights = task_.bits + (block + o) * layout_.steps;
      for (int i = 0; i < count; ++i) CountNumbers(words_ + i * layout_.steps, weights, tile->counts.at[i] + o);
    }
  }

 private:
  /// The differences of kNumbers outputs; popcount_conv.h has the method.
  void CountNumbers(const std::uint32_t* words, const std::uint32_t* weights, std::uint16_t* counts) const {
    std::uint32_t ones[kNumbers] = {};
    std::uint32_t sums[kNumbers] = {};
    for (std::int64_t pairs = layout_.steps / 2; pairs > 0; pairs -= kPairsOfBytes) {
      std::uint32_t twos[kNumbers] = {};
      const std::int64_t block = pairs < kPairsOfBytes ? pairs : kPairsOfBytes;
      for (std::int64_t k = 0; k < block; ++k, words += 2, weights += 2 * kNumbers) {
        for (int i = 0; i < kNumbers; ++i) {
          const std::uint32_t differs = words[0] ^ weights[i];
          const std::uint32_t changed = words[1] ^ weights[kNumbers + i];
          twos[i] += CountBytes((changed & ones[i]) | (~changed & differs));
          ones[i] ^= changed;
        }
      }
      for (int i = 0; i < kNumbers; ++i) sums[i] += 2 * AddBytes(twos[i]);
    }
    for (int i = 0; i < kNumbers; ++i) counts[i] = static_cast<std::uint16_t>(sums[i] + AddBytes(CountBytes(ones[i])));
  }

  const ConvTask& task_;
  const CountLayout layout_;
  std::uint32_t* const words_;
};

}  // namespace

const ConvKernels& PortableCounts() {
  static constexpr ConvKernels kKernels = {SumMethod::kCounts,
                                           "xor and popcount, portable",
                                           Isa::kPortable,
                                           kNumbers,
                                           false,
                                           WordCounter::ScratchBytes,
                                           Convolve<WordCounter>,
                                           Pool};
  return kKernels;
}

}  // namespace subbit
