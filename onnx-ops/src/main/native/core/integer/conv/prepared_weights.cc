#include "core/integer/conv/prepared_weights.h"

#include <algorithm>

namespace subbit {
namespace {

constexpr int kTapsOfKernel = 9;
constexpr int kPatterns = 1 << kTapsOfKernel;

std::int64_t RoundedUp(std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; }

int Bits(unsigned pattern) { return __builtin_popcount(pattern); }

/// h of PreparedWeights.
std::uint8_t HalfOfDifferences(unsigned x, unsigned w) {
  return static_cast<std::uint8_t>((Bits(x ^ w) - Bits(x) % 2 + Bits(w) % 2) / 2);
}

/// Which output, of those of a vector, is looked up in a lane.
std::int64_t OutputOfLane(const ConvKernels& kernels, int lane) {
  return kernels.interleaved ? lane / 2 + lane % 2 * kernels.lanes / 2 : lane;
}

/// Calls set(o, byte of lane, first byte of vector) for the outputs of all vectors of an index of this many steps,
/// where vectors that are looked up together lie side by side: [steps][vectors together][lanes].
template <class Value>
AlignedArray<std::uint8_t> TogetherIndex(const ConvKernels& kernels, const SubBitWeights& weights, std::int64_t steps,
                                         Value value) {
  const std::int64_t vectors = (weights.out_channels + kernels.lanes - 1) / kernels.lanes;
  AlignedArray<std::uint8_t> index(vectors * steps * kernels.lanes);
  std::uint8_t* to = index.data();
  for (std::int64_t first = 0; first < vectors; first += VectorsTogether(vectors - first)) {
    for (std::int64_t step = 0; step < steps; ++step) {
      for (std::int64_t v = 0; v < VectorsTogether(vectors - first); ++v) {
        for (int lane = 0; lane < kernels.lanes; ++lane, ++to) {
          const std::int64_t o = (first + v) * kernels.lanes + OutputOfLane(kernels, lane);
          if (o < weights.out_channels) *to = value(o, step);
        }
      }
    }
  }
  return index;
}

std::vector<std::int32_t> OddCodewords(const SubBitWeights& weights) {
  std::vector<std::int32_t> odd;
  for (std::int64_t o = 0; o < weights.out_channels; ++o) {
    std::int32_t count = 0;
    for (std::int64_t c = 0; c < weights.in_channels; ++c) count += Bits(weights.Codeword(o, c)) % 2;
    odd.push_back(count);
  }
  return odd;
}

/// The bits of a pattern or codeword, column by column instead of row by row.
unsigned ByColumns(unsigned taps) {
  unsigned turned = 0;
  for (int tap = 0; tap < kTapsOfKernel; ++tap) turned |= (taps >> tap & 1u) << (tap % 3 * 3 + tap / 3);
  return turned;
}

/// A row of h for each pattern, and a row of zeros for steps after the last channel.
AlignedArray<std::uint8_t> CodewordRows(const SubBitWeights& weights, int row_bytes, bool by_columns) {
  AlignedArray<std::uint8_t> rows((kPatterns + 1) * row_bytes);
  for (unsigned x = 0; x < kPatterns; ++x) {
    const std::int64_t row = by_columns ? ByColumns(x) : x;
    for (std::size_t k = 0; k < weights.codewords.size(); ++k) {
      rows[row * row_bytes + static_cast<std::int64_t>(k)] = HalfOfDifferences(x, weights.codewords[k]);
    }
  }
  return rows;
}

std::uint16_t IndexOf(const SubBitWeights& weights, std::int64_t o, std::int64_t c) {
  return weights.index[static_cast<std::size_t>(o * weights.in_channels + c)];
}

PreparedWeights MakeCodewords(const ConvKernels& kernels, const SubBitWeights& weights) {
  PreparedWeights made;
  made.steps = weights.in_channels;
  made.row_bytes = weights.tau <= 5 ? 32 : 64;
  made.tables = CodewordRows(weights, made.row_bytes, true);
  const std::int64_t vectors = (weights.out_channels + kernels.lanes - 1) / kernels.lanes;
  made.index = AlignedArray<std::uint8_t>(vectors * made.steps * kernels.lanes);
  std::uint8_t* to = made.index.data();
  for (std::int64_t v = 0; v < vectors; ++v) {
    for (std::int64_t c = 0; c < made.steps; ++c) {
      for (int lane = 0; lane < kernels.lanes; ++lane, ++to) {
        const std::int64_t o = v * kernels.lanes + OutputOfLane(kernels, lane);
        if (o < weights.out_channels) *to = static_cast<std::uint8_t>(IndexOf(weights, o, c));
      }
    }
  }
  made.odd = OddCodewords(weights);
  made.halved = true;
  return made;
}

PreparedWeights MakeCodewordPairs(const ConvKernels& kernels, const SubBitWeights& weights) {
  PreparedWeights made;
  made.steps = RoundedUp(weights.in_channels, kPairSteps);
  made.row_bytes = weights.tau <= 4 ? 16 : 32;
  made.tables = CodewordRows(weights, made.row_bytes, false);
  made.index = TogetherIndex(kernels, weights, made.steps, [&](std::int64_t o, std::int64_t c) {
    return c < weights.in_channels ? static_cast<std::uint8_t>(IndexOf(weights, o, c)) : std::uint8_t{0};
  });
  made.odd = OddCodewords(weights);
  made.halved = true;
  return made;
}

PreparedWeights MakeNibbles(const ConvKernels& kernels, const SubBitWeights& weights) {
  PreparedWeights made;
  const std::int64_t steps_of_tap = (weights.in_channels + 3) / 4;
  made.steps = RoundedUp(kTapsOfKernel * steps_of_tap, kNibbleSteps);
  made.row_bytes = 16;
  made.tables = AlignedArray<std::uint8_t>(256 * made.row_bytes);
  for (unsigned pair = 0; pair < 256; ++pair) {
    for (unsigned w = 0; w < 16; ++w) {
      made.tables[pair * 16 + w] =
          static_cast<std::uint8_t>(HalfOfDifferences(pair % 16, w) + HalfOfDifferences(pair / 16, w) * 16);
    }
  }
  const auto nibble = [&](std::int64_t o, std::int64_t step) {
    unsigned bits = 0;
    const std::int64_t tap = step / steps_of_tap;
    const std::int64_t first = step % steps_of_tap * 4;
    for (std::int64_t c = first; tap < kTapsOfKernel && c < std::min(first + 4, weights.in_channels); ++c) {
      bits |= ((weights.Codeword(o, c) >> tap) & 1u) << (c - first);
    }
    return static_cast<std::uint8_t>(bits);
  };
  made.index = TogetherIndex(kernels, weights, made.steps, nibble);
  for (std::int64_t o = 0; o < weights.out_channels; ++o) {
    std::int32_t count = 0;
    for (std::int64_t step = 0; step < made.steps; ++step) count += Bits(nibble(o, step)) % 2;
    made.odd.push_back(count);
  }
  made.halved = true;
  return made;
}

/// Tables of the bits of two channels in the three columns of a row: step r * pairs of channels + pair. Channel 2 k's
/// bits come before channel 2 k + 1's, column by column.
PreparedWeights MakeSixSigns(const ConvKernels& kernels, const SubBitWeights& weights) {
  PreparedWeights made;
  const std::int64_t pairs = (weights.in_channels + 1) / 2;
  made.steps = RoundedUp(3 * pairs, kSixSignSteps);
  made.row_bytes = 64;
  const auto signs = [&](std::int64_t o, std::int64_t step) {
    unsigned bits = 0;
    if (o >= weights.out_channels || step >= 3 * pairs) return bits;
    const std::int64_t row = step / pairs;
    const std::int64_t first = step % pairs * 2;
    for (std::int64_t c = first; c < std::min(first + 2, weights.in_channels); ++c) {
      for (int column = 0; column < 3; ++column) {
        bits |= ((weights.Codeword(o, c) >> (3 * row + column)) & 1u) << (2 * column + (c - first));
      }
    }
    return bits;
  };
  const int half = kernels.lanes / 2;
  const std::int64_t blocks = (weights.out_channels + kernels.lanes - 1) / kernels.lanes;
  made.tables = AlignedArray<std::uint8_t>(blocks * made.steps * half * made.row_bytes);
  std::uint8_t* to = made.tables.data();
  for (std::int64_t block = 0; block < blocks; ++block) {
    for (std::int64_t step = 0; step < made.steps; ++step) {
      for (std::int64_t o = block * kernels.lanes; o < block * kernels.lanes + half; ++o) {
        const unsigned lower = signs(o, step);
        const unsigned upper = signs(o + half, step);
        for (unsigned x = 0; x < 64; ++x, ++to) {
          if (step < 3 * pairs)
            *to = static_cast<std::uint8_t>(HalfOfDifferences(x, lower) + HalfOfDifferences(x, upper) * 16);
        }
      }
    }
  }
  for (std::int64_t o = 0; o < weights.out_channels; ++o) {
    std::int32_t count = 0;
    for (std::int64_t step = 0; step < made.steps; ++step) count += Bits(signs(o, step)) % 2;
    made.odd.push_back(count);
  }
  made.halved = true;
  return made;
}

/// The words of a patch whose taps all hold `bit(tap, channel)`.
template <class Bit>
std::vector<std::uint32_t> PatchWords(std::int64_t channels, Bit bit) {
  const CountLayout layout(channels);
  std::vector<std::uint32_t> words(static_cast<std::size_t>(layout.steps));
  for (int tap = 0; tap < kTapsOfKernel; ++tap) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const std::int64_t at = layout.taps_of_word == 1 ? tap * layout.words_of_tap + c / 32 : tap / layout.taps_of_word;
      const std::int64_t shift = layout.taps_of_word == 1 ? c % 32 : tap % layout.taps_of_word * channels + c;
      if (bit(tap, c)) words[static_cast<std::size_t>(at)] |= std::uint32_t{1} << shift;
    }
  }
  for (std::size_t k = 0; k < words.size(); k += 2) words[k + 1] ^= words[k];
  return words;
}

PreparedWeights MakeCounts(const ConvKernels& kernels, const SubBitWeights& weights) {
  PreparedWeights made;
  made.steps = CountLayout(weights.in_channels).steps;
  const std::int64_t vectors = (weights.out_channels + kernels.lanes - 1) / kernels.lanes;
  made.bits = AlignedArray<std::uint32_t>(vectors * made.steps * kernels.lanes);
  for (std::int64_t o = 0; o < weights.out_channels; ++o) {
    const std::vector<std::uint32_t> words = PatchWords(
        weights.in_channels, [&](int tap, std::int64_t c) { return ((weights.Codeword(o, c) >> tap) & 1) != 0; });
    for (std::int64_t k = 0; k < made.steps; ++k) {
      made.bits[(o / kernels.lanes * made.steps + k) * kernels.lanes + o % kernels.lanes] =
          words[static_cast<std::size_t>(k)];
    }
  }
  made.odd.assign(static_cast<std::size_t>(weights.out_channels), 0);
  return made;
}

}  // namespace

PreparedWeights PrepareWeights(const ConvKernels& kernels, const SubBitWeights& weights) {
  switch (kernels.method) {
    case SumMethod::kCodewords:
      return MakeCodewords(kernels, weights);
    case SumMethod::kCodewordPairs:
      return MakeCodewordPairs(kernels, weights);
    case SumMethod::kNibbles:
      return MakeNibbles(kernels, weights);
    case SumMethod::kSixSigns:
      return MakeSixSigns(kernels, weights);
    default:
      return MakeCounts(kernels, weights);
  }
}

}  // namespace subbit
