#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "device/integer_parameters.h"
#include "device/layer_descriptor.h"

namespace subbit::fpga {

/// The parameters of all output channels, or nothing if a multiplier or slope is -32768. `memory` is device memory.
std::optional<std::vector<IntegerParameters>> LoadParameters(const LayerDescriptor& layer, const std::uint8_t* memory);

/// A row of one channel: where it lies in a tensor [N, H, C, W] of 16-bit values.
std::size_t ValueRow(std::uint32_t image, std::uint32_t row, std::uint32_t channel, std::uint32_t height,
                     std::uint32_t channels, std::uint32_t width);

/// Value `i` of a row in device memory.
inline std::int16_t ValueAt(const std::uint8_t* row, std::size_t i) {
  return static_cast<std::int16_t>(row[2 * i] | row[2 * i + 1] << 8);
}

/// What a convolution makes of a sum; the residual counts only if the layer adds residuals.
std::int16_t FinishedValue(const LayerShape& layer, const IntegerParameters& p, std::int32_t sum,
                           std::int16_t residual);

/// Writes rows of an integer layer's output: its values and, if the layer gives them, their signs.
class IntegerOutput {
 public:
  /// `memory` is device memory; all three outlive the object.
  IntegerOutput(const LayerDescriptor& layer, const std::vector<IntegerParameters>& parameters, std::uint8_t* memory)
      : layer_(layer), parameters_(parameters), memory_(memory), values_(layer.out_width) {}

  /// A row of sums of a convolution: scaled, and with the residual bent and shifted.
  void WriteSums(std::uint32_t image, std::uint32_t row, std::uint32_t channel, const std::int32_t* sums);
  /// A row of values that are final.
  void WriteValues(std::uint32_t image, std::uint32_t row, std::uint32_t channel, const std::int16_t* values);

 private:
  const LayerDescriptor& layer_;
  const std::vector<IntegerParameters>& parameters_;
  std::uint8_t* memory_;
  std::vector<std::int16_t> values_;
};

}  // namespace subbit::fpga
