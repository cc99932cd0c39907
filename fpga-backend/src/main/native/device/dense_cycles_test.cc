// The modelled cycles of whole integer networks.

#include "device/dense_cycles.h"

#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "device/cycle_model.h"
#include "device/element.h"
#include "testing/random_network.h"

namespace subbit::fpga {
namespace {

/// The descriptors of a network for a batch, without addresses.
std::vector<LayerDescriptor> DescriptorsOf(const NetworkCase& c, std::uint32_t batch) {
  std::vector<LayerDescriptor> descriptors;
  std::vector<ImageSize> sizes = {
      {static_cast<std::uint32_t>(c.image.height), static_cast<std::uint32_t>(c.image.width)}};
  for (const DeviceLayer& layer : DeviceLayersOf(c.layers)) {
    LayerDescriptor& d = descriptors.emplace_back(layer.shape());
    const std::size_t read = layer.input > c.layers.size() ? layer.input - c.layers.size() : layer.input;
    const ImageSize out = d.OutputSize(sizes[read]);
    d.batch = batch;
    d.in_height = sizes[read].height;
    d.in_width = sizes[read].width;
    d.out_height = out.height;
    d.out_width = out.width;
    sizes.push_back(out);
  }
  return descriptors;
}

/// The cycles of a network by kinds, for each image of a batch.
std::array<std::uint64_t, kKindValues> CyclesOf(const NetworkCase& c, std::uint32_t batch) {
  std::array<std::uint64_t, kKindValues> cycles{};
  for (const LayerDescriptor& d : DescriptorsOf(c, batch)) {
    cycles[static_cast<std::size_t>(d.integer->kind)] += ModelledCycles(d, EmulatorCapabilities("tables")) / batch;
  }
  return cycles;
}

std::uint64_t Print(const char* network, const std::array<std::uint64_t, kKindValues>& cycles) {
  std::cout << network << ": convolutions " << cycles[0] << ", stem " << cycles[1] << ", shortcuts " << cycles[2]
            << ", classifier " << cycles[3] << "\n";
  return cycles[0] + cycles[1] + cycles[2] + cycles[3];
}

TEST(DenseCycles, AddUpToAWholeNetwork) {
  std::mt19937 random(1);
  StemAttributes stem;
  stem.strides = {2, 2};
  stem.pads = {3, 3, 3, 3};
  stem.pool = {{3, 3}, {2, 2}, {1, 1, 1, 1}};
  const NetworkCase resnet18 =
      ResidualNetwork({224, 224, 3}, 7, stem, {{64, 4}, {128, 4}, {256, 4}, {512, 4}}, 1000, 5, random);
  EXPECT_LE(Print("ResNet-18, 1 image", CyclesOf(resnet18, 1)), 1820000u);
  EXPECT_LE(Print("ResNet-18, 7 images", CyclesOf(resnet18, 7)), 1760000u);
  StemAttributes small;
  small.pads = {1, 1, 1, 1};
  const NetworkCase resnet20 = ResidualNetwork({32, 32, 3}, 3, small, {{16, 6}, {32, 6}, {64, 6}}, 10, 5, random);
  EXPECT_LE(Print("resnet20, 7 images", CyclesOf(resnet20, 7)), 110000u);
}

}  // namespace
}  // namespace subbit::fpga
