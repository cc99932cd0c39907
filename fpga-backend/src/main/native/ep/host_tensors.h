#pragma once

#include <cstdint>
#include <vector>

#include "core/operator/conv_geometry.h"
#include "ep/conv_node.h"

namespace subbit::fpga {

/// Images on their way between ONNX Runtime and the device, where the two hold them in different forms: all but
/// HostForm::kBytes. Words, so that accumulators can lie in them.
using DeviceImages = std::vector<std::int32_t>;

/// What `node` reads, signs in the device's bits, of floats or packed signs.
DeviceImages ImagesForDevice(const ConvNode& node, const ConvGeometry& geometry, const void* input);

/// Room for what the device gives for `node`: accumulators or bits.
DeviceImages RoomForImages(const ConvNode& node, const ConvGeometry& geometry);

/// Makes of these floats, scaled and with their bias, or packed signs.
void ImagesFromDevice(const ConvNode& node, const ConvGeometry& geometry, const DeviceImages& images, void* output);

}  // namespace subbit::fpga
