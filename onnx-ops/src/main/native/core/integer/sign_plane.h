#pragma once

#include <cstddef>
#include <cstdint>

#include "core/integer/map_shape.h"

namespace subbit {

/// The signs of one image, in memory that belongs to someone else: (height + 2) x (width + 2) pixels of Words() 64-bit
/// words, row-major. Bit c % 64 of word c / 64 of a pixel is set for +1 in channel c; bits after the last channel are
/// 0. A border of one pixel, the padding, surrounds the image; all its bits are 0, which a convolution must not take
/// for -1.
struct SignPlane {
  std::uint64_t* data = nullptr;
  MapShape shape{0, 0, 0};

  std::int64_t Words() const { return (shape.channels + 63) / 64; }

  /// The number of words from a row to the next.
  std::int64_t Pitch() const { return (shape.width + 2) * Words(); }

  /// The number of words of all pixels. As many bytes as a cache line has may be read behind them; what they hold is
  /// not defined.
  std::int64_t Size() const { return (shape.height + 2) * Pitch(); }

  /// The words of a pixel; rows and columns from -1, the border before the image, to the border behind it.
  std::uint64_t* At(std::int64_t row, std::int64_t column) const {
    return data + (row + 1) * Pitch() + (column + 1) * Words();
  }
};

/// Clears the border beside `rows` of the image, and that above or below if `rows` begin or end with the image.
void ClearBorder(const SignPlane& plane, RowRange rows);

/// Writes the signs x[row, column, c] >= threshold[c] of `rows` of x, [height, width, channels], without the border.
void WriteSigns(const std::int16_t* x, const std::int16_t* threshold, RowRange rows, const SignPlane& plane);

}  // namespace subbit
