// A table of 16 responses fits into a vector register, and vpshufb looks up those of 32 output channels at once.
// Everything is in an unnamed namespace, see map_kernels-inl.h.

#include <immintrin.h>

#include "core/response/response_kernels.h"
#include "core/signs/sign_finish-inl.h"

namespace subbit {
namespace {

constexpr int kTile = SignConvTile::kTile;
constexpr int kOutputs = ResponseKernels::kOutputs;
constexpr int kPixels = 4;                   // whose sums are in registers at a time
constexpr std::int64_t kChannels = 255 / 9;  // whose responses fit in a byte together

__m256i Load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }

void Store(void* to, __m256i values) { _mm256_storeu_si256(static_cast<__m256i*>(to), values); }

void Patterns(const std::uint32_t* taps, int count, int scale, std::int64_t channels, std::uint16_t* patterns) {
  // Byte i of `byte` says which byte of a word holds the channel's bit, in the order that makes unpacking give channels
  // in order; `bit` says which bit.
  const __m256i byte = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2,  //
                                        1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i bit = _mm256_set1_epi64x(static_cast<std::int64_t>(0x8040201008040201u));
  const __m128i shift = _mm_cvtsi32_si128(__builtin_ctz(static_cast<unsigned>(scale)));
  for (int i = 0; i < kTile; ++i, patterns += channels) {
    const auto tap = [&](int t) {
      const __m256i word = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(taps[t * kTile + i])), byte);
      return _mm256_cmpeq_epi8(_mm256_and_si256(word, bit), bit);
    };
    __m256i low = _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int t = 0; t < 8; ++t) {
      low = _mm256_or_si256(low, _mm256_and_si256(tap(t), _mm256_set1_epi8(static_cast<char>(1 << t))));
    }
    const __m256i high = _mm256_and_si256(tap(8), _mm256_set1_epi8(1));
    const __m256i first = _mm256_sll_epi16(_mm256_unpacklo_epi8(low, high), shift);
    const __m256i last = _mm256_sll_epi16(_mm256_unpackhi_epi8(low, high), shift);
    if (count == 32) {
      Store(patterns, first);
      Store(patterns + 16, last);
    } else {
      std::uint16_t all[32];
      Store(all, first);
      Store(all + 16, last);
      for (int c = 0; c < count; ++c) patterns[c] = all[c];
    }
  }
}

/// Adds the responses of `count` channels to sums [kPixels][kVectors * kOutputs]. Within a vector the sums of output
/// channels 0 .. 7, 16 .. 23, 8 .. 15, 24 .. 31 follow each other. Not inlined, or GCC keeps the wide sums of the
/// caller's loop in the registers that the inner loop needs.
template <int kVectors, int kTables>
[[gnu::noinline]] void AddResponses(const std::uint16_t* patterns, std::int64_t channels, int count,
                                    const std::uint8_t* responses, const std::uint8_t* const* indices,
                                    std::uint16_t* sums) {
  __m256i bytes[kPixels][kVectors];
#pragma GCC unroll 4
  for (int p = 0; p < kPixels; ++p) {
    for (int v = 0; v < kVectors; ++v) bytes[p][v] = _mm256_setzero_si256();
  }
  for (std::int64_t c = 0; c < count; ++c) {
    __m256i index[kTables][kVectors];
    for (int t = 0; t < kTables; ++t) {
      for (int v = 0; v < kVectors; ++v) index[t][v] = Load(indices[v] + (c * kTables + t) * kOutputs);
    }
#pragma GCC unroll 4
    for (int p = 0; p < kPixels; ++p) {
      const std::uint8_t* const row = responses + patterns[p * channels + c];
      for (int t = 0; t < kTables; ++t) {
        const auto* const from = reinterpret_cast<const __m128i*>(row + t * ResponseKernels::kTableSize);
        const __m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128(from));
        for (int v = 0; v < kVectors; ++v) {
          bytes[p][v] = _mm256_add_epi8(bytes[p][v], _mm256_shuffle_epi8(table, index[t][v]));
        }
      }
    }
  }
  const __m256i zero = _mm256_setzero_si256();
#pragma GCC unroll 4
  for (int p = 0; p < kPixels; ++p) {
    for (int v = 0; v < kVectors; ++v, sums += kOutputs) {
      Store(sums, _mm256_add_epi16(Load(sums), _mm256_unpacklo_epi8(bytes[p][v], zero)));
      Store(sums + 16, _mm256_add_epi16(Load(sums + 16), _mm256_unpackhi_epi8(bytes[p][v], zero)));
    }
  }
}

/// Sixteen sums of eight pixels, `stride` apart, to numbers of 32 bits: differences[o * kTile + p], where o is 0 .. 7
/// for the first eight of them and 16 .. 23 for the others.
void Transpose(const std::uint16_t* sums, std::int64_t stride, std::int32_t* differences) {
  __m256i a[8];
  __m256i b[8];
  for (int p = 0; p < 8; ++p) a[p] = Load(sums + p * stride);
  for (int i = 0; i < 4; ++i) {
    b[2 * i] = _mm256_unpacklo_epi16(a[2 * i], a[2 * i + 1]);
    b[2 * i + 1] = _mm256_unpackhi_epi16(a[2 * i], a[2 * i + 1]);
  }
  for (int i = 0; i < 4; ++i) {  // pixels 0 .. 3 and 4 .. 7, outputs 0 .. 3 and 4 .. 7
    const int from = i / 2 * 4 + i % 2;
    a[2 * i] = _mm256_unpacklo_epi32(b[from], b[from + 2]);
    a[2 * i + 1] = _mm256_unpackhi_epi32(b[from], b[from + 2]);
  }
  for (int i = 0; i < 4; ++i) {
    b[2 * i] = _mm256_unpacklo_epi64(a[i], a[i + 4]);
    b[2 * i + 1] = _mm256_unpackhi_epi64(a[i], a[i + 4]);
  }
  for (int o = 0; o < 8; ++o) {
    Store(differences + o * kTile, _mm256_cvtepu16_epi32(_mm256_castsi256_si128(b[o])));
    Store(differences + (16 + o) * kTile, _mm256_cvtepu16_epi32(_mm256_extracti128_si256(b[o], 1)));
  }
}

/// kVectors * kOutputs output channels of the tile from number `first` on.
template <int kVectors, int kTables>
void ConvolveOutputs(const ResponseTile& tile, std::int64_t first, TileFinisher* finisher) {
  constexpr int kSums = kVectors * kOutputs;
  alignas(64) std::uint16_t sums[kTile * kSums] = {};
  const std::int64_t vector_bytes = tile.channels * kTables * kOutputs;
  for (int pixel = 0; pixel < tile.pixels; pixel += kPixels) {
    for (std::int64_t c = 0; c < tile.channels; c += kChannels) {
      const std::uint8_t* indices[kVectors];
      for (int v = 0; v < kVectors; ++v) {
        indices[v] = tile.indices + (first / kOutputs + v) * vector_bytes + c * kTables * kOutputs;
      }
      const std::int64_t left = tile.channels - c;
      AddResponses<kVectors, kTables>(tile.patterns + pixel * tile.channels + c, tile.channels,
                                      static_cast<int>(left < kChannels ? left : kChannels), tile.responses, indices,
                                      sums + pixel * kSums);
    }
  }
  alignas(64) std::int32_t differences[kSums * kTile];
  for (int v = 0; v < kVectors; ++v) {
    for (int half = 0; half < 2; ++half) {
      for (int pixel = 0; pixel < kTile; pixel += 8) {
        Transpose(sums + pixel * kSums + v * kOutputs + half * 16, kSums,
                  differences + (v * kOutputs + half * 8) * kTile + pixel);
      }
    }
  }
  for (std::int64_t o = 0; o < kSums && first + o < tile.outs; ++o) {
    finisher->Finish(tile.first_out + first + o, differences + o * kTile);
  }
}

void ConvolveTile(const ResponseTile& tile, int tables) {
  TileFinisher finisher(tile);
  std::int64_t first = 0;
  if (tables == 1) {
    for (; first + kOutputs < tile.outs; first += 2 * kOutputs) ConvolveOutputs<2, 1>(tile, first, &finisher);
    if (first < tile.outs) ConvolveOutputs<1, 1>(tile, first, &finisher);
  } else {  // registers are too few for the indices of two vectors
    for (; first < tile.outs; first += kOutputs) ConvolveOutputs<1, 2>(tile, first, &finisher);
  }
}

}  // namespace

const ResponseKernels& Avx2ResponseKernels() {
  static constexpr ResponseKernels kKernels = {"avx2", Isa::kAvx2, Patterns, ConvolveTile};
  return kKernels;
}

}  // namespace subbit
