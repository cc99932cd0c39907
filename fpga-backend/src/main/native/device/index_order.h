#pragma once

#include <cstdint>
#include <vector>

#include "device/capabilities.h"
#include "device/layer_shape.h"

namespace subbit::fpga {

/// How the index of a layer lies in device memory; docs/DEVICE.md defines both.
enum class IndexOrder {
  /// As models store it: bit planes of [out_channels, in_channels].
  kBitPlanes,
  /// As a device with tables uses it: [block of contract::kIndexOutputs output channels][group of
  /// contract::kIndexChannels input channels][output channel][bit][input channel], the last group filled up with zeros.
  kTables,
};

/// The order that a device takes.
IndexOrder IndexOrderOf(const Capabilities& capabilities);

/// Bytes of the index.
std::uint64_t IndexBytes(const LayerShape& shape, IndexOrder order);

/// The index in an order, of bit planes. The layer has one group if the order is that of tables.
std::vector<std::uint8_t> InOrder(const LayerShape& shape, IndexOrder order, const std::vector<std::uint8_t>& planes);

/// The indices [out_channels, channels of a group] of an index in an order.
std::vector<std::uint16_t> IndicesOf(const LayerShape& shape, IndexOrder order, const std::uint8_t* index);

}  // namespace subbit::fpga
