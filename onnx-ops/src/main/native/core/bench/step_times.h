#pragma once

#include "core/kernel/kernel_bound.h"

namespace subbit {

/// The seconds that one core takes for the steps of a bound if nothing delays them: measured now, on registers alone,
/// for about a millisecond. Not-a-number for kNone. The instruction set must not exceed DetectIsa().
double Seconds(const KernelBound& bound);

}  // namespace subbit
