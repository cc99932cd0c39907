#pragma once

#include <cstdint>
#include <vector>

#include "core/operator/conv_geometry.h"
#include "ep/conv_node.h"

namespace subbit::fpga {

/// Images in transfer between ONNX Runtime and the device, if the two hold them in different forms: all but
/// HostForm::kBytes. They consist of words, so that accumulators fit into them.
using DeviceImages = std::vector<std::int32_t>;

/// Converts the input of `node`, floats or packed signs, to the device's bits.
DeviceImages ImagesForDevice(const ConvNode& node, const ConvGeometry& geometry, const void* input);

/// Room for the device's output for `node`: accumulators or bits.
DeviceImages RoomForImages(const ConvNode& node, const ConvGeometry& geometry);

/// Converts the device's output to floats, scaled and with their bias, or to packed signs.
void ImagesFromDevice(const ConvNode& node, const ConvGeometry& geometry, const DeviceImages& images, void* output);

}  // namespace subbit::fpga
