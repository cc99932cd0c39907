#include "driver/sign_rules.h"

#include <cstddef>

#include "driver/binary_tensor.h"

namespace subbit::fpga {
namespace {

SignRule RuleOf(float scale, float bias, std::int32_t most) {
  const auto sign = [&](std::int32_t acc) {
    float y = 0;
    ScaleAccumulators(&acc, 1, scale, bias, &y);
    return y >= 0.0f;
  };
  std::int32_t before = -most;
  std::int32_t after = most;
  const bool falls = sign(before);
  if (sign(after) == falls) {
    return {SignRule::kLeastThreshold, !falls};
  }
  while (after - before > 1) {
    const std::int32_t middle = before + (after - before) / 2;
    (sign(middle) == falls ? before : after) = middle;
  }
  return {after, falls};
}

}  // namespace

std::vector<SignRule> SignRulesOf(const std::vector<float>& scale, const std::vector<float>& bias, std::int32_t most) {
  std::vector<SignRule> rules;
  for (std::size_t channel = 0; channel < scale.size(); ++channel) {
    rules.push_back(RuleOf(scale[channel], bias[channel], most));
  }
  return rules;
}

}  // namespace subbit::fpga
