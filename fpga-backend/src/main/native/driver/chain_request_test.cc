#include "driver/chain_request.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "board/testing/fake_board.h"
#include "core/conv_geometry.h"
#include "driver/backends.h"
#include "emulator/emulator.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

using std::chrono::milliseconds;

/// Random 8-bit layers, each made for what the one before gives, and what comes out of the last.
struct Chain {
  std::vector<LayerCase> layers;
  std::vector<std::uint8_t> output;
};

Chain RandomChain(std::mt19937& random, std::uint32_t batch, std::size_t length) {
  Chain chain;
  while (chain.layers.size() < length) {
    LayerCase layer_case = RandomCase(random);
    LayerDescriptor& d = layer_case.layer.shape;
    d.output_format = OutputFormat::kU8;
    d.output_zero_point = 7;
    d.input_format = InputFormat::kU8;
    d.input_zero_point = 100;
    layer_case.batch = batch;
    if (!chain.layers.empty()) {
      const LayerCase& before = chain.layers.back();
      d.in_channels = before.layer.shape.out_channels;
      d.out_channels = d.out_channels / d.group;
      d.group = 1;
      layer_case.height = before.out_height();
      layer_case.width = before.out_width();
    }
    if (OutputLength(layer_case.height, d.pad_top, d.pad_bottom, d.dilation_h, d.stride_h) < 1 ||
        OutputLength(layer_case.width, d.pad_left, d.pad_right, d.dilation_w, d.stride_w) < 1) {
      continue;
    }
    FillRandomly(layer_case, random);
    if (!chain.layers.empty()) {
      layer_case.input = chain.output;
    }
    chain.output = ReferenceConv(layer_case);
    chain.layers.push_back(std::move(layer_case));
  }
  return chain;
}

/// Runs the chain; a cycle count for each layer.
std::vector<LayerCycles> RunOn(Driver& driver, const Chain& chain, std::vector<std::uint8_t>& output) {
  std::vector<std::unique_ptr<LoadedLayer>> loaded;
  std::vector<const LoadedLayer*> layers;
  for (const LayerCase& layer_case : chain.layers) {
    loaded.push_back(driver.Load(layer_case.layer));
    layers.push_back(loaded.back().get());
  }
  const LayerCase& first = chain.layers.front();
  output.assign(chain.output.size(), 0);
  return driver.RunChain(layers, first.batch, first.height, first.width, first.input.data(), output.data(),
                         milliseconds(5000));
}

std::shared_ptr<Driver> EmulatorWith(std::uint64_t memory_bytes) {
  Capabilities capabilities = Emulator::DefaultCapabilities();
  capabilities.memory_bytes = memory_bytes;
  return Driver::Open(std::make_unique<Emulator>(capabilities));
}

TEST(ChainRequest, GivesWhatTheLayersGiveOneByOne) {
  std::mt19937 random(11);
  const std::shared_ptr<Driver> driver = EmulatorWith(1 << 22);
  for (int run = 0; run < 40; ++run) {
    const Chain chain = RandomChain(random, 1 + run % 9, 1 + run % 4);
    std::vector<std::uint8_t> output;
    const std::vector<LayerCycles> cycles = RunOn(*driver, chain, output);
    ASSERT_EQ(output, chain.output) << "chain " << run;
    ASSERT_EQ(cycles.size(), chain.layers.size());
    for (std::size_t i = 0; i < cycles.size(); ++i) {
      const LayerCase& c = chain.layers[i];
      std::vector<std::uint8_t> alone(c.output_bytes());
      const LayerCycles expected = driver->Run(*driver->Load(c.layer), c.batch, c.height, c.width, c.input.data(),
                                               alone.data(), milliseconds(5000));
      EXPECT_EQ(cycles[i].cycles, expected.cycles);
      EXPECT_EQ(cycles[i].bnn_cycles, expected.bnn_cycles);
    }
  }
}

TEST(ChainRequest, TakesSmallerPartsWhereMemoryIsShort) {
  std::mt19937 random(12);
  const Chain chain = RandomChain(random, 24, 3);
  std::size_t image_bytes = chain.layers.front().input.size() / 24;
  for (const LayerCase& layer_case : chain.layers) {
    image_bytes += layer_case.output_bytes() / 24 + layer_case.layer.index.size() + 8192;
  }
  std::vector<std::uint8_t> output;
  RunOn(*EmulatorWith(4 * image_bytes), chain, output);
  EXPECT_EQ(output, chain.output);
}

TEST(ChainRequest, OverlapsWithABoardThatWorksOnItsOwn) {
  const FakeBoard board(FakeBoard::Kind::kXdma);
  ::setenv("SUBBIT_FPGA_ROOT", board.root().c_str(), 1);
  std::mt19937 random(13);
  const std::shared_ptr<Driver> driver = OpenBackend("xdma:0");
  for (int run = 0; run < 10; ++run) {
    const Chain chain = RandomChain(random, 8, 2);
    std::vector<std::uint8_t> output;
    RunOn(*driver, chain, output);
    ASSERT_EQ(output, chain.output) << "chain " << run;
  }
  ::unsetenv("SUBBIT_FPGA_ROOT");
}

TEST(ChainRequest, RefusesLayersThatDoNotFitTogether) {
  std::mt19937 random(14);
  Chain chain = RandomChain(random, 1, 2);
  ++chain.layers[1].layer.shape.in_channels;
  FillRandomly(chain.layers[1], random);
  std::vector<std::uint8_t> output;
  try {
    RunOn(*EmulatorWith(1 << 22), chain, output);
    ADD_FAILURE() << "the chain was accepted";
  } catch (const DriverError& e) {
    EXPECT_EQ(e.fault(), Fault::kUnsupported);
  }
}

TEST(ChainRequest, DoesNothingForNoImages) {
  std::mt19937 random(15);
  Chain chain = RandomChain(random, 1, 2);
  chain.layers.front().batch = 0;
  std::vector<std::uint8_t> output;
  EXPECT_EQ(RunOn(*EmulatorWith(1 << 22), chain, output)[1].cycles, 0u);
}

}  // namespace
}  // namespace subbit::fpga
