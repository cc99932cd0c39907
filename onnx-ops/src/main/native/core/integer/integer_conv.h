#pragma once

#include <memory>
#include <vector>

#include "core/choice/kernel_policy.h"
#include "core/choice/tournament_table.h"
#include "core/integer/integer_layer.h"
#include "core/integer/integer_parameters.h"
#include "core/kernel/isa.h"

/// The only place where kernels of integer convolutions are chosen: from tau, the channels and the instruction set,
/// which must not exceed DetectIsa(), and where several may be the fastest, by KernelPolicy.
namespace subbit {

/// All kernels of IntegerSubBitConv or, with residual parameters, of IntegerSubBitBlock that may be the fastest for
/// `isa`, the one that is estimated to be first. All give the same bits.
std::vector<std::unique_ptr<IntegerLayer>> CandidateIntegerConvs(Isa isa, const IntegerConvParameters& parameters);

/// The candidate that the policy asks for, or with kMeasure a MeasuredLayer of all if there are several.
std::unique_ptr<IntegerLayer> ChooseIntegerConv(Isa isa, KernelPolicy policy, const IntegerConvParameters& parameters);

/// Stands for everything but the shape of the image and the batch that decides which candidate is fastest. Of the
/// weights only their number matters: no candidate depends on which codewords are used.
ShapeKey IntegerConvKey(Isa isa, const IntegerConvParameters& parameters);

}  // namespace subbit
