#pragma once

#include <memory>
#include <vector>

#include "core/integer/integer_layer.h"
#include "core/integer/integer_parameters.h"
#include "core/kernel/isa.h"

/// The only place where kernels of integer convolutions are chosen: once, from tau, the channels and the instruction
/// set, which must not exceed DetectIsa().
namespace subbit {

/// All kernels of IntegerSubBitConv or, with residual parameters, of IntegerSubBitBlock that may be the fastest for
/// `isa`, the one that is estimated to be first. All give the same bits.
std::vector<std::unique_ptr<IntegerLayer>> CandidateIntegerConvs(Isa isa, const IntegerConvParameters& parameters);

/// The first of the candidates.
std::unique_ptr<IntegerLayer> MakeIntegerConv(Isa isa, IntegerConvParameters parameters);

}  // namespace subbit
