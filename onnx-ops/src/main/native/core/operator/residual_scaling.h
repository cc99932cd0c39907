#pragma once

#include <cstdint>

namespace subbit {

/// How a residual is added to the scaled sum of QLinearSubBitBlock: float(value - zero_point) * multiplier.
struct ResidualScaling {
  float multiplier;  ///< residual_scale / y_scale, rounded to float
  std::int32_t zero_point;
};

}  // namespace subbit
