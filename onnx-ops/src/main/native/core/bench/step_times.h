#pragma once

#include "core/kernel/kernel_bound.h"

namespace subbit {

/// Seconds that one core takes for the steps of a bound where nothing holds them up: measured now, on registers alone,
/// for about a millisecond. Not a number for kNone. The instruction set must not pass DetectIsa().
double Seconds(const KernelBound& bound);

}  // namespace subbit
