#pragma once

#include <memory>

#include "core/integer/integer_layer.h"
#include "core/integer/integer_parameters.h"
#include "core/kernel/isa.h"

namespace subbit {

/// The fastest kernel of IntegerSubBitConv or, with residual parameters, of IntegerSubBitBlock for `isa`.
std::unique_ptr<IntegerLayer> MakeIntegerConv(Isa isa, IntegerConvParameters parameters);

}  // namespace subbit
