#pragma once

#include <cstdint>

#include "core/operator/conv_attributes.h"

namespace subbit {

/// The geometry of one convolution: its attributes together with the shape of one input. Every product of its sizes has
/// been checked against kMaxElements, so plain 64-bit arithmetic on them cannot overflow.
struct ConvGeometry {
  ConvAttributes attributes;
  std::int64_t batch = 0;       ///< N; may be 0
  std::int64_t height = 0;      ///< of the input, at least 1
  std::int64_t width = 0;       ///< of the input, at least 1
  std::int64_t out_height = 0;  ///< at least 1
  std::int64_t out_width = 0;   ///< at least 1

  std::int64_t InputChannels() const { return attributes.in_channels * attributes.group; }
  std::int64_t OutputChannelsPerGroup() const { return attributes.out_channels / attributes.group; }

  /// The input row that kernel row `tap_row` reads for output row `row`; in the padding, it is outside 0..height-1.
  std::int64_t InputRow(std::int64_t row, int tap_row) const {
    return row * attributes.strides[0] - attributes.pads[0] + tap_row * attributes.dilations[0];
  }
  /// The input column that kernel column `tap_column` reads for output column `column`; in the padding, it is outside
  /// 0..width-1.
  std::int64_t InputColumn(std::int64_t column, int tap_column) const {
    return column * attributes.strides[1] - attributes.pads[1] + tap_column * attributes.dilations[1];
  }
  /// [N, out_channels, out_height, out_width]
  std::array<std::int64_t, 4> OutputShape() const;
};

/// The output length of one axis: floor((in + pads - dilation * 2 - 1) / stride) + 1; at most 0 if the kernel does not
/// fit.
std::int64_t OutputLength(std::int64_t length, std::int64_t pad_begin, std::int64_t pad_end, std::int64_t dilation,
                          std::int64_t stride);

/// Combines validated attributes with the shape of X, [N, in_channels * group, H, W]. Throws InvalidOperator if X has
/// another rank or channel count, has empty images or is smaller than the kernel, or if input, padded input or output
/// exceed kMaxElements.
ConvGeometry MakeGeometry(const OpName& op, const ConvAttributes& attributes, const Dims& x_shape);

/// Does the same for an input of packed signs (packed_bits.h), B of [N, ceil(in_channels * group / 8), H, W]. The
/// bounds are those of the unpacked input.
ConvGeometry MakePackedGeometry(const OpName& op, const ConvAttributes& attributes, const Dims& b_shape);

}  // namespace subbit
