#pragma once

#include <cstdint>
#include <vector>

#include "core/operator/conv_attributes.h"
#include "device/layer_descriptor.h"
#include "device/sign_rule.h"

namespace subbit::fpga {

/// A convolution as the driver takes it: the parts of a descriptor that do not depend on the images, and the constant
/// tensors.
struct ConvLayer {
  /// Version, batch, heights, widths, mode, addresses, status and cycles are filled in by the driver.
  LayerDescriptor shape;
  /// Bit planes of [out_channels, in_channels of a group] indices.
  std::vector<std::uint8_t> index;
  /// 2^tau codewords, first tap least significant.
  std::vector<std::uint16_t> codebook;
  /// One an output channel, or empty.
  std::vector<std::int32_t> bias;
  /// One an output channel where 8 bits leave the engine, else empty.
  std::vector<float> multiplier;
  /// One an output channel where bits leave the engine, else empty.
  std::vector<SignRule> sign_rules;
  /// Whether the layer adds a residual, by the multiplier and zero point in `shape`.
  bool adds_residual = false;
};

/// The descriptor's fields that follow from attributes that have passed Validate; formats and zero points are left at
/// their defaults.
LayerDescriptor ShapeOf(const ConvAttributes& attributes);

/// What one run of a layer cost.
struct LayerCycles {
  /// Cycles that the device counted.
  std::uint64_t cycles;
  /// Cycles of the same engine as a plain binary engine (direct mode), by the cycle model.
  std::uint64_t bnn_cycles;
};

}  // namespace subbit::fpga
