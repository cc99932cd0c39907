// Counts bits within 32-bit words by shifts and masks, in loops over a tile that compilers turn into vectors of
// whatever the target has. Everything is in an unnamed namespace, see map_kernels-inl.h.

#include <cstdint>

#include "core/packing/sign_words-inl.h"
#include "core/popcount/popcount_kernels.h"
#include "core/signs/sign_finish-inl.h"

namespace subbit {
namespace {

constexpr int kTile = PopcountKernels::kTile;
constexpr int kOutputs = PopcountKernels::kOutputs;
constexpr std::int64_t kPairsOfBytes = 31;  // whose counts, at most 8 a byte, fit in bytes

/// How many bits of each byte are set.
inline std::uint32_t CountBytes(std::uint32_t bits) {
  const std::uint32_t twos = bits - ((bits >> 1) & 0x55555555u);
  const std::uint32_t fours = (twos & 0x33333333u) + ((twos >> 2) & 0x33333333u);
  return (fours + (fours >> 4)) & 0x0f0f0f0fu;
}

inline std::int32_t AddBytes(std::uint32_t counts) {
  const std::uint32_t pairs = (counts & 0x00ff00ffu) + ((counts >> 8) & 0x00ff00ffu);
  return static_cast<std::int32_t>((pairs + (pairs >> 16)) & 0xffffu);
}

/// The differences of one output channel, whose weights are kOutputs apart; popcount_conv.h has the method.
void CountDifferences(const std::uint32_t* __restrict patches, const std::uint32_t* weights, std::int64_t words,
                      std::int32_t* __restrict differences) {
  std::uint32_t ones[kTile] = {};
  for (int i = 0; i < kTile; ++i) differences[i] = 0;
  for (std::int64_t pairs = words / 2; pairs > 0; pairs -= kPairsOfBytes) {
    std::uint32_t twos[kTile] = {};
    const std::int64_t block = pairs < kPairsOfBytes ? pairs : kPairsOfBytes;
    for (std::int64_t k = 0; k < block; ++k, patches += 2 * kTile, weights += 2 * kOutputs) {
      const std::uint32_t first_weight = weights[0];
      const std::uint32_t both_weight = weights[kOutputs];
      for (int i = 0; i < kTile; ++i) {
        const std::uint32_t changed = patches[kTile + i] ^ both_weight;
        const std::uint32_t differs = patches[i] ^ first_weight;
        twos[i] += CountBytes((changed & ones[i]) | (~changed & differs));
        ones[i] ^= changed;
      }
    }
    for (int i = 0; i < kTile; ++i) differences[i] += 2 * AddBytes(twos[i]);
  }
  for (int i = 0; i < kTile; ++i) differences[i] += AddBytes(CountBytes(ones[i]));
  if (words % 2 != 0) {
    for (int i = 0; i < kTile; ++i) differences[i] += AddBytes(CountBytes(patches[i] ^ weights[0]));
  }
}

void ConvolveTile(const PopcountTile& tile) {
  TileFinisher finisher(tile);
  for (std::int64_t o = 0; o < tile.outs; ++o) {
    std::int32_t differences[kTile];
    CountDifferences(tile.patches, tile.weights + o / kOutputs * tile.words * kOutputs + o % kOutputs, tile.words,
                     differences);
    finisher.Finish(tile.first_out + o, differences);
  }
}

}  // namespace

const PopcountKernels& PortablePopcountKernels() {
  static constexpr PopcountKernels kKernels = {"portable", Isa::kPortable, 4,      Pack,
                                               PackBytes,  UnpackBytes,    Gather, ConvolveTile};
  return kKernels;
}

}  // namespace subbit
