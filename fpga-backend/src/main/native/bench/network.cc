#include "bench/network.h"

#include <stdexcept>

namespace subbit::fpga {

std::vector<NetworkLayer> NetworkLayers(const std::string& network) {
  std::vector<std::uint32_t> blocks;
  if (network == "resnet18") {
    blocks = {2, 2, 2, 2};
  } else if (network == "resnet34") {
    blocks = {3, 4, 6, 3};
  } else {
    throw std::invalid_argument("There is no network '" + network + "'; allowed are: resnet18, resnet34.");
  }
  // Blocks of two convolutions; the first of every later stage halves the image and doubles the channels.
  std::vector<NetworkLayer> layers = {{64, 64, 56, 1, 2 * blocks[0]}};
  std::uint32_t channels = 64;
  std::uint32_t side = 56;
  for (std::size_t stage = 1; stage < blocks.size(); ++stage) {
    layers.push_back({channels, 2 * channels, side, 2, 1});
    channels *= 2;
    side /= 2;
    layers.push_back({channels, channels, side, 1, 2 * blocks[stage] - 1});
  }
  return layers;
}

LayerCase MakeCase(const NetworkLayer& layer, int tau, std::uint32_t seed) {
  LayerCase c;
  LayerDescriptor& d = c.layer.shape;
  d.input_format = InputFormat::kU8;
  d.output_format = OutputFormat::kU8;
  d.tau = static_cast<std::uint8_t>(tau);
  d.input_zero_point = 128;
  d.output_zero_point = 128;
  d.in_channels = layer.in_channels;
  d.out_channels = layer.out_channels;
  d.stride_h = d.stride_w = layer.stride;
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = 1;
  c.batch = 1;
  c.height = c.width = layer.in_side;
  std::mt19937 random(seed);
  FillRandomly(c, random);
  return c;
}

}  // namespace subbit::fpga
