#pragma once

#include <cstdint>
#include <vector>

#include "core/operator/conv_weights.h"
#include "core/operator/residual_scaling.h"

namespace subbit {

/// The quantization inputs of QLinearSubBitConv as they are in the model. Scalars may have shape [] or [1].
struct QuantizationInputs {
  TensorView<float> x_scale;
  std::int32_t x_zero_point;
  TensorView<float> w_scale;  ///< [out_channels]
  TensorView<float> y_scale;
  std::int32_t y_zero_point;
  const TensorView<std::int32_t>* bias;  ///< [out_channels], or null when absent
};

/// The residual inputs of QLinearSubBitBlock, shaped as those above.
struct ResidualInputs {
  TensorView<float> scale;
  std::int32_t zero_point;
};

/// How the int32 sum of an output channel becomes its quantized value:
/// clamp(round_half_even(float(sum + bias[o]) * multiplier[o]) + y_zero_point), where QLinearSubBitBlock adds its
/// residual before it rounds.
struct Requantization {
  std::int32_t x_zero_point;
  std::int32_t y_zero_point;
  std::vector<float>
      multiplier;  ///< (x_scale * w_scale[o]) / y_scale, each step rounded to float, as ONNX Runtime does
  std::vector<std::int32_t> bias;     ///< zeros when absent
  ResidualScaling residual{0.0f, 0};  ///< of QLinearSubBitBlock
};

/// Checks the quantization inputs. Throws InvalidOperator unless the lengths match, x_scale and y_scale are positive
/// and finite, and every w_scale and multiplier is finite (a folded batch norm may make w_scale negative or zero). Zero
/// points are in range by their type.
Requantization MakeRequantization(const OpName& op, std::int64_t out_channels, const QuantizationInputs& inputs);

/// The largest number of input channels in a group of QLinearSubBitBlock: sums of 9 * 255 for each of them stay below
/// 2^24, up to where a float, which the function body uses for the sums, holds every whole number.
constexpr std::int64_t kMaxBlockChannels = 7000;

/// The same for QLinearSubBitBlock. Throws InvalidOperator also if a group has more than kMaxBlockChannels input
/// channels, or unless residual_scale is positive and finite, and residual_scale / y_scale so small that no residual
/// becomes infinite.
Requantization MakeBlockRequantization(const OpName& op, const ConvAttributes& attributes,
                                       const QuantizationInputs& inputs, const ResidualInputs& residual);

/// The value that a residual adds; the product is rounded to float.
inline float ScaledResidual(std::int32_t value, const ResidualScaling& residual) {
  return static_cast<float>(value - residual.zero_point) * residual.multiplier;
}

/// One output value; `low` and `high` are the limits of the output type. Two's-complement wrap-around of sum + bias, as
/// in ONNX Runtime. `residual` is finite and added to the product once that is rounded.
std::int32_t Requantize(std::int32_t sum, std::int32_t bias, float multiplier, std::int32_t y_zero_point,
                        std::int32_t low, std::int32_t high, float residual = 0.0f);

}  // namespace subbit
