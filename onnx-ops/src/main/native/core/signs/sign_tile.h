#pragma once

#include <cstdint>

namespace subbit {

/// The parameters that are applied to the sums, with one value per output channel in each array. The arrays of
/// BinarySubBitBlock are null for the other operators; docs/OPERATORS.md has the formulas.
struct SignConvFinish {
  const float* scale;
  const float* bias;
  const float* shift_in = nullptr;
  const float* slope = nullptr;
  const float* shift_out = nullptr;
  const float* next_shift = nullptr;
};

/// A tile of neighbouring output pixels, for which `outs` output channels are computed, from number `first_out` on.
struct SignConvTile {
  static constexpr int kTile = 32;  ///< pixels processed at a time

  int pixels;  ///< 1 .. kTile
  std::int64_t first_out;
  std::int64_t outs;
  std::int64_t out_channels;    ///< of the operator
  const std::uint8_t* classes;  ///< [kTile], the pixels' padding classes (PaddingSums)
  bool common_classes;          ///< all of them below PaddingSums::kBlock
  const float* sums_of_class;   ///< PaddingSums::Data()
  const SignConvFinish* finish;
  std::int64_t out_plane;          ///< pixels of an output channel
  float* y;                        ///< channel 0 at the tile's first pixel, or null
  const float* residual;           ///< likewise, null unless BinarySubBitBlock
  std::uint8_t* s;                 ///< likewise for packed signs, [ceil(out_channels / 8)][out_plane], or null
  std::uint8_t* unfinished_signs;  ///< [kTile]: bits of the byte of channel first_out that were computed before
};

}  // namespace subbit
