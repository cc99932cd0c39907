#pragma once

#include <cstdint>

#include "device/error_code.h"
#include "device/layer_descriptor.h"

namespace subbit::fpga {

/// Computes a stem, shortcut or classifier in device memory, bit for bit as docs/DEVICE.md defines it. `layer` must
/// have passed Validate for a memory that begins at `memory`. The contents of the tensors are still untrusted: if they
/// are invalid, it returns kMultiplier and writes nothing.
ErrorCode RunDenseLayer(const LayerDescriptor& layer, std::uint8_t* memory);

}  // namespace subbit::fpga
