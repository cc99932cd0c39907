#pragma once

#include <cstdint>

#include "core/kernel/isa.h"
#include "core/signs/sign_tile.h"

namespace subbit {

/// A run of values that one kernel tap reads for neighbouring output pixels of a tile, all of them inside the image.
struct TapRun {
  int tap;
  int offset;         ///< of the first pixel in the tile
  int length;         ///< pixels
  std::int64_t from;  ///< the first value's number in an input plane
};

/// Where the nine taps of one word plane go in a patch: tap t to word slot[t], shifted left by shift[t].
struct TapSlots {
  std::int64_t slot[9];
  int shift[9];
};

/// A tile whose differing signs are counted.
struct PopcountTile : SignConvTile {
  const std::uint32_t* patches;  ///< [words][kTile] at a cache-line boundary, paired (PatchLayout)
  const std::uint32_t* weights;  ///< [ceil(outs / kOutputs)][words][kOutputs], paired
  std::int64_t words;
};

/// The inner loops of PopcountConv for one instruction set; binary_conv.h explains the layout.
struct PopcountKernels {
  static constexpr int kTile = SignConvTile::kTile;
  static constexpr int kOutputs = 4;  ///< output channels processed at a time

  const char* isa;  ///< for logs
  Isa level;        ///< of the bound
  int lanes;        ///< words of one vector

  /// Packs signs: bit c of out[i] is set where x[c * plane + i] + shift[c] >= 0, for i < n and c < channels <= 32. A
  /// null `shift` stands for zeros.
  void (*pack)(const float* x, std::int64_t plane, int channels, const float* shift, std::int64_t n,
               std::uint32_t* out);

  /// The same from packed signs: `first` (below 8) is the bit of b[i] that becomes bit 0 of out[i]; the next bytes of a
  /// pixel are `plane` apart.
  void (*pack_bytes)(const std::uint8_t* b, std::int64_t plane, int first, int channels, std::int64_t n,
                     std::uint32_t* out);

  /// out[j * plane + i] = byte j of words[i], for i < n and j < bytes <= 4.
  void (*unpack_bytes)(const std::uint32_t* words, std::int64_t n, int bytes, std::int64_t plane, std::uint8_t* out);

  /// Adds the bits of one word plane to patches [words][kTile]: for each run, words plane[from], plane[from + stride],
  /// ... go to their tap's slot. Bits that are already set there stay.
  void (*gather)(const TapRun* runs, int count, const TapSlots& slots, const std::uint32_t* plane, std::int64_t stride,
                 std::uint32_t* patches);

  /// Computes a tile. On return unfinished_signs belongs to channel first_out + outs.
  void (*convolve)(const PopcountTile& tile);
};

const PopcountKernels& PortablePopcountKernels();
#ifdef SUBBIT_X86_KERNELS
const PopcountKernels& Avx2PopcountKernels();
/// Needs HasAvx512Popcount().
const PopcountKernels& Avx512PopcountKernels();
#endif
#ifdef SUBBIT_NEON_KERNELS
const PopcountKernels& NeonPopcountKernels();
#endif

}  // namespace subbit
