// Integer networks through the driver and the emulator: the sums of every class are those of the operators' reference.

#include "driver/integer_network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numeric>
#include <random>

#include "core/testing/random_integer_layer.h"
#include "emulator/emulator.h"
#include "ep/cpu_network.h"
#include "tables/device.h"
#include "testing/random_network.h"

namespace subbit::fpga {
namespace {

std::shared_ptr<Driver> OpenTables() {
  return Driver::Open(std::make_unique<Emulator>(Emulator::CapabilitiesOf("tables")));
}

TEST(IntegerNetworkOnTheEmulator, GivesTheSumsOfTheReference) {
  std::mt19937 random(41);
  const auto driver = OpenTables();
  int taken = 0;
  for (int run = 0; run < 120; ++run) {
    SCOPED_TRACE("run " + std::to_string(run));
    const NetworkCase c = RandomNetwork(random);
    try {
      CpuNetwork(c.layers).Check(c.image);
    } catch (const InvalidOperator&) {
      continue;  // the image is too small for the layers
    }
    const std::uint32_t count = random() % 3 + 1;
    const auto pixels = RandomPixels(c.image, count, random);
    ASSERT_EQ(LogitsOf(c, LoadedNetwork(driver, c.layers).Run(c.image, count, pixels)),
              ReferenceLogits(c, count, pixels));
    ++taken;
  }
  EXPECT_GT(taken, 80);
}

TEST(IntegerNetworkOnTheEmulator, StreamsABatchInParts) {
  std::mt19937 random(42);
  StemAttributes stem;
  stem.pads = {1, 1, 1, 1};
  const NetworkCase c = ResidualNetwork({14, 14, 3}, 3, stem, {{8, 2}, {16, 1}}, 10, 4, random);
  Capabilities small = Emulator::CapabilitiesOf("tables");
  small.memory_bytes = 1 << 16;
  const auto driver = Driver::Open(std::make_unique<Emulator>(small));
  const auto pixels = RandomPixels(c.image, 11, random);
  EXPECT_EQ(LogitsOf(c, LoadedNetwork(driver, c.layers).Run(c.image, 11, pixels)), ReferenceLogits(c, 11, pixels));
}

/// A stem, and two convolutions that read it.
std::vector<NetworkLayerParameters> Fork(std::mt19937& random) {
  StemAttributes stem;
  IntegerConvAttributes conv;
  conv.tau = 3;
  conv.in_channels = conv.out_channels = 4;
  std::vector<NetworkLayerParameters> layers;
  layers.push_back({{"IntegerStem", "layer 1"}, RandomStem(1, 4, 1, stem, &random), 0, -1});
  layers.push_back({{"IntegerSubBitConv", "layer 2"}, RandomIntegerConv(conv, false, &random), 1, -1});
  layers.push_back({{"IntegerSubBitBlock", "layer 3"}, RandomIntegerConv(conv, true, &random), 1, 2});
  layers.push_back({{"IntegerClassifier", "layer 4"}, RandomClassifier(4, 3, 1, &random), 3, -1});
  return layers;
}

TEST(DeviceLayers, ReadTheSameValuesUnderOneSetOfThresholds) {
  std::mt19937 random(43);
  std::vector<NetworkLayerParameters> layers = Fork(random);
  try {
    DeviceLayersOf(layers);
    FAIL() << "two sets of thresholds";
  } catch (const NetworkNotTaken& e) {
    EXPECT_EQ(std::string(e.what()),
              "layer 3: the device compares the values of a layer with one set of thresholds, and layer 1 already has "
              "another");
  }
  auto& first = std::get<IntegerConvParameters>(layers[1].parameters);
  std::get<IntegerConvParameters>(layers[2].parameters).threshold = first.threshold;
  const std::vector<DeviceLayer> made = DeviceLayersOf(layers);
  EXPECT_EQ(made[1].input, made[2].input) << "both read the stem's signs";
}

TEST(DeviceLayers, HaveNoPooledConvolutionsAndNoClassifiersByPosition) {
  std::mt19937 random(44);
  std::vector<NetworkLayerParameters> pooled = Fork(random);
  std::get<IntegerConvParameters>(pooled[1].parameters).attributes.pool.shape = {2, 2};
  EXPECT_THROW(DeviceLayersOf(pooled), NetworkNotTaken);
  std::vector<NetworkLayerParameters> parts = Fork(random);
  std::get<IntegerConvParameters>(parts[2].parameters).threshold =
      std::get<IntegerConvParameters>(parts[1].parameters).threshold;
  parts[3].parameters = RandomClassifier(4, 3, 9, &random);
  EXPECT_THROW(DeviceLayersOf(parts), NetworkNotTaken);
}

TEST(IntegerNetwork, IsRefusedByDevicesWithoutItsLayers) {
  std::mt19937 random(45);
  const NetworkCase c = RandomNetwork(random);
  for (const char* element : {"paper", "shared"}) {
    const auto driver = Driver::Open(std::make_unique<Emulator>(Emulator::CapabilitiesOf(element)));
    try {
      LoadedNetwork(driver, c.layers);
      FAIL() << element;
    } catch (const DriverError& e) {
      EXPECT_EQ(e.fault(), Fault::kUnsupported);
    }
  }
}

/// What a driver says of a network that it refuses when it is loaded or run; empty if it does not.
std::string WhyRefused(const NetworkCase& c, std::mt19937& random) {
  try {
    LoadedNetwork(OpenTables(), c.layers).Run(c.image, 1, RandomPixels(c.image, 1, random));
  } catch (const DriverError& e) {
    EXPECT_EQ(e.fault(), Fault::kUnsupported);
    return e.what();
  }
  return {};
}

/// Of a network of one of these shortcuts; `width` is that of the values.
std::string WhyNotShortcut(std::int64_t channels, std::int64_t width) {
  std::mt19937 random(46);
  std::vector<NetworkLayerParameters> layers;
  layers.push_back({{"IntegerStem", "layer 1"}, RandomStem(1, channels, 1, StemAttributes{}, &random), 0, -1});
  layers.push_back({{"IntegerShortcut", "layer 2"}, RandomShortcut(channels, 8, 1, &random), 1, -1});
  layers.push_back({{"IntegerClassifier", "layer 3"}, RandomClassifier(8, 3, 1, &random), 2, -1});
  return WhyRefused({{4, width, 1}, layers}, random);
}

TEST(IntegerNetwork, NamesTheLimitThatAShortcutExceeds) {
  EXPECT_EQ(WhyNotShortcut(256, 16), "");
  const std::string channels = WhyNotShortcut(257, 8);
  EXPECT_NE(channels.find("a shortcut has at most 256 input channels (257 to 8 channels"), std::string::npos)
      << channels;
  const std::string pairs = WhyNotShortcut(256, 17);
  EXPECT_NE(pairs.find("half the width of its output are at most 2048, and here 2304"), std::string::npos) << pairs;
}

/// Of a network whose stem has a pool of 3x3.
std::string WhyNotStem(std::int64_t channels, std::int64_t stride, std::int64_t width) {
  std::mt19937 random(47);
  StemAttributes attributes;
  attributes.pool.shape = {3, 3};
  attributes.pool.strides = {stride, stride};
  std::vector<NetworkLayerParameters> layers;
  layers.push_back({{"IntegerStem", "layer 1"}, RandomStem(1, channels, 1, attributes, &random), 0, -1});
  layers.push_back({{"IntegerClassifier", "layer 2"}, RandomClassifier(channels, 3, 1, &random), 1, -1});
  return WhyRefused({{5, width, 1}, layers}, random);
}

TEST(IntegerNetwork, NamesTheLimitThatAStemExceeds) {
  EXPECT_EQ(WhyNotStem(150, 2, 113), "");
  const std::string overlap = WhyNotStem(4, 1, 9);
  EXPECT_NE(overlap.find("the windows of a stem's max pool overlap by one row or column at most"), std::string::npos)
      << overlap;
  const std::string sums = WhyNotStem(150, 2, 131);
  EXPECT_NE(sums.find("is at most 4096 with a max pool, and here 4160"), std::string::npos) << sums;
}

}  // namespace
}  // namespace subbit::fpga
