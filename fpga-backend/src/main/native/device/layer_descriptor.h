#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/capabilities.h"
#include "device/error_code.h"

namespace subbit::fpga {

/// The type of input elements. Bits are packed along a row, eight per byte, least significant first, and each row
/// starts on a byte of its own; a set bit is +1, a clear bit -1.
enum class InputFormat : std::uint8_t { kBits = 0, kU8 = 1, kS8 = 2 };

/// The type of output elements: the accumulators themselves, requantised bytes, or bits by the channels' sign rules
/// (device/sign_rule.h), packed as input bits are.
enum class OutputFormat : std::uint8_t { kI32 = 0, kU8 = 1, kS8 = 2, kBits = 3 };

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

/// How the engine obtains responses: from the table of all 2^tau, or one by one for each output channel, as a plain
/// binary engine does.
enum class Mode : std::uint8_t { kTable = 0, kDirect = 1 };

/// One layer: a 3x3 sub-bit convolution over a batch, and where its tensors lie in device memory. The byte layout of
/// the encoded form and the meaning of every field are in docs/DEVICE.md. Channels count all groups; tensors are NCHW
/// without gaps.
struct LayerDescriptor {
  static constexpr std::uint32_t kMagic = 0x444C4253;  // "SBLD"
  /// Bytes of version 1, and of version 2, which adds the residual to it.
  static constexpr std::size_t kPlainBytes = 128;
  static constexpr std::size_t kResidualBytes = 192;
  /// Alignment of every tensor and of the descriptor list in device memory.
  static constexpr std::uint64_t kAlignment = 64;
  static constexpr int kMaxTau = 9;
  static constexpr std::uint32_t kMaxDilation = 255;
  static constexpr std::uint32_t kMaxStride = 255;

  /// 1 or 2. A version 1 descriptor has no residual.
  std::uint16_t version = 1;
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
  std::uint64_t input_address = 0;
  std::uint64_t output_address = 0;
  std::uint64_t index_address = 0;
  std::uint64_t codebook_address = 0;
  /// 0: no bias.
  std::uint64_t bias_address = 0;
  /// Multipliers, or sign rules for bit outputs; 0 if the accumulators are the output.
  std::uint64_t multiplier_address = 0;
  /// Written by the device when it has finished the layer.
  ErrorCode status = ErrorCode::kNone;
  /// Written by the device: cycles that the layer took.
  std::uint64_t cycles = 0;

  /// The residual that is added to the requantised sums, with the output's layout and format; 0: none. Version 2 only.
  std::uint64_t residual_address = 0;
  float residual_multiplier = 0;
  std::int16_t residual_zero_point = 0;

  using Bytes = std::vector<std::uint8_t>;

  /// Bytes of the encoded form: that of its version.
  std::size_t bytes() const { return version == 1 ? kPlainBytes : kResidualBytes; }

  Bytes Encode() const;

  /// Decodes the descriptor at `bytes`, of which `available` can be read, into `descriptor`. Returns kHeader if magic,
  /// version, size or a reserved field is wrong or the descriptor is longer than `available`, kUnsupported for a format
  /// or mode outside the enumerations, else kNone. Validate checks the values.
  static ErrorCode Decode(const std::uint8_t* bytes, std::uint64_t available, LayerDescriptor* descriptor);

  /// Checks everything that does not depend on the size of the images or on addresses: whether the device can run such
  /// a layer at all.
  ErrorCode ValidateLayer(const Capabilities& capabilities) const;

  /// Checks everything that can be checked without reading device memory, against the device's capabilities. After
  /// kNone, every size below fits into 64 bits and every tensor lies inside device memory.
  ErrorCode Validate(const Capabilities& capabilities) const;

  bool has_residual() const { return residual_address != 0; }
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
