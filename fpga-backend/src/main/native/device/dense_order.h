#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/layer_shape.h"

namespace subbit::fpga {

/// The 8-bit weights of a stem, shortcut or classifier as they lie in device memory: [block of contract::kDenseOutputs
/// output channels][tap][output channel of the block], the last block filled up with zeros. So a device reads the
/// weights of one tap for all outputs of a block at once. `weights` are [out_channels, taps], as models store them; a
/// stem's taps are [channel, row, column].
std::vector<std::int8_t> InDenseOrder(const LayerShape& shape, const std::vector<std::int8_t>& weights);

/// Where the weight of an output channel and a tap is in that order.
inline std::size_t DensePlace(const LayerShape& shape, std::uint32_t output, std::size_t tap) {
  constexpr std::size_t kBlock = contract::kDenseOutputs;
  return (output / kBlock * shape.dense_taps() + tap) * kBlock + output % kBlock;
}

}  // namespace subbit::fpga
