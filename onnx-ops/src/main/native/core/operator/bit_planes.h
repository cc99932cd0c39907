#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace subbit {

/// The number of bytes in a bit plane of `count` indices.
constexpr std::size_t PlaneBytes(std::size_t count) { return (count + 7) / 8; }

/// Decodes `count` indices of `tau` bits (1..9) from bit planes: bit b of index i is bit (i mod 8) of byte
/// planes[b * PlaneBytes(count) + i / 8]. `planes` must hold tau * PlaneBytes(count) bytes; unused high bits of a
/// plane's last byte are ignored.
std::vector<std::uint16_t> DecodeBitPlanes(const std::uint8_t* planes, int tau, std::size_t count);

}  // namespace subbit
