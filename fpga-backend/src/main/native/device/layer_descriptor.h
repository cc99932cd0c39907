#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/capabilities.h"
#include "device/error_code.h"
#include "device/layer_shape.h"
#include "tables/device.h"

namespace subbit::fpga {

/// One layer as the device gets it: its shape, where its tensors lie in device memory, and what the device answers. The
/// byte layout of the encoded form is that of fields:: (tables/device.h), and docs/DEVICE.md has the meaning of every
/// field.
struct LayerDescriptor : LayerShape {
  /// Bytes of version 1, of version 2, which adds the residual to it, and of version 3, which adds what layers of
  /// integer networks have.
  static constexpr std::size_t kPlainBytes = fields::kBytesOfVersion1;
  static constexpr std::size_t kResidualBytes = fields::kBytesOfVersion2;
  static constexpr std::size_t kIntegerBytes = fields::kBytesOfVersion3;
  /// Alignment of every tensor and of the descriptor list in device memory.
  static constexpr std::uint64_t kAlignment = contract::kAlignment;

  LayerDescriptor() = default;
  /// A layer whose addresses are still to be set, in the lowest version that has room for it.
  explicit LayerDescriptor(const LayerShape& shape)
      : LayerShape(shape),
        version(shape.integer.has_value() ? 3
                : shape.adds_residual     ? 2
                                          : 1) {}

  /// 1, 2 or 3. A version 1 descriptor has no residual, version 3 is that of integer layers alone.
  std::uint16_t version = 1;
  std::uint64_t input_address = 0;
  std::uint64_t output_address = 0;
  /// Of the index, or of the weights of a stem, shortcut or classifier.
  std::uint64_t index_address = 0;
  /// Of the codebook, or of a stem's zero pixels and list of taps.
  std::uint64_t codebook_address = 0;
  /// 0: no bias.
  std::uint64_t bias_address = 0;
  /// Multipliers, sign rules for bit outputs, or integer parameters; 0 if the accumulators are the output.
  std::uint64_t multiplier_address = 0;
  /// 0 if and only if the layer adds no residual. From version 2 on.
  std::uint64_t residual_address = 0;
  /// 0 if and only if the layer gives no signs. Version 3 only.
  std::uint64_t signs_address = 0;
  /// Written by the device when it has finished the layer.
  ErrorCode status = ErrorCode::kNone;
  /// Written by the device: cycles that the layer took.
  std::uint64_t cycles = 0;

  using Bytes = std::vector<std::uint8_t>;

  /// Bytes of the encoded form: that of its version.
  std::size_t bytes() const { return version == 1 ? kPlainBytes : version == 2 ? kResidualBytes : kIntegerBytes; }

  /// Throws std::logic_error if the layer adds a residual, or gives signs, that have no address, or has the address of
  /// what it does not have: the encoded form has the address alone. So it does if the version is not that of an integer
  /// layer, or of another one.
  Bytes Encode() const;

  /// Decodes the descriptor at `bytes`, of which `available` can be read, into `descriptor`. Returns kHeader if magic,
  /// version, size or a reserved field is wrong, the version is above `newest` or the descriptor is longer than
  /// `available`, kUnsupported for a format, mode or kind outside the enumerations, else kNone. Validate checks the
  /// values.
  static ErrorCode Decode(const std::uint8_t* bytes, std::uint64_t available, LayerDescriptor* descriptor,
                          std::uint16_t newest = 3);

  /// Checks everything that can be checked without reading device memory, against the device's capabilities. After
  /// kNone, every size of the shape fits into 64 bits and every tensor lies inside device memory.
  ErrorCode Validate(const Capabilities& capabilities) const;
};

}  // namespace subbit::fpga
