#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "testing/reference_conv.h"

namespace subbit::fpga {

/// A 3x3 convolution of a network, and how often the network has it.
struct NetworkLayer {
  std::uint32_t in_channels;
  std::uint32_t out_channels;
  std::uint32_t in_side;
  std::uint16_t stride;
  std::uint32_t count;
};

/// The 3x3 convolutions of "resnet18" or "resnet34" for images of 224x224, without the stem. Throws
/// std::invalid_argument for another name.
std::vector<NetworkLayer> NetworkLayers(const std::string& network);

/// Such a layer with random 8-bit weights and one random image, tau bits a kernel. The same seed gives the same layer.
LayerCase MakeCase(const NetworkLayer& layer, int tau, std::uint32_t seed);

}  // namespace subbit::fpga
