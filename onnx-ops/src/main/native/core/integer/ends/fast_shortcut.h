#pragma once

#include <memory>

#include "core/integer/ends/end_kernels.h"
#include "core/integer/integer_layer.h"
#include "core/integer/integer_parameters.h"

namespace subbit {

/// IntegerShortcut: the means of a few rows, then their products with weights whose vectors hold outputs, two channels
/// in one multiplication. Weights are widened to int16 when they are prepared. `kernels` must stay valid.
std::unique_ptr<IntegerLayer> MakeFastShortcut(const EndKernels& kernels, const ShortcutParameters& parameters);

}  // namespace subbit
