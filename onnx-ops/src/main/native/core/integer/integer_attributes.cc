#include "core/integer/integer_attributes.h"

#include <string>

#include "core/operator/attribute_limits.h"
#include "core/operator/conv_attributes.h"

namespace subbit {
namespace {

/// Checks each attribute against its limits in the table.
template <class Table, class Attributes>
void RequireAllLimits(const OpName& op, const Attributes& attributes) {
  VisitAttributes(Table{}, attributes, [&](const auto& row, const auto* value) { RequireLimits(op, row, *value); });
}

/// `Table` is that of a layer with such a pool.
template <class Table>
void RequirePool(const OpName& op, const PoolWindow& pool) {
  if (pool.IsNone()) {
    for (const std::int64_t stride : pool.strides) RequireRange(op, Table::kAttributePoolStrides.name, stride, 1, 1);
  }
  for (std::size_t i = 0; i < pool.pads.size(); ++i) {
    RequireRange(op, Table::kAttributePoolPads.name, pool.pads[i], 0, pool.shape[i % 2] - 1);
  }
}

}  // namespace

void Validate(const OpName& op, const StemAttributes& attributes) {
  RequireAllLimits<operators::IntegerStem>(op, attributes);
  RequirePool<operators::IntegerStem>(op, attributes.pool);
}

void Validate(const OpName& op, const IntegerConvAttributes& attributes) {
  RequireAllLimits<operators::IntegerSubBitConv>(op, attributes);
  RequireAllLimits<operators::IntegerSubBitBlock>(op, attributes);
  RequirePool<operators::IntegerSubBitConv>(op, attributes.pool);
  CheckedProduct(op, "9 * in_channels * 2^shift", {kTaps, attributes.in_channels, std::int64_t{1} << attributes.shift},
                 INT16_MAX);
}

void Validate(const OpName& op, const ShortcutAttributes& attributes) {
  RequireAllLimits<operators::IntegerShortcut>(op, attributes);
  if (attributes.pool[0] != attributes.pool[1]) {
    throw InvalidOperator(op, operators::IntegerShortcut::kAttributePool.name, ToString(attributes.pool),
                          "[1, 1] or [2, 2]");
  }
}

void Validate(const OpName& op, const ClassifierAttributes& attributes) {
  RequireAllLimits<operators::IntegerClassifier>(op, attributes);
}

}  // namespace subbit
