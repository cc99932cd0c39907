#pragma once

#include <cstdint>
#include <vector>

#include "core/operator/conv_attributes.h"
#include "device/integer_parameters.h"
#include "device/layer_shape.h"
#include "device/sign_rule.h"

namespace subbit::fpga {

/// A convolution in the form that the driver expects: the part of its shape that does not depend on the images, and the
/// constant tensors.
struct ConvLayer {
  /// Batch, heights, widths and mode are filled in by the driver.
  LayerShape shape;
  /// Bit planes of [out_channels, in_channels of a group] indices.
  std::vector<std::uint8_t> index;
  /// 2^tau codewords, first tap least significant.
  std::vector<std::uint16_t> codebook;
  /// One per output channel, or empty.
  std::vector<std::int32_t> bias;
  /// One per output channel for 8-bit outputs, otherwise empty.
  std::vector<float> multiplier;
  /// One per output channel for bit outputs, otherwise empty.
  std::vector<SignRule> sign_rules;
  /// One per output channel of an integer convolution, otherwise empty.
  std::vector<IntegerParameters> parameters;
};

/// A stem, shortcut or classifier of an integer network in the form that the driver expects.
struct DenseLayer {
  /// Batch, heights and widths are filled in by the driver. A stem's sums are doubled, so its shift is one more than
  /// the operator's, and its taps are those of the list (device/stem_taps.h).
  LayerShape shape;
  /// [out_channels, input channels], of a stem [out_channels, channel, row, column].
  std::vector<std::int8_t> weights;
  /// One per input channel of a stem, otherwise empty.
  std::vector<std::uint8_t> zero_pixels;
  /// One per output channel; empty for a classifier.
  std::vector<IntegerParameters> parameters;
};

/// The shape that follows from attributes that have passed Validate; formats, zero points and the residual are left at
/// their defaults.
LayerShape ShapeOf(const ConvAttributes& attributes);

/// The cycles of one run of a layer.
struct LayerCycles {
  /// Cycles that the device counted.
  std::uint64_t cycles;
  /// Cycles of the same engine as a plain binary engine (direct mode), by the cycle model.
  std::uint64_t bnn_cycles;
};

}  // namespace subbit::fpga
