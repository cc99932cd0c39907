#pragma once

#include <cstdint>
#include <vector>

#include "core/conv_weights.h"

namespace subbit {

/// The quantization inputs of QLinearSubBitConv as the model gives them. Scalars may have shape [] or [1].
struct QuantizationInputs {
  TensorView<float> x_scale;
  std::int32_t x_zero_point;
  TensorView<float> w_scale;  ///< [out_channels]
  TensorView<float> y_scale;
  std::int32_t y_zero_point;
  const TensorView<std::int32_t>* bias;  ///< [out_channels], or null when absent
};

/// How the int32 sum of an output channel becomes its quantized value:
/// clamp(round_half_even(float(sum + bias[o]) * multiplier[o]) + y_zero_point).
struct Requantization {
  std::int32_t x_zero_point;
  std::int32_t y_zero_point;
  std::vector<float>
      multiplier;  ///< (x_scale * w_scale[o]) / y_scale, each step rounded to float, as ONNX Runtime does
  std::vector<std::int32_t> bias;  ///< zeros when absent
};

/// Checks the quantization inputs. Throws InvalidOperator unless the lengths fit, x_scale and y_scale are positive and
/// finite, and every w_scale and multiplier is finite (a folded batch norm may make w_scale negative or zero). Zero
/// points are in range by their type.
Requantization MakeRequantization(const OpName& op, std::int64_t out_channels, const QuantizationInputs& inputs);

/// One output value; `low` and `high` are the limits of the output type. Two's-complement wrap-around of sum + bias, as
/// in ONNX Runtime.
std::int32_t Requantize(std::int32_t sum, std::int32_t bias, float multiplier, std::int32_t y_zero_point,
                        std::int32_t low, std::int32_t high);

}  // namespace subbit
