#include "core/operator/bit_planes.h"

namespace subbit {

std::vector<std::uint16_t> DecodeBitPlanes(const std::uint8_t* planes, int tau, std::size_t count) {
  std::vector<std::uint16_t> indices(count, 0);
  for (int bit = 0; bit < tau; ++bit) {
    const std::uint8_t* plane = planes + static_cast<std::size_t>(bit) * PlaneBytes(count);
    for (std::size_t i = 0; i < count; ++i) {
      indices[i] = static_cast<std::uint16_t>(indices[i] | (((plane[i / 8] >> (i % 8)) & 1u) << bit));
    }
  }
  return indices;
}

}  // namespace subbit
