#pragma once

#include <cstdint>
#include <vector>

#include "device/sign_rule.h"

namespace subbit::fpga {

/// Finds, for each channel, the rule for the bits of (float)acc * scale + bias >= 0, each operation rounded to float on
/// its own, for every whole acc from -most to most. `scale` and `bias` are finite and have one value per channel.
///
/// Rounding keeps this a monotone function of acc, so its sign changes at most once; the place is found by trying
/// values, not by dividing, which would add a rounding error of its own.
std::vector<SignRule> SignRulesOf(const std::vector<float>& scale, const std::vector<float>& bias, std::int32_t most);

}  // namespace subbit::fpga
