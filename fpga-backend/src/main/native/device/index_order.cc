#include "device/index_order.h"

#include <algorithm>
#include <cstddef>

#include "core/operator/bit_planes.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

constexpr std::uint32_t kGroup = contract::kIndexChannels;
constexpr std::uint32_t kBlock = contract::kIndexOutputs;

/// Calls visit(kernel, word, bit) for every kernel in the order of tables: the number of its index in [out_channels,
/// in_channels], that of the first of the words of kGroup bits that hold it, one for each bit of an index, and its
/// place in them.
template <class Visit>
void ForEachKernel(const LayerShape& shape, const Visit& visit) {
  std::size_t word = 0;
  for (std::uint32_t block = 0; block < shape.out_channels; block += kBlock) {
    const std::uint32_t end = std::min(shape.out_channels, block + kBlock);
    for (std::uint32_t group = 0; group < shape.in_channels; group += kGroup) {
      for (std::uint32_t o = block; o < end; ++o, word += shape.tau) {
        for (std::uint32_t c = group; c < std::min(shape.in_channels, group + kGroup); ++c) {
          visit(std::size_t{o} * shape.in_channels + c, word, c - group);
        }
      }
    }
  }
}

}  // namespace

IndexOrder IndexOrderOf(const Capabilities& capabilities) {
  return capabilities.response_unit == registers::kResponseUnitTables ? IndexOrder::kTables : IndexOrder::kBitPlanes;
}

std::uint64_t IndexBytes(const LayerShape& shape, IndexOrder order) {
  if (order == IndexOrder::kBitPlanes) {
    return shape.index_bytes();
  }
  const std::uint64_t groups = (std::uint64_t{shape.in_channels} + kGroup - 1) / kGroup;
  return shape.tau * groups * shape.out_channels * (kGroup / 8);
}

std::vector<std::uint8_t> InOrder(const LayerShape& shape, IndexOrder order, const std::vector<std::uint8_t>& planes) {
  if (order == IndexOrder::kBitPlanes) {
    return planes;
  }
  std::vector<std::uint8_t> ordered(IndexBytes(shape, order));
  const std::size_t plane_bytes = planes.size() / shape.tau;
  ForEachKernel(shape, [&](std::size_t kernel, std::size_t word, std::uint32_t place) {
    for (std::size_t bit = 0; bit < shape.tau; ++bit) {
      const int value = planes[bit * plane_bytes + kernel / 8] >> kernel % 8 & 1;
      std::uint8_t& byte = ordered[(word + bit) * (kGroup / 8) + place / 8];
      byte = static_cast<std::uint8_t>(byte | value << place % 8);
    }
  });
  return ordered;
}

std::vector<std::uint16_t> IndicesOf(const LayerShape& shape, IndexOrder order, const std::uint8_t* index) {
  if (order == IndexOrder::kBitPlanes) {
    return DecodeBitPlanes(index, shape.tau, shape.kernels());
  }
  std::vector<std::uint16_t> indices(shape.kernels());
  ForEachKernel(shape, [&](std::size_t kernel, std::size_t word, std::uint32_t place) {
    for (std::size_t bit = 0; bit < shape.tau; ++bit) {
      const int value = index[(word + bit) * (kGroup / 8) + place / 8] >> place % 8 & 1;
      indices[kernel] = static_cast<std::uint16_t>(indices[kernel] | value << bit);
    }
  });
  return indices;
}

}  // namespace subbit::fpga
