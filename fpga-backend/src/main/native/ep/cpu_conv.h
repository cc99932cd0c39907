#pragma once

#include "core/operator/conv_geometry.h"
#include "ep/conv_node.h"

namespace subbit::fpga {

/// Runs a node's convolution on the CPU with the operators' reference: slowly, but with the same bits as the device. A
/// session falls back to this when its device fails. `x`, `residual` and `y` have the node's own forms
/// (ep/conv_node.h); NCHW, without gaps. `residual` is null unless the node is a QLinearSubBitBlock.
void RunConvOnCpu(const ConvNode& node, const ConvGeometry& geometry, const void* x, const void* residual, void* y);

}  // namespace subbit::fpga
