// The simulated device with tables: layers of bits of every shape that it takes, compared with the reference, and their
// cycles with the emulator's. What all elements have in common is in rtl_test.cc.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <random>

#include "device/element.h"
#include "driver/driver.h"
#include "emulator/emulator.h"
#include "rtl/rtl_device.h"
#include "tables/device.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

constexpr const char* kElement = "tables";

std::shared_ptr<Driver> OpenRtl(const BusTiming& timing = {}) {
  return Driver::Open(std::make_unique<RtlDevice>(RtlLibraryPath(), kElement, timing, RtlDevice::kMemoryBytes));
}

/// Random weights and images; thresholds lie where sums are.
void Fill(LayerCase& c, std::mt19937& random) {
  c.layer.shape.input_format = InputFormat::kBits;
  c.layer.shape.output_format = OutputFormat::kBits;
  FillRandomly(c, random);
  c.layer.bias.clear();
}

LayerCase Square(const SquareConv& conv) {
  LayerCase c = SquareCase(conv, 5);
  std::mt19937 random(9);
  Fill(c, random);
  return c;
}

/// Any layer that the device takes, small more often than not.
LayerCase RandomLayer(std::mt19937& random) {
  LayerCase c;
  LayerShape& d = c.layer.shape;
  const auto channels = [&] { return Pick(random, 1, random() % 3 == 0 ? 200 : random() % 2 == 0 ? 70 : 12); };
  for (;;) {
    d.tau = static_cast<std::uint8_t>(Pick(random, 1, 5));
    d.in_channels = channels();
    d.out_channels = channels();
    d.stride_h = static_cast<std::uint16_t>(Pick(random, 1, 2));
    d.stride_w = static_cast<std::uint16_t>(Pick(random, 1, 2));
    for (std::uint16_t* pad : {&d.pad_top, &d.pad_left, &d.pad_bottom, &d.pad_right}) {
      *pad = static_cast<std::uint16_t>(Pick(random, 0, 2));
    }
    c.batch = random() % 4 == 0 ? Pick(random, 2, 3) : 1;
    c.height = Pick(random, 1, 24);
    c.width = Pick(random, 1, random() % 3 == 0 ? 56 : 20);
    const std::uint64_t work = std::uint64_t{d.in_channels} * d.out_channels * c.height * c.width * c.batch;
    if (c.out_height() > 0 && c.out_width() > 0 && c.out_width() <= 56 &&
        d.in_channels * ((c.height + 2) / 3) <= 1536 && work < 600000) {
      break;
    }
  }
  Fill(c, random);
  return c;
}

std::string Describe(const LayerCase& c) {
  const LayerShape& d = c.layer.shape;
  return "tau " + std::to_string(d.tau) + ", " + std::to_string(d.in_channels) + " to " +
         std::to_string(d.out_channels) + " channels, batch " + std::to_string(c.batch) + ", " +
         std::to_string(c.height) + "x" + std::to_string(c.width) + " to " + std::to_string(c.out_height()) + "x" +
         std::to_string(c.out_width()) + ", strides " + std::to_string(d.stride_h) + " " + std::to_string(d.stride_w) +
         ", pads " + std::to_string(d.pad_top) + std::to_string(d.pad_left);
}

TEST(RtlTables, TellsWhatItOffers) {
  RtlDevice device(RtlLibraryPath(), kElement, {}, RtlDevice::kMemoryBytes);
  const Capabilities read = Capabilities::Read(device);
  const Capabilities expected = RtlCapabilities(kElement);
  EXPECT_EQ(read.response_unit, registers::kResponseUnitTables);
  EXPECT_EQ(read.channel_lanes, expected.channel_lanes);
  EXPECT_EQ(read.max_tau, expected.max_tau);
  EXPECT_EQ(read.EngineRegister(), expected.EngineRegister());
  EXPECT_EQ(read.features, expected.features);
  EXPECT_EQ(read.max_channels, expected.max_channels);
  EXPECT_EQ(read.max_width, expected.max_width);
  EXPECT_EQ(read.input_rows, expected.input_rows);
}

TEST(RtlTables, AgreesWithTheReferenceOnRandomLayers) {
  std::mt19937 random(31);
  for (const std::uint32_t stall_percent : {0u, 40u}) {
    const auto driver = OpenRtl({stall_percent == 0 ? 1u : 20u, stall_percent, 7});
    for (int run = 0; run < 100; ++run) {
      const LayerCase c = RandomLayer(random);
      SCOPED_TRACE("run " + std::to_string(run) + ", " + Describe(c));
      ASSERT_EQ(RunCase(*driver, c), ReferenceConv(c));
    }
  }
}

/// Results must be the same, cycles within 2 %.
void CompareWithTheEmulator(const LayerCase& c) {
  SCOPED_TRACE(Describe(c));
  LayerCycles rtl{};
  LayerCycles model{};
  const auto simulated = RunCase(*OpenRtl(), c, &rtl);
  const auto emulated =
      RunCase(*Driver::Open(std::make_unique<Emulator>(Emulator::CapabilitiesOf(kElement))), c, &model);
  ASSERT_EQ(simulated, emulated);
  EXPECT_NEAR(static_cast<double>(rtl.cycles) / static_cast<double>(model.cycles), 1, 0.02)
      << "cycles " << rtl.cycles << " for " << model.cycles;
}

TEST(RtlTables, TakesTheCyclesOfTheModelOnNetworkLayers) {
  // Of ResNet-18 on images of 224x224, and of resnet20.
  for (const SquareConv& conv : {SquareConv{64, 64, 56, 1},
                                 {64, 128, 56, 2},
                                 {128, 128, 28, 1},
                                 {128, 256, 28, 2},
                                 {256, 256, 14, 1},
                                 {256, 512, 14, 2},
                                 {512, 512, 7, 1},
                                 {16, 16, 32, 1},
                                 {16, 32, 32, 2},
                                 {32, 32, 16, 1},
                                 {64, 64, 8, 1}}) {
    CompareWithTheEmulator(Square(conv));
  }
}

/// A layer of ResNet-18, and how often it has it.
struct NetworkLayer {
  SquareConv conv;
  std::uint64_t count;
};

TEST(RtlTables, TakesFewCyclesForAWholeNetworkAndNotManyMoreWithASlowMemory) {
  std::uint64_t cycles = 0;
  std::uint64_t slow_cycles = 0;
  for (const NetworkLayer& layer : {NetworkLayer{{64, 64, 56, 1}, 4},
                                    {{64, 128, 56, 2}, 1},
                                    {{128, 128, 28, 1}, 3},
                                    {{128, 256, 28, 2}, 1},
                                    {{256, 256, 14, 1}, 3},
                                    {{256, 512, 14, 2}, 1},
                                    {{512, 512, 7, 1}, 3}}) {
    const LayerCase c = Square(layer.conv);
    LayerCycles usual{};
    LayerCycles slow{};
    const auto output = RunCase(*OpenRtl(), c, &usual);
    ASSERT_EQ(RunCase(*OpenRtl({60, 30, 5}), c, &slow), output) << Describe(c);
    std::cout << Describe(c) << ": " << usual.cycles << " cycles, " << slow.cycles
              << " with 60 cycles of latency and a bus that rests in 30 of 100\n";
    cycles += layer.count * usual.cycles;
    slow_cycles += layer.count * slow.cycles;
  }
  std::cout << "ResNet-18: " << cycles << ", " << slow_cycles << "\n";
  EXPECT_LE(cycles, 320000u);
  EXPECT_LE(static_cast<double>(slow_cycles), 1.2 * static_cast<double>(cycles));
}

TEST(RtlTables, TakesTheCyclesOfTheModelOnRandomLayers) {
  std::mt19937 random(32);
  for (int run = 0; run < 60; ++run) {
    CompareWithTheEmulator(RandomLayer(random));
  }
}

}  // namespace
}  // namespace subbit::fpga
