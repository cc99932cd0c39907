#include "core/operator/conv_attributes.h"

#include <string>

namespace subbit {
namespace {

namespace rows = operators::attributes;

void RequireRange(const OpName& op, const char* field, std::int64_t found, std::int64_t low, std::int64_t high) {
  if (found < low || found > high) {
    throw InvalidOperator(op, field, std::to_string(found), std::to_string(low) + " to " + std::to_string(high));
  }
}

void Require(const OpName& op, const operators::NumberRow& row, std::int64_t found) {
  RequireRange(op, row.name, found, row.least, row.most);
}

template <std::size_t count>
void Require(const OpName& op, const operators::ListRow<count>& row, const std::array<std::int64_t, count>& found) {
  for (const std::int64_t value : found) RequireRange(op, row.name, value, row.least, row.most);
}

}  // namespace

void Validate(const OpName& op, const ConvAttributes& attributes) {
  Require(op, rows::kTau, attributes.tau);
  Require(op, rows::kOutChannels, attributes.out_channels);
  Require(op, rows::kInChannels, attributes.in_channels);
  RequireRange(op, rows::kGroup.name, attributes.group, rows::kGroup.least, attributes.out_channels);
  if (attributes.out_channels % attributes.group != 0) {
    throw InvalidOperator(op, rows::kGroup.name, std::to_string(attributes.group),
                          "a divisor of out_channels = " + std::to_string(attributes.out_channels));
  }
  CheckedProduct(op, "in_channels * group", {attributes.in_channels, attributes.group}, kMaxChannels);
  Require(op, rows::kStrides, attributes.strides);
  Require(op, rows::kPads, attributes.pads);
  Require(op, rows::kDilations, attributes.dilations);
}

}  // namespace subbit
