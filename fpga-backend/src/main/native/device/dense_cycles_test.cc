// The modelled cycles of whole integer networks.

#include "device/dense_cycles.h"

#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "device/cycle_model.h"
#include "device/element.h"
#include "device/stem_taps.h"
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
  EXPECT_LE(Print("ResNet-18, 1 image", CyclesOf(resnet18, 1)), 1560000u);
  EXPECT_LE(Print("ResNet-18, 7 images", CyclesOf(resnet18, 7)), 1480000u);
  StemAttributes small;
  small.pads = {1, 1, 1, 1};
  const NetworkCase resnet20 = ResidualNetwork({32, 32, 3}, 3, small, {{16, 6}, {32, 6}, {64, 6}}, 10, 5, random);
  EXPECT_LE(Print("resnet20, 7 images", CyclesOf(resnet20, 7)), 95000u);
}

/// A stem of square images whose sums, 64 in a row, are not pooled, or by 2x2.
LayerDescriptor Stem(std::uint8_t kernel, std::uint32_t outputs, std::uint8_t pool) {
  LayerDescriptor d;
  d.version = 3;
  d.tau = 0;
  d.in_channels = 3;
  d.out_channels = outputs;
  d.in_height = d.in_width = 63u + kernel;
  d.out_height = d.out_width = 64u / pool;
  IntegerStage& stage = d.integer.emplace();
  stage.kind = Kind::kStem;
  stage.kernel = kernel;
  stage.pool = stage.pool_strides = {pool, pool};
  stage.taps = static_cast<std::uint16_t>(StemTaps(d).size());
  return d;
}

/// Cycles of a group of four sums, but for what a row takes besides.
double CyclesOfGroup(const LayerDescriptor& d) { return static_cast<double>(DenseCycles(d)) / (64 * 16); }

TEST(DenseCycles, OfAStemAreThoseOfItsTapsOrOfWhatFollowsThem) {
  const LayerDescriptor large = Stem(7, 64, 2);
  EXPECT_EQ(large.integer->taps, 210);
  EXPECT_NEAR(CyclesOfGroup(large), 210, 6) << "the taps of the list";
  EXPECT_NEAR(CyclesOfGroup(Stem(3, 64, 2)), 4 * 32, 6) << "two channels of each sum leave the array in a cycle";
  EXPECT_NEAR(CyclesOfGroup(Stem(3, 16, 2)), 36, 6) << "the taps again";
  EXPECT_NEAR(CyclesOfGroup(Stem(3, 32, 1)), 16 * 8, 6) << "four sums of two channels, whose columns go on one by one";
  EXPECT_NEAR(CyclesOfGroup(Stem(7, 128, 2)), 2 * 210, 14) << "a set of channels after the other";
}

}  // namespace
}  // namespace subbit::fpga
