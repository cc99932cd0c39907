#include "core/operator/requantization.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace subbit {
namespace {

/// Whose inputs QLinearSubBitConv has too, by the same names.
using Block = operators::QLinearSubBitBlock;

float RequirePositive(const OpName& op, const std::string& field, float value) {
  if (!(value > 0.0f) || !std::isfinite(value)) {
    throw InvalidOperator(op, field, std::to_string(value), "positive finite numbers");
  }
  return value;
}

float RequireScalar(const OpName& op, const std::string& field, const TensorView<float>& value) {
  if (!value.shape.empty() && value.shape != Dims{1}) {
    throw InvalidOperator(op, "shape of " + field, ToString(value.shape), "[] or [1]");
  }
  return RequirePositive(op, field, value.data[0]);
}

}  // namespace

Requantization MakeRequantization(const OpName& op, std::int64_t out_channels, const QuantizationInputs& inputs) {
  const float x_scale = RequireScalar(op, Block::kXScale.name, inputs.x_scale);
  const float y_scale = RequireScalar(op, Block::kYScale.name, inputs.y_scale);
  Requantization result{inputs.x_zero_point, inputs.y_zero_point,
                        MakePerChannel(op, Block::kWScale.name, out_channels, inputs.w_scale),
                        std::vector<std::int32_t>(static_cast<std::size_t>(out_channels), 0)};
  for (std::size_t o = 0; o < result.multiplier.size(); ++o) {
    const float product = x_scale * result.multiplier[o];
    result.multiplier[o] = product / y_scale;
    if (!std::isfinite(result.multiplier[o])) {
      throw InvalidOperator(op, "x_scale * w_scale[" + std::to_string(o) + "] / y_scale",
                            std::to_string(result.multiplier[o]), "finite numbers");
    }
  }
  if (inputs.bias != nullptr) {
    if (inputs.bias->shape != Dims{out_channels}) {
      throw InvalidOperator(op, std::string("shape of ") + Block::kB.name, ToString(inputs.bias->shape),
                            ToString({out_channels}));
    }
    result.bias.assign(inputs.bias->data, inputs.bias->data + out_channels);
  }
  return result;
}

Requantization MakeBlockRequantization(const OpName& op, const ConvAttributes& attributes,
                                       const QuantizationInputs& inputs, const ResidualInputs& residual) {
  if (attributes.in_channels > Block::kMostInChannels) {
    throw InvalidOperator(op, operators::attributes::kInChannels.name, std::to_string(attributes.in_channels),
                          "1 to " + std::to_string(Block::kMostInChannels));
  }
  Requantization result = MakeRequantization(op, attributes.out_channels, inputs);
  const float multiplier = RequireScalar(op, Block::kResidualScale.name, residual.scale) / inputs.y_scale.data[0];
  constexpr float kLargestResidual = 255.0f;
  if (!std::isfinite(kLargestResidual * multiplier)) {
    throw InvalidOperator(op, "residual_scale / y_scale", std::to_string(multiplier),
                          "numbers that 255 times are finite");
  }
  result.residual = {multiplier, residual.zero_point};
  return result;
}

std::int32_t Requantize(std::int32_t sum, std::int32_t bias, float multiplier, std::int32_t y_zero_point,
                        std::int32_t low, std::int32_t high, float residual) {
  const auto total = static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) + static_cast<std::uint32_t>(bias));
  const float product = static_cast<float>(total) * multiplier;
  const float scaled = product + residual;
  const float clamped =
      std::min(std::max(scaled, static_cast<float>(low - y_zero_point)), static_cast<float>(high - y_zero_point));
  return static_cast<std::int32_t>(std::nearbyint(clamped)) + y_zero_point;
}

}  // namespace subbit
