#include "driver/binary_tensor.h"

#include <algorithm>

namespace subbit::fpga {

void PackSigns(const float* values, std::size_t rows, std::size_t width, std::uint8_t* bits) {
  for (std::size_t row = 0; row < rows; ++row, values += width) {
    for (std::size_t x = 0; x < width; x += 8) {
      unsigned byte = 0;
      for (std::size_t i = 0; i < std::min<std::size_t>(8, width - x); ++i) {
        byte |= (values[x + i] >= 0.0f ? 1u : 0u) << i;
      }
      *bits++ = static_cast<std::uint8_t>(byte);
    }
  }
}

void ScaleAccumulators(const std::int32_t* accumulators, std::size_t count, float scale, float bias, float* y) {
  for (std::size_t i = 0; i < count; ++i) {
    const float scaled = static_cast<float>(accumulators[i]) * scale;
    y[i] = scaled + bias;
  }
}

}  // namespace subbit::fpga
