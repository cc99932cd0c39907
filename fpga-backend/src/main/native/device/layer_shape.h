#pragma once

#include <cstdint>

#include "device/capabilities.h"
#include "device/error_code.h"
#include "tables/device.h"

namespace subbit::fpga {

/// Whether sums are requantised to 8 bits.
constexpr bool HasEightBits(OutputFormat format) { return format == OutputFormat::kU8 || format == OutputFormat::kS8; }

/// Bytes of a row of `width` elements.
constexpr std::uint64_t RowBytes(OutputFormat format, std::uint32_t width) {
  switch (format) {
    case OutputFormat::kI32:
      return std::uint64_t{4} * width;
    case OutputFormat::kBits:
      return (std::uint64_t{width} + 7) / 8;
    default:
      return width;
  }
}

/// One layer without its tensors: sizes, formats, zero points and mode of a 3x3 sub-bit convolution over a batch, and
/// whether it adds a residual. docs/DEVICE.md has the meaning of every field. Channels count all groups; tensors are
/// NCHW without gaps.
struct LayerShape {
  static constexpr int kMaxTau = 9;

  InputFormat input_format = InputFormat::kU8;
  OutputFormat output_format = OutputFormat::kU8;
  std::uint8_t tau = 1;
  Mode mode = Mode::kTable;
  std::int16_t input_zero_point = 0;
  std::int16_t output_zero_point = 0;
  std::uint32_t batch = 1;
  std::uint32_t in_channels = 1;
  std::uint32_t in_height = 1;
  std::uint32_t in_width = 1;
  std::uint32_t out_channels = 1;
  std::uint32_t out_height = 1;
  std::uint32_t out_width = 1;
  std::uint32_t group = 1;
  std::uint16_t stride_h = 1;
  std::uint16_t stride_w = 1;
  std::uint16_t dilation_h = 1;
  std::uint16_t dilation_w = 1;
  std::uint16_t pad_top = 0;
  std::uint16_t pad_left = 0;
  std::uint16_t pad_bottom = 0;
  std::uint16_t pad_right = 0;
  /// Whether a residual with the output's layout and format is added to the requantised sums.
  bool adds_residual = false;
  float residual_multiplier = 0;
  std::int16_t residual_zero_point = 0;

  /// Checks everything that does not depend on the batch and the size of the images: whether the device can run such a
  /// layer at all.
  ErrorCode ValidateLayer(const Capabilities& capabilities) const;

  /// Checks the batch and the size of the images, of a layer that has passed ValidateLayer.
  ErrorCode ValidateImages(const Capabilities& capabilities) const;

  /// Channels of one group.
  std::uint32_t group_in_channels() const { return in_channels / group; }
  std::uint32_t group_out_channels() const { return out_channels / group; }

  /// Bytes of one row, and of one image, of the input.
  std::uint64_t input_row_bytes() const { return input_format == InputFormat::kBits ? (in_width + 7u) / 8u : in_width; }
  std::uint64_t input_image_bytes() const { return std::uint64_t{in_channels} * in_height * input_row_bytes(); }
  /// Bytes of one row, and of one image, of the output.
  std::uint64_t output_row_bytes() const { return RowBytes(output_format, out_width); }
  std::uint64_t output_image_bytes() const { return std::uint64_t{out_channels} * out_height * output_row_bytes(); }
  /// Kernels: one index each.
  std::uint64_t kernels() const { return std::uint64_t{out_channels} * group_in_channels(); }
  std::uint64_t index_bytes() const { return tau * ((kernels() + 7) / 8); }
  std::uint64_t codebook_bytes() const { return std::uint64_t{2} << tau; }
};

}  // namespace subbit::fpga
