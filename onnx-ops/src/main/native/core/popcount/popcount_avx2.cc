// AVX2 has no population count: the halves of bytes are looked up, and their counts added up in bytes, which hold those
// of 31 pairs of words. A pair of words of one output channel and eight pixels takes thirteen operations. Everything is
// in an unnamed namespace, see map_kernels-inl.h.

#include <immintrin.h>

#include "core/packing/sign_words-inl.h"
#include "core/popcount/count_pair_avx2-inl.h"
#include "core/popcount/popcount_kernels.h"
#include "core/signs/sign_finish-inl.h"

namespace subbit {
namespace {

constexpr int kLanes = 8;
constexpr int kTile = PopcountKernels::kTile;
constexpr int kOutputs = PopcountKernels::kOutputs;
constexpr std::int64_t kPairsOfBytes = 31;  // 31 * 8 <= 255

__m256i Load(const std::uint32_t* words) { return _mm256_load_si256(reinterpret_cast<const __m256i*>(words)); }

__m256i Broadcast(const std::uint32_t* word) { return _mm256_set1_epi32(static_cast<int>(*word)); }

/// The sums of four bytes each.
__m256i AddBytes(__m256i counts) {
  return _mm256_madd_epi16(_mm256_maddubs_epi16(counts, _mm256_set1_epi8(1)), _mm256_set1_epi16(1));
}

/// differences[o * kTile + i] for kOutputs output channels and the eight pixels at `patches`.
void CountDifferences(const std::uint32_t* patches, const std::uint32_t* weights, std::int64_t words,
                      std::int32_t* differences) {
  __m256i ones[kOutputs];
  __m256i counts[kOutputs];
  for (int o = 0; o < kOutputs; ++o) ones[o] = counts[o] = _mm256_setzero_si256();
  for (std::int64_t pairs = words / 2; pairs > 0; pairs -= kPairsOfBytes) {
    __m256i twos[kOutputs];
    for (int o = 0; o < kOutputs; ++o) twos[o] = _mm256_setzero_si256();
    const std::int64_t block = pairs < kPairsOfBytes ? pairs : kPairsOfBytes;
    for (std::int64_t k = 0; k < block; ++k, patches += 2 * kTile, weights += 2 * kOutputs) {
      const __m256i first = Load(patches);
      const __m256i both = Load(patches + kTile);
#pragma GCC unroll 4
      for (int o = 0; o < kOutputs; ++o) {
        CountPair(first, both, Broadcast(weights + o), Broadcast(weights + kOutputs + o), &ones[o], &twos[o]);
      }
    }
    for (int o = 0; o < kOutputs; ++o) counts[o] = _mm256_add_epi32(counts[o], AddBytes(twos[o]));
  }
  for (int o = 0; o < kOutputs; ++o) {
    __m256i last = CountBytes(ones[o]);
    if (words % 2 != 0) {
      last = _mm256_add_epi8(last, CountBytes(_mm256_xor_si256(Load(patches), Broadcast(weights + o))));
    }
    const __m256i sum = _mm256_add_epi32(_mm256_add_epi32(counts[o], counts[o]), AddBytes(last));
    _mm256_store_si256(reinterpret_cast<__m256i*>(differences + o * kTile), sum);
  }
}

void ConvolveTile(const PopcountTile& tile) {
  TileFinisher finisher(tile);
  alignas(32) std::int32_t differences[kOutputs * kTile] = {};  // zeros behind the last pixels
  const std::uint32_t* weights = tile.weights;
  for (std::int64_t first = 0; first < tile.outs; first += kOutputs, weights += tile.words * kOutputs) {
    for (int i = 0; i < tile.pixels; i += kLanes) {
      CountDifferences(tile.patches + i, weights, tile.words, differences + i);
    }
    for (int o = 0; o < kOutputs && first + o < tile.outs; ++o) {
      finisher.Finish(tile.first_out + first + o, differences + o * kTile);
    }
  }
}

}  // namespace

const PopcountKernels& Avx2PopcountKernels() {
  static constexpr PopcountKernels kKernels = {"avx2",    Isa::kAvx2,  kLanes, Pack,
                                               PackBytes, UnpackBytes, Gather, ConvolveTile};
  return kKernels;
}

}  // namespace subbit
