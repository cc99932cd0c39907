#pragma once

#include <cstdint>

#include "device/capabilities.h"
#include "device/layer_descriptor.h"

namespace subbit::fpga {

/// Cycles that the paper's processing element takes for a layer. For every output pixel and input channel the engine
/// spends
///   table mode:  max(ceil(2^tau / dot_units), ceil(c_out / accumulators)): while one bank of the table is read, the
///   other is filled; direct mode: ceil(c_out / dot_units), one response for each output channel: a plain binary
///   engine;
/// with c_out the output channels of one group. Loading of weights and images, and the filling of the pipeline, are not
/// modelled. Source: Wang et al., ICCV 2021, the figure of the processing element; see docs/DEVICE.md.
std::uint64_t ModelledCycles(const LayerDescriptor& layer, const Capabilities& capabilities);

/// The mode in which a layer of this tau takes fewer cycles; direct where they are equal or the table is too small.
Mode FasterMode(int tau, std::uint32_t group_out_channels, const Capabilities& capabilities);

}  // namespace subbit::fpga
