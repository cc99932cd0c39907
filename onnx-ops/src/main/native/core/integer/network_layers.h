#pragma once

#include <memory>
#include <vector>

#include "core/choice/kernel_policy.h"
#include "core/integer/integer_network.h"
#include "core/integer/network_parameters.h"
#include "core/kernel/isa.h"

namespace subbit {

/// Prepares one layer for `isa`; where it may run on several kernels, `policy` chooses. `parameters` are the parameter
/// inputs of its operator in the order of the table of operators, in which data inputs are left out. Throws
/// InvalidOperator if there are too few or too many of them, or one has another element type, shape or value than its
/// operator allows.
std::unique_ptr<IntegerLayer> MakeLayer(Isa isa, KernelPolicy policy, const OpName& op, const AnyLayer& layer,
                                        const std::vector<AnyTensor>& parameters);

/// The same as a network of this one layer, which reads the caller's x and, if it is a block, the caller's residual.
std::unique_ptr<IntegerNetwork> MakeLayerNetwork(Isa isa, KernelPolicy policy, const OpName& op, const AnyLayer& layer,
                                                 const std::vector<AnyTensor>& parameters);

/// Prepares the network of an IntegerNetwork node, whose inputs after X are `parameters`. Throws InvalidOperator.
std::unique_ptr<IntegerNetwork> MakeNetwork(Isa isa, KernelPolicy policy, const OpName& op,
                                            const NetworkAttributes& attributes,
                                            const std::vector<AnyTensor>& parameters);

}  // namespace subbit
