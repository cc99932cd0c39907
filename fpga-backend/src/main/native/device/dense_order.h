#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/layer_shape.h"

namespace subbit::fpga {

/// The weights of a shortcut or classifier as they lie in device memory: [set of contract::kDenseOutputs output
/// channels][tap][output channel of the set], the last set filled up with zeros. So a device reads the weights of one
/// tap for all outputs of a set at once. `weights` are [out_channels, taps], as models store them. Those of a stem lie
/// in the same order and are of other taps (device/stem_taps.h).
std::vector<std::int8_t> InDenseOrder(const LayerShape& shape, const std::vector<std::int8_t>& weights);

/// Where the weight of an output channel and a tap is in that order.
inline std::size_t DensePlace(const LayerShape& shape, std::uint32_t output, std::size_t tap) {
  constexpr std::size_t kSet = contract::kDenseOutputs;
  return (output / kSet * shape.dense_taps() + tap) * kSet + output % kSet;
}

}  // namespace subbit::fpga
