#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "device/capabilities.h"
#include "device/error_code.h"
#include "tables/device.h"

namespace subbit::fpga {

/// Whether sums are requantised to 8 bits.
constexpr bool HasEightBits(OutputFormat format) { return format == OutputFormat::kU8 || format == OutputFormat::kS8; }

/// What the elements of a tensor in device memory are: the formats of layers, or for those of integer networks what
/// their kind says.
enum class ElementFormat { kBits, kU8, kS8, kI32, kS16 };

/// Bytes of one row of a channel. Rows of 16-bit values begin on a multiple of eight bytes, so that a bus of 64 bits
/// carries values of one channel at a time.
constexpr std::uint64_t RowBytes(ElementFormat format, std::uint32_t width) {
  switch (format) {
    case ElementFormat::kBits:
      return (std::uint64_t{width} + 7) / 8;
    case ElementFormat::kI32:
      return std::uint64_t{4} * width;
    case ElementFormat::kS16:
      return (std::uint64_t{width} + 3) / 4 * 8;
    default:
      return width;
  }
}

constexpr ElementFormat FormatOf(InputFormat format) {
  return format == InputFormat::kBits ? ElementFormat::kBits
         : format == InputFormat::kU8 ? ElementFormat::kU8
                                      : ElementFormat::kS8;
}

constexpr ElementFormat FormatOf(OutputFormat format) {
  switch (format) {
    case OutputFormat::kI32:
      return ElementFormat::kI32;
    case OutputFormat::kU8:
      return ElementFormat::kU8;
    case OutputFormat::kS8:
      return ElementFormat::kS8;
    default:
      return ElementFormat::kBits;
  }
}

constexpr std::uint64_t RowBytes(OutputFormat format, std::uint32_t width) { return RowBytes(FormatOf(format), width); }

/// Bytes of the zero pixels of a stem, in front of its list of taps.
inline constexpr std::uint64_t kZeroPixelBytes = 8;

/// Height and width of a tensor, in pixels.
struct ImageSize {
  std::uint32_t height;
  std::uint32_t width;
};

/// What a layer of an integer network has beside sizes, strides and pads: the fields of descriptors of version 3.
/// docs/DEVICE.md has their meaning.
struct IntegerStage {
  Kind kind = Kind::kConv;
  std::uint8_t shift = 0;
  std::uint8_t slope_shift = 0;
  std::uint8_t value_bits = 16;
  std::uint8_t kernel = 0;
  std::array<std::uint8_t, 2> pool = {1, 1};             ///< rows, columns
  std::array<std::uint8_t, 2> pool_strides = {1, 1};     ///< rows, columns
  std::array<std::uint8_t, 4> pool_pads = {0, 0, 0, 0};  ///< top, left, bottom, right
  std::uint8_t beside = 0;                               ///< of a stem: 1 if the list goes on while it runs
  std::uint16_t taps = 0;                                ///< in the list of a stem (device/stem_taps.h)
  /// Whether the layer also writes the signs of its output under the thresholds of its integer parameters.
  bool gives_signs = false;
};

/// One layer without its tensors: sizes, formats, zero points and mode of a 3x3 sub-bit convolution over a batch, and
/// whether it adds a residual; or a layer of an integer network. docs/DEVICE.md has the meaning of every field.
/// Channels count all groups; tensors are NCHW without gaps, those of 16-bit values [N, H, C, W].
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
  /// A layer of an integer network; formats, mode and zero points then say nothing.
  std::optional<IntegerStage> integer;

  ElementFormat input_element() const;
  ElementFormat output_element() const;

  /// The output's size for an input's; 0 where the padded input does not hold the kernel. The layer has passed
  /// ValidateLayer.
  ImageSize OutputSize(ImageSize in) const;

  /// Checks everything that does not depend on the batch and the size of the images: whether the device can run such a
  /// layer at all.
  ErrorCode ValidateLayer(const Capabilities& capabilities) const;

  /// Checks the batch and the size of the images, of a layer that has passed ValidateLayer.
  ErrorCode ValidateImages(const Capabilities& capabilities) const;

  /// The limit on what a stem or shortcut keeps on chip that the layer exceeds, as a clause for messages; empty if
  /// none.
  std::string ExceededLimit() const;

  /// Channels of one group.
  std::uint32_t group_in_channels() const { return in_channels / group; }
  std::uint32_t group_out_channels() const { return out_channels / group; }

  /// Bytes of one row, and of one image, of the input.
  std::uint64_t input_row_bytes() const { return RowBytes(input_element(), in_width); }
  std::uint64_t input_image_bytes() const { return std::uint64_t{in_channels} * in_height * input_row_bytes(); }
  /// Bytes of one row, and of one image, of the output.
  std::uint64_t output_row_bytes() const { return RowBytes(output_element(), out_width); }
  std::uint64_t output_image_bytes() const { return std::uint64_t{out_channels} * out_height * output_row_bytes(); }
  /// Bytes of one image of the signs that an integer layer gives.
  std::uint64_t signs_image_bytes() const {
    return std::uint64_t{out_channels} * out_height * RowBytes(ElementFormat::kBits, out_width);
  }
  /// Weights of an output channel of a stem, shortcut or classifier: of a stem those of its list.
  std::uint64_t dense_taps() const { return integer->kind == Kind::kStem ? integer->taps : in_channels; }
  /// Bytes of these weights in device memory (device/dense_order.h), two for each of a stem.
  std::uint64_t dense_bytes() const {
    return (std::uint64_t{out_channels} + contract::kDenseOutputs - 1) / contract::kDenseOutputs *
           contract::kDenseOutputs * dense_taps() * (integer->kind == Kind::kStem ? 2 : 1);
  }
  /// Bytes of the zero pixels and the list of a stem (device/stem_taps.h).
  std::uint64_t stem_codebook_bytes() const { return kZeroPixelBytes + std::uint64_t{4} * integer->taps; }
  /// Bytes of the integer parameters; 0 for a classifier.
  std::uint64_t parameter_bytes() const;
  /// Kernels: one index each.
  std::uint64_t kernels() const { return std::uint64_t{out_channels} * group_in_channels(); }
  std::uint64_t index_bytes() const { return tau * ((kernels() + 7) / 8); }
  std::uint64_t codebook_bytes() const { return std::uint64_t{2} << tau; }
};

}  // namespace subbit::fpga
