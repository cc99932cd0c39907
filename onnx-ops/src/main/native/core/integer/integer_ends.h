#pragma once

#include <memory>

#include "core/integer/integer_layer.h"
#include "core/integer/integer_parameters.h"
#include "core/kernel/isa.h"

/// The fastest kernels for `isa` of the layers at which a network begins, changes its shape and ends: those with 8-bit
/// weights.
namespace subbit {

std::unique_ptr<IntegerLayer> MakeIntegerStem(Isa isa, StemParameters parameters);
std::unique_ptr<IntegerLayer> MakeIntegerShortcut(Isa isa, ShortcutParameters parameters);
std::unique_ptr<IntegerLayer> MakeIntegerClassifier(Isa isa, ClassifierParameters parameters);

}  // namespace subbit
