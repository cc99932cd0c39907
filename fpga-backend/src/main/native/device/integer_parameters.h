#pragma once

#include <cstddef>
#include <cstdint>

namespace subbit::fpga {

/// What an integer layer does with the sums of one output channel, as it lies in device memory: eight numbers of 16
/// bits, of which the last three are 0. docs/DEVICE.md says how they are used.
struct IntegerParameters {
  static constexpr std::size_t kBytes = 16;

  std::int16_t multiplier = 0;  ///< not -32768
  std::int16_t bias = 0;
  std::int16_t slope = 0;      ///< not -32768; with a residual
  std::int16_t shift_out = 0;  ///< with a residual
  std::int16_t threshold = 0;  ///< of the output's signs
  std::int16_t reserved[3] = {0, 0, 0};
};
static_assert(sizeof(IntegerParameters) == IntegerParameters::kBytes);

}  // namespace subbit::fpga
