#pragma once

#include <cstddef>
#include <cstdint>

#include "device/layer_shape.h"
#include "device/sign_rule.h"

namespace subbit::fpga {

/// The parameters of the output stage for the accumulators of one output channel.
struct ChannelOutput {
  OutputFormat format;
  /// Added modulo 2^32.
  std::int32_t bias;
  /// For kU8 and kS8.
  float multiplier;
  std::int16_t zero_point;
  /// For kBits.
  SignRule rule;
};

/// The residual that is added to one output channel after its multiplication.
struct Residual {
  /// Elements in the output's format, or null for none.
  const std::uint8_t* values;
  float multiplier;
  std::int16_t zero_point;
};

/// Writes `count` elements in the layer's output format, little-endian, to `to`; bits are packed eight per byte, and
/// unused ones are 0:
///   kI32:     acc + bias
///   kBits:    ((acc + bias) >= threshold) != inverted
///   kU8, kS8: clamp(round_half_even((float)(acc + bias) * multiplier + (float)(residual - residual zero point) *
///   residual
///             multiplier), low - zero_point, high - zero_point) + zero_point
/// where the conversion to float, each multiplication and the addition round to nearest even, as ONNX Runtime's
/// QLinearConv does; without a residual there is neither the second product nor the addition.
void WriteOutput(const ChannelOutput& channel, const Residual& residual, const std::int32_t* accumulators,
                 std::size_t count, std::uint8_t* to);

}  // namespace subbit::fpga
