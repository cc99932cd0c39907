#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/operator/conv_geometry.h"

namespace subbit {

/// `length` output pixels from number `pixel` on (row * out_width + column), the first of them `offset` positions into
/// a tile.
struct PixelRun {
  std::int64_t offset;
  std::int64_t pixel;
  std::int64_t length;
};

/// How the fast kernels lay out an input channel, so that stride, dilation and padding are handled once, while the
/// channel is copied, and do not concern the arithmetic.
///
/// A tap at (i, j) of output pixel (row, column) reads the padded input at (row * stride + i * dilation, column *
/// stride + j * dilation). Padded input rows with the same remainder modulo the row stride form a phase, columns
/// likewise; within the phase of a tap, neighbouring output pixels read neighbouring values. Each phase that some tap
/// needs (one for stride 1, at most nine) is stored as a plane of `rows` x `pitch` values. Output pixel (row, column)
/// has position row * pitch + column, and tap t of the pixel at position p is the value at tap_offset[t] + p: nine
/// contiguous streams, whatever the geometry. Positions whose column is not below out_width belong to no pixel; results
/// there are discarded.
struct PhasePlanes {
  /// `row_group` 1, or 2 where CanGroupRows(): a position then stands for two output pixels, one below the other, in
  /// rows 2 * r and 2 * r + 1. They share two of the input rows that they read.
  explicit PhasePlanes(const ConvGeometry& geometry, int row_group = 1);

  /// Planes of only those values that the positions in rows first .. last read. Position p lies at p - first * pitch
  /// there.
  PhasePlanes Band(std::int64_t first, std::int64_t last) const;

  static bool CanGroupRows(const ConvGeometry& geometry) {
    return geometry.attributes.strides[0] == 1 && geometry.attributes.dilations[0] == 1;
  }

  ConvGeometry geometry;
  int row_group = 1;
  int row_phases = 0;
  int column_phases = 0;
  std::int64_t row_step = 0;                             ///< padded input rows from a row of a phase to the next
  std::array<std::int64_t, kKernelSize> row_phase{};     ///< remainders, the first row_phases of them in use
  std::array<std::int64_t, kKernelSize> column_phase{};  ///< remainders, the first column_phases of them in use
  std::int64_t first_row = 0;                            ///< of the planes; not 0 for a band
  std::int64_t rows = 0;                                 ///< of one phase
  std::int64_t rows_below = 0;                           ///< how many more rows than there are rows of positions
  std::int64_t pitch = 0;                                ///< values from a row to the next
  std::int64_t positions = 0;                            ///< one more than the position of the last output pixel
  std::int64_t channel_size = 0;                         ///< values of one channel, all phases
  /// Of the nine taps; with rows grouped, of three more below: those of the group's second pixel begin with the fourth.
  std::array<std::int64_t, kTaps + kKernelSize> tap_offset{};

  /// Whose numbers tap_offset is made of.
  std::array<std::int64_t, kTaps + kKernelSize> tap_phase{};
  std::array<std::int64_t, kTaps + kKernelSize> tap_shift{};

  /// Fills one channel (channel_size values at `out`). convert(input_row, input_column, count, out) must write `count`
  /// values read from that row at columns input_column, input_column + stride, ...; the rest becomes `padding`.
  template <class T, class Convert>
  void Fill(T* out, T padding, Convert convert) const {
    const std::int64_t stride = geometry.attributes.strides[1];
    for (int i = 0; i < row_phases; ++i) {
      for (int j = 0; j < column_phases; ++j) {
        // The first value's input column, and which values of a row lie inside the image.
        const std::int64_t start = column_phase[static_cast<std::size_t>(j)] - geometry.attributes.pads[1];
        const std::int64_t begin = std::min(pitch, start >= 0 ? 0 : (-start + stride - 1) / stride);
        const std::int64_t inside = geometry.width - 1 - start;
        const std::int64_t end = std::max(begin, std::min(pitch, inside < 0 ? 0 : inside / stride + 1));
        for (std::int64_t row = 0; row < rows; ++row, out += pitch) {
          const std::int64_t input_row =
              (first_row + row) * row_step + row_phase[static_cast<std::size_t>(i)] - geometry.attributes.pads[0];
          if (input_row < 0 || input_row >= geometry.height || begin == end) {
            std::fill(out, out + pitch, padding);
            continue;
          }
          std::fill(out, out + begin, padding);
          convert(input_row, start + begin * stride, end - begin, out + begin);
          std::fill(out + end, out + pitch, padding);
        }
      }
    }
  }

  /// Writes the output pixels among positions first .. first + count - 1 to `runs`, at most `count` runs, and returns
  /// its new end. Of each position's group of rows it takes row number `row_of_group`.
  PixelRun* FindRuns(std::int64_t first, std::int64_t count, PixelRun* runs, int row_of_group = 0) const;

  /// The reverse, for rows that are not grouped: writes where output pixels first .. first + count - 1 lie. A run's
  /// `pixel` is its first position, its `offset` counts from the first pixel.
  PixelRun* FindPositions(std::int64_t first, std::int64_t count, PixelRun* runs) const;
};

}  // namespace subbit
