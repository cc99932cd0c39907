#include "core/operator/conv_attributes.h"

#include <string>

#include "core/operator/attribute_limits.h"

namespace subbit {

void Validate(const OpName& op, const ConvAttributes& attributes) {
  namespace rows = operators::attributes;
  RequireLimits(op, rows::kTau, attributes.tau);
  RequireLimits(op, rows::kOutChannels, attributes.out_channels);
  RequireLimits(op, rows::kInChannels, attributes.in_channels);
  RequireRange(op, rows::kGroup.name, attributes.group, rows::kGroup.least, attributes.out_channels);
  if (attributes.out_channels % attributes.group != 0) {
    throw InvalidOperator(op, rows::kGroup.name, std::to_string(attributes.group),
                          "a divisor of out_channels = " + std::to_string(attributes.out_channels));
  }
  CheckedProduct(op, "in_channels * group", {attributes.in_channels, attributes.group}, kMaxChannels);
  RequireLimits(op, rows::kStrides, attributes.strides);
  RequireLimits(op, rows::kPads, attributes.pads);
  RequireLimits(op, rows::kDilations, attributes.dilations);
}

}  // namespace subbit
