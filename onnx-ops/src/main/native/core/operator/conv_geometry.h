#pragma once

#include <cstdint>

#include "core/operator/conv_attributes.h"

namespace subbit {

/// Where one convolution reads and writes: attributes joined with the shape of one input. Every product of its sizes
/// was checked against kMaxElements, so plain 64-bit arithmetic on them cannot overflow.
struct ConvGeometry {
  ConvAttributes attributes;
  std::int64_t batch = 0;       ///< N; may be 0
  std::int64_t height = 0;      ///< of the input, at least 1
  std::int64_t width = 0;       ///< of the input, at least 1
  std::int64_t out_height = 0;  ///< at least 1
  std::int64_t out_width = 0;   ///< at least 1

  std::int64_t InputChannels() const { return attributes.in_channels * attributes.group; }
  std::int64_t OutputChannelsPerGroup() const { return attributes.out_channels / attributes.group; }

  /// Input row that kernel row `tap_row` meets at output row `row`; outside 0..height-1 in the padding.
  std::int64_t InputRow(std::int64_t row, int tap_row) const {
    return row * attributes.strides[0] - attributes.pads[0] + tap_row * attributes.dilations[0];
  }
  /// Input column that kernel column `tap_column` meets at output column `column`; outside 0..width-1 in the padding.
  std::int64_t InputColumn(std::int64_t column, int tap_column) const {
    return column * attributes.strides[1] - attributes.pads[1] + tap_column * attributes.dilations[1];
  }
  /// [N, out_channels, out_height, out_width]
  std::array<std::int64_t, 4> OutputShape() const;
};

/// Output length of one axis: floor((in + pads - dilation * 2 - 1) / stride) + 1, or 0 or less when the kernel does not
/// fit.
std::int64_t OutputLength(std::int64_t length, std::int64_t pad_begin, std::int64_t pad_end, std::int64_t dilation,
                          std::int64_t stride);

/// Joins validated attributes with the shape of X, [N, in_channels * group, H, W]. Throws InvalidOperator when X has
/// another rank or channel count, an empty image, is smaller than the kernel, or when input, padded input or output
/// pass kMaxElements.
ConvGeometry MakeGeometry(const OpName& op, const ConvAttributes& attributes, const Dims& x_shape);

/// The same for an input of packed signs (packed_bits.h), B of [N, ceil(in_channels * group / 8), H, W]. The bounds are
/// those of the unpacked input.
ConvGeometry MakePackedGeometry(const OpName& op, const ConvAttributes& attributes, const Dims& b_shape);

}  // namespace subbit
