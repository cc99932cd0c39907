#include "core/operator/conv_attributes.h"

#include <string>

namespace subbit {
namespace {

void RequireRange(const OpName& op, const std::string& field, std::int64_t found, std::int64_t low, std::int64_t high) {
  if (found < low || found > high) {
    throw InvalidOperator(op, field, std::to_string(found), std::to_string(low) + " to " + std::to_string(high));
  }
}

}  // namespace

void Validate(const OpName& op, const ConvAttributes& attributes) {
  RequireRange(op, "tau", attributes.tau, 1, kMaxTau);
  RequireRange(op, "out_channels", attributes.out_channels, 1, kMaxChannels);
  RequireRange(op, "in_channels", attributes.in_channels, 1, kMaxChannels);
  RequireRange(op, "group", attributes.group, 1, attributes.out_channels);
  if (attributes.out_channels % attributes.group != 0) {
    throw InvalidOperator(op, "group", std::to_string(attributes.group),
                          "a divisor of out_channels = " + std::to_string(attributes.out_channels));
  }
  CheckedProduct(op, "in_channels * group", {attributes.in_channels, attributes.group}, kMaxChannels);
  for (std::int64_t stride : attributes.strides) RequireRange(op, "strides", stride, 1, kMaxWindow);
  for (std::int64_t pad : attributes.pads) RequireRange(op, "pads", pad, 0, kMaxWindow);
  for (std::int64_t dilation : attributes.dilations) RequireRange(op, "dilations", dilation, 1, kMaxWindow);
}

}  // namespace subbit
