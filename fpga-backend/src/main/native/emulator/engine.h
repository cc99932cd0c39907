#pragma once

#include <cstdint>

#include "device/error_code.h"
#include "device/index_order.h"
#include "device/layer_descriptor.h"

namespace subbit::fpga {

/// Computes one layer in device memory, its index in the given order, bit for bit as docs/DEVICE.md defines it. `layer`
/// must have passed Validate for a memory that begins at `memory`. The contents of the tensors are still untrusted: if
/// they are invalid, it returns kCodeword or kMultiplier and writes nothing.
ErrorCode RunLayer(const LayerDescriptor& layer, IndexOrder order, std::uint8_t* memory);

}  // namespace subbit::fpga
