#pragma once

#include <cstddef>
#include <cstdint>

namespace subbit::fpga {

/// Binarises `rows` rows of `width` values into the device's bit format: bit = x >= 0, so that -0.0 is +1 and
/// not-a-number is -1. Each row starts on a byte of its own; unused bits are 0. `bits` takes rows * ceil(width / 8)
/// bytes.
void PackSigns(const float* values, std::size_t rows, std::size_t width, std::uint8_t* bits);

/// y = (float)acc * scale + bias for one channel of `count` accumulators, each operation rounded on its own.
void ScaleAccumulators(const std::int32_t* accumulators, std::size_t count, float scale, float bias, float* y);

}  // namespace subbit::fpga
