#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/capabilities.h"
#include "device/layer_descriptor.h"
#include "driver/layer_graph.h"

namespace subbit::fpga {

/// Whether the layer needs the array of multiply-adders, so that it waits for a stem that runs beside others.
bool NeedsArray(const LayerShape& layer);

/// Whether the graph's first layer may run for the next images while the others run: it is a stem, the only layer that
/// reads the graph's only input and the only stem, its values do not leave the device, and other layers run before one
/// that needs the array, too.
bool StemMayBeAhead(const LayerGraph& graph);

/// So many images of a stem, in front of the descriptor at a place in a list.
struct StemShare {
  std::size_t place;
  std::uint32_t images;
};

/// Deals the images of a stem out over a list, `together` at a time: each share runs beside the layers from its place
/// on, up to the next one that needs the array. What the list then takes, as the cycle model has it, is the least.
/// Shares come in the order of their places.
std::vector<StemShare> DealStem(const std::vector<LayerDescriptor>& list, const LayerDescriptor& stem,
                                std::uint32_t together, const Capabilities& capabilities);

/// Images of the parts into which a batch is cut whose stems are dealt out, `together` at a time: those with which the
/// cycle model gives the fewest cycles for the batch. Shares are whole images, so that a part of few images has
/// stretches that are too short for one, or much longer; of a part of many, the first stems, beside which nothing
/// runs, take longer. `layers` are those of the graph, the stem first, for images of known sizes.
std::uint32_t ImagesOfParts(const std::vector<LayerShape>& layers, std::uint32_t batch, std::uint32_t together,
                            const Capabilities& capabilities);

}  // namespace subbit::fpga
