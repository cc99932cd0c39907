#include <gtest/gtest.h>

#include <random>

#include "core/testing/sweep.h"
#include "device/element.h"
#include "driver/driver.h"
#include "emulator/emulator.h"
#include "rtl/rtl_device.h"
#include "tables/device.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

std::unique_ptr<RtlDevice> Open(const std::string& element, const BusTiming& timing = {},
                                std::uint64_t memory = RtlDevice::kMemoryBytes) {
  return std::make_unique<RtlDevice>(RtlLibraryPath(), element, timing, memory);
}

class Rtl : public ::testing::TestWithParam<std::string> {};

TEST_P(Rtl, TellsWhatItsElementOffers) {
  const auto device = Open(GetParam());
  EXPECT_EQ(device->Read32(registers::kId), contract::kIdValue);
  EXPECT_EQ(device->Read32(registers::kVersion), contract::kVersionValue);
  const Capabilities read = Capabilities::Read(*device);
  const Capabilities expected = RtlCapabilities(GetParam());
  EXPECT_EQ(read.response_unit, expected.response_unit);
  EXPECT_EQ(read.channel_lanes, expected.channel_lanes);
  EXPECT_EQ(read.max_tau, expected.max_tau);
  EXPECT_EQ(read.EngineRegister(), expected.EngineRegister());
  EXPECT_EQ(read.features, expected.features);
  EXPECT_EQ(read.max_channels, expected.max_channels);
  EXPECT_EQ(read.max_width, expected.max_width);
  EXPECT_EQ(read.input_rows, expected.input_rows);
  EXPECT_EQ(read.memory_bytes, RtlDevice::kMemoryBytes);
}

/// A random layer that the hardware description offers.
LayerCase OfferedCase(std::mt19937& random, const Driver& driver) {
  for (;;) {
    LayerCase c = RandomCase(random);
    if (driver.WhyNot(c.layer).empty()) {
      return c;
    }
  }
}

TEST_P(Rtl, AgreesWithTheReferenceOnRandomLayers) {
  std::mt19937 random(11);
  int table_runs = 0;
  int residuals = 0;
  int bits = 0;
  for (const std::uint32_t stall_percent : {0u, 40u}) {
    const auto driver = Driver::Open(Open(GetParam(), {stall_percent == 0 ? 1u : 20u, stall_percent, 7}));
    for (int run = 0; run < SweepRounds(100); ++run) {
      LayerCase c = OfferedCase(random, *driver);
      if (run % 2 == 0 && HasEightBits(c.layer.shape.output_format)) {
        AddResidual(c, random);
        ++residuals;
      }
      bits += c.layer.shape.output_format == OutputFormat::kBits ? 1 : 0;
      const auto loaded = driver->Load(c.layer);
      table_runs += loaded->shape().mode == Mode::kTable ? 1 : 0;
      const LayerShape& d = loaded->shape();
      ASSERT_EQ(RunCase(*driver, c), ReferenceConv(c))
          << "run " << run << ", tau " << int{d.tau} << ", mode " << static_cast<int>(d.mode) << ", channels "
          << d.in_channels << " to " << d.out_channels << ", formats " << static_cast<int>(d.input_format) << " "
          << static_cast<int>(d.output_format) << ", image " << c.height << "x" << c.width << ", strides " << d.stride_h
          << " " << d.stride_w << ", pads " << d.pad_top << d.pad_left << d.pad_bottom << d.pad_right;
    }
  }
  EXPECT_GT(residuals, SweepRounds(30));
  EXPECT_GT(bits, SweepRounds(30));
  if (GetParam() != "binary") {
    EXPECT_GT(table_runs, SweepRounds(20)) << "the sweep must cover the table mode too";
  }
}

TEST_P(Rtl, ComputesWhateverItsRegistersAndMemoriesBeginWith) {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    const auto driver = Driver::Open(Open(GetParam(), {20, 0, seed}));
    std::mt19937 random(seed);
    for (int run = 0; run < 3; ++run) {
      const LayerCase c = OfferedCase(random, *driver);
      ASSERT_EQ(RunCase(*driver, c), ReferenceConv(c)) << "seed " << seed << ", run " << run;
    }
  }
}

/// Runs a layer on the element's simulation and emulator; results must be the same, cycles within 2 %.
void CompareWithTheEmulator(const std::string& element, const LayerCase& c) {
  LayerCycles rtl{};
  LayerCycles model{};
  const auto simulated = RunCase(*Driver::Open(Open(element)), c, &rtl);
  const auto emulated =
      RunCase(*Driver::Open(std::make_unique<Emulator>(Emulator::CapabilitiesOf(element))), c, &model);
  ASSERT_EQ(simulated, emulated);
  EXPECT_NEAR(static_cast<double>(rtl.cycles) / static_cast<double>(model.cycles), 1, 0.02)
      << c.layer.shape.in_channels << " to " << c.layer.shape.out_channels << " channels, " << c.height << "x"
      << c.width << ", tau " << int{c.layer.shape.tau} << ", batch " << c.batch << ", strides "
      << c.layer.shape.stride_h << " " << c.layer.shape.stride_w << ", output " << c.out_height() << "x"
      << c.out_width() << (c.layer.shape.adds_residual ? ", with a residual" : "") << ", cycles " << rtl.cycles
      << " for " << model.cycles;
}

/// A layer with random weights of tau bits per kernel, and one random 8-bit image.
LayerCase MakeCase(const SquareConv& conv, int tau) {
  LayerCase c = SquareCase(conv, tau);
  LayerShape& d = c.layer.shape;
  d.input_format = InputFormat::kU8;
  d.output_format = OutputFormat::kU8;
  d.input_zero_point = 128;
  d.output_zero_point = 128;
  std::mt19937 random(3);
  FillRandomly(c, random);
  return c;
}

/// The layer with bits in and out.
LayerCase MakeBits(LayerCase c, std::mt19937& random) {
  LayerShape& d = c.layer.shape;
  d.input_format = InputFormat::kBits;
  d.output_format = OutputFormat::kBits;
  d.input_zero_point = d.output_zero_point = 0;
  FillRandomly(c, random);
  return c;
}

TEST_P(Rtl, TakesTheCyclesOfTheModelOnNetworkLayers) {
  // The first three are resnet20's on images of 32x32, the others ResNet-18's last on images of 224x224.
  const SquareConv layers[] = {{16, 16, 32, 1}, {16, 32, 32, 2}, {64, 64, 8, 1}, {256, 256, 14, 1}, {256, 512, 14, 2}};
  for (const SquareConv& layer : layers) {
    // Sparing the plain engines their largest layer: `bench fpga` runs it.
    if (RtlCapabilities(GetParam()).response_unit == registers::kResponseUnitSharedAdders || layer.in_channels < 256) {
      for (const int tau : {4, 5, 9}) {
        if (tau == 5 || layer.in_channels < 256) {
          LayerCase c = MakeCase(layer, tau);
          CompareWithTheEmulator(GetParam(), c);
          if (tau != 4) {
            std::mt19937 random(4);
            AddResidual(c, random);
            CompareWithTheEmulator(GetParam(), c);
          }
        }
      }
    }
  }
}

TEST_P(Rtl, TakesTheCyclesOfTheModelOnRandomLayers) {
  const auto driver = Driver::Open(Open(GetParam()));
  std::mt19937 random(21);
  for (int run = 0; run < SweepRounds(30); ++run) {
    LayerCase c = OfferedCase(random, *driver);
    c.layer.shape.in_channels = 8 + static_cast<std::uint32_t>(random() % 24);
    c.layer.shape.out_channels = 8 + static_cast<std::uint32_t>(random() % 120);
    c.height = 9 + static_cast<std::uint32_t>(random() % 12);
    c.width = 9 + static_cast<std::uint32_t>(random() % 12);
    FillRandomly(c, random);
    if (run % 3 == 0 && HasEightBits(c.layer.shape.output_format)) {
      AddResidual(c, random);
    }
    CompareWithTheEmulator(GetParam(), c);
  }
}

TEST_P(Rtl, CutsWideLayersIntoPartsOfRows) {
  std::mt19937 random(12);
  for (const std::uint32_t width : {299u, 512u}) {
    LayerCase c = MakeCase({3, 150, width, 1}, 5);
    c.height = 4;
    FillRandomly(c, random);
    AddResidual(c, random);
    EXPECT_EQ(RunCase(*Driver::Open(Open(GetParam())), c), ReferenceConv(c)) << "width " << width;
  }
}

TEST_P(Rtl, CutsWideLayersOfBitsIntoWholeBytes) {
  std::mt19937 random(13);
  // Of the last a lane holds the sums of eight pixels and no more, in all elements but `shared`.
  for (const SquareConv& layer : {SquareConv{3, 150, 299, 1}, {3, 97, 512, 1}, {2, 512, 61, 2}}) {
    LayerCase c = MakeBits(MakeCase(layer, 5), random);
    c.height = 4;
    FillRandomly(c, random);
    EXPECT_EQ(RunCase(*Driver::Open(Open(GetParam())), c), ReferenceConv(c))
        << "width " << layer.in_side << ", " << layer.out_channels << " channels";
  }
}

TEST_P(Rtl, TakesTheCyclesOfTheModelForBits) {
  std::mt19937 random(14);
  for (const SquareConv& layer :
       {SquareConv{16, 16, 32, 1}, {16, 32, 32, 2}, {64, 64, 8, 1}, {24, 150, 57, 1}, {32, 300, 7, 1}}) {
    CompareWithTheEmulator(GetParam(), MakeBits(MakeCase(layer, 5), random));
  }
}

TEST_P(Rtl, LetsResidualsNotHoldUpWhatIsComputed) {
  // Short runs of many channels, where reading a residual takes longer than writing back; in some the rows of the next
  // tile take their share of the bus.
  for (const SquareConv& layer :
       {SquareConv{1, 256, 7, 1}, {16, 256, 7, 1}, {64, 512, 7, 1}, {2, 512, 8, 1}, {16, 512, 8, 1}, {16, 256, 4, 1}}) {
    LayerCase c = MakeCase(layer, 5);
    std::mt19937 random(5);
    AddResidual(c, random);
    CompareWithTheEmulator(GetParam(), c);
  }
}

INSTANTIATE_TEST_SUITE_P(Elements, Rtl, ::testing::Values("paper", "shared", "binary"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace subbit::fpga
