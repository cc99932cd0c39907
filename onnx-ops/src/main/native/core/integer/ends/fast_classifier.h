#pragma once

#include <memory>

#include "core/integer/ends/end_kernels.h"
#include "core/integer/integer_layer.h"
#include "core/integer/integer_parameters.h"

namespace subbit {

/// IntegerClassifier: the sums of the positions, then the products of a class's row of weights with them, four classes
/// at a time. Weights stay int8 in memory, since reading them is most of the work. `kernels` must stay valid.
std::unique_ptr<IntegerLayer> MakeFastClassifier(const EndKernels& kernels, const ClassifierParameters& parameters);

}  // namespace subbit
