#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/operator/invalid_operator.h"
#include "core/operator/operator_rows.h"

namespace subbit {

/// Throws InvalidOperator unless low <= found <= high.
inline void RequireRange(const OpName& op, const std::string& field, std::int64_t found, std::int64_t low,
                         std::int64_t high) {
  if (found < low || found > high) {
    throw InvalidOperator(op, field, std::to_string(found), std::to_string(low) + " to " + std::to_string(high));
  }
}

/// Throws InvalidOperator unless an attribute is within the limits of its row in the table of operators.
inline void RequireLimits(const OpName& op, const operators::NumberRow& row, std::int64_t found) {
  RequireRange(op, row.name, found, row.least, row.most);
}

template <std::size_t count>
void RequireLimits(const OpName& op, const operators::ListRow<count>& row,
                   const std::array<std::int64_t, count>& found) {
  for (const std::int64_t value : found) RequireRange(op, row.name, value, row.least, row.most);
}

}  // namespace subbit
