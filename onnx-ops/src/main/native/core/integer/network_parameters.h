#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "core/integer/integer_parameters.h"
#include "core/integer/network_attributes.h"
#include "core/operator/conv_weights.h"

namespace subbit {

/// A borrowed tensor of one of the types that parameters of integer layers have, or of another type.
using AnyTensor = std::variant<std::monostate, TensorView<float>, TensorView<std::uint8_t>, TensorView<std::int8_t>,
                               TensorView<std::int16_t>>;

/// The checked parameters of a layer of any operator.
using AnyParameters = std::variant<StemParameters, IntegerConvParameters, ShortcutParameters, ClassifierParameters>;

/// The number of parameter inputs of a layer's operator.
std::size_t ParameterCount(const AnyLayer& layer);

/// Copies and checks the parameters of one layer. `tensors` are the parameter inputs of its operator in the order of
/// the table of operators, in which data inputs are left out. Throws InvalidOperator if there are too few or too many
/// of them, or one has another element type, shape or value than its operator allows.
AnyParameters MakeParameters(const OpName& op, const AnyLayer& layer, const std::vector<AnyTensor>& tensors);

/// One layer of an IntegerNetwork, checked, and what it reads (NetworkLayerAttributes).
struct NetworkLayerParameters {
  OpName op;
  AnyParameters parameters;
  std::int64_t reads;
  std::int64_t residual;
};

/// The layers of an IntegerNetwork node, whose inputs after X are `tensors`. Throws InvalidOperator.
std::vector<NetworkLayerParameters> MakeNetworkParameters(const OpName& op, const NetworkAttributes& attributes,
                                                          const std::vector<AnyTensor>& tensors);

}  // namespace subbit
