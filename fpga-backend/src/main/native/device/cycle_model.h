#pragma once

#include <cstdint>

#include "device/capabilities.h"
#include "device/layer_descriptor.h"
#include "device/layer_shape.h"

namespace subbit::fpga {

/// The cycles that the engine computes for one output pixel and one input channel, if everything else keeps up; c_out
/// is the number of output channels in one group:
///   dot units, table:   max(ceil(2^tau / dot_units), ceil(c_out / accumulators)): while one bank of the table is read,
///                       the other is filled;
///   dot units, direct:  ceil(c_out / dot_units), one response for each output channel: a plain binary engine;
///   shared adders, table:   ceil(2^tau / responses) + ceil(c_out / accumulators), the adders take turns;
///   shared adders, direct:  3 * ceil(c_out / accumulators).
/// Source: Wang et al., ICCV 2021, the figure of the processing element; for shared adders docs/DEVICE.md.
std::uint64_t CyclesPerWindow(Mode mode, int tau, std::uint32_t group_out_channels, const Capabilities& capabilities);

/// The cycles of a layer's computation alone: CyclesPerWindow for all its pixels and input channels.
std::uint64_t ComputeCycles(const LayerShape& layer, const Capabilities& capabilities);

/// The cycles from the first weight that is read to the last output that is written: the computation, the loading of
/// weights before it, and those parts of fetching and writing back that are not hidden behind it, for the memories and
/// the bus that docs/DEVICE.md states.
std::uint64_t ModelledCycles(const LayerDescriptor& layer, const Capabilities& capabilities);

/// The cycles that a plain binary engine with the same number of adders takes for the layer: the same engine in direct
/// mode; for shared adders, one with a dot unit for every nine of them; for tables, the same array with two look-ups
/// per kernel, of five taps and of four.
std::uint64_t BinaryEngineCycles(const LayerDescriptor& layer, const Capabilities& capabilities);

/// The mode in which a layer of this tau takes fewer cycles; direct where they are equal or the table is too small.
Mode FasterMode(int tau, std::uint32_t group_out_channels, const Capabilities& capabilities);

}  // namespace subbit::fpga
