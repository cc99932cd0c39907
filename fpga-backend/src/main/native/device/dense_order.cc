#include "device/dense_order.h"

namespace subbit::fpga {

std::vector<std::int8_t> InDenseOrder(const LayerShape& shape, const std::vector<std::int8_t>& weights) {
  std::vector<std::int8_t> ordered(shape.dense_bytes());
  const std::size_t taps = shape.dense_taps();
  for (std::uint32_t output = 0; output < shape.out_channels; ++output) {
    for (std::size_t tap = 0; tap < taps; ++tap) {
      ordered[DensePlace(shape, output, tap)] = weights[output * taps + tap];
    }
  }
  return ordered;
}

}  // namespace subbit::fpga
