#pragma once

#include <cstdint>
#include <vector>

#include "device/sign_rule.h"

namespace subbit::fpga {

/// For each channel the rule that gives the bits of (float)acc * scale + bias >= 0, each operation rounded to float on
/// its own, for every whole acc from -most to most. `scale` and `bias` are finite and have one value a channel.
///
/// Rounding keeps that a monotone function of acc, so that its sign changes once at most; where, is found by trying it,
/// not by dividing, so that no rounding of our own comes in.
std::vector<SignRule> SignRulesOf(const std::vector<float>& scale, const std::vector<float>& bias, std::int32_t most);

}  // namespace subbit::fpga
