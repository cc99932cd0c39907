#include "driver/graph_request.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "board/testing/fake_board.h"
#include "core/operator/conv_geometry.h"
#include "driver/backends.h"
#include "emulator/emulator.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

using std::chrono::milliseconds;

/// Random layers, each of which fits the output of the previous one, and the expected output of the last.
struct Chain {
  std::vector<LayerCase> layers;
  std::vector<std::uint8_t> output;
};

/// Of 8 bits, or of `bits` in and out.
Chain RandomChain(std::mt19937& random, std::uint32_t batch, std::size_t length, bool bits = false) {
  Chain chain;
  while (chain.layers.size() < length) {
    LayerCase layer_case = RandomCase(random);
    LayerShape& d = layer_case.layer.shape;
    d.output_format = bits ? OutputFormat::kBits : OutputFormat::kU8;
    d.output_zero_point = bits ? 0 : 7;
    d.input_format = bits ? InputFormat::kBits : InputFormat::kU8;
    d.input_zero_point = bits ? 0 : 100;
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
  LayerGraph graph;
  for (const LayerCase& layer_case : chain.layers) {
    loaded.push_back(driver.Load(layer_case.layer));
    graph.layers.push_back({loaded.back().get(), graph.layers.size(), kNoTensor});
  }
  graph.outputs = {chain.layers.size()};
  const LayerCase& first = chain.layers.front();
  output.assign(chain.output.size(), 0);
  return driver.RunGraph(graph, first.batch, {{first.input.data(), {first.height, first.width}}}, {output.data()},
                         milliseconds(5000));
}

std::shared_ptr<Driver> EmulatorWith(std::uint64_t memory_bytes) {
  Capabilities capabilities = Emulator::DefaultCapabilities();
  capabilities.memory_bytes = memory_bytes;
  return Driver::Open(std::make_unique<Emulator>(capabilities));
}

TEST(GraphRequest, GivesWhatTheLayersGiveOneByOne) {
  std::mt19937 random(11);
  const std::shared_ptr<Driver> driver = EmulatorWith(1 << 22);
  for (int run = 0; run < 40; ++run) {
    const Chain chain = RandomChain(random, 1 + run % 9, 1 + run % 4, run % 3 == 0);
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

/// Layers of which each reads any earlier tensor of the same size, and adds another one or none.
struct RandomGraph {
  std::vector<LayerCase> layers;
  std::vector<std::unique_ptr<LoadedLayer>> loaded;
  LayerGraph graph;
  /// All tensors, by their number.
  std::vector<std::vector<std::uint8_t>> tensors;

  RandomGraph(std::mt19937& random, Driver& driver, std::uint32_t batch) {
    graph.inputs = 1 + random() % 2;
    const std::uint32_t channels = 1 + random() % 12;
    const std::uint32_t height = 1 + random() % 9;
    const std::uint32_t width = 1 + random() % 9;
    for (std::size_t i = 0; i < graph.inputs; ++i) {
      tensors.emplace_back(std::size_t{batch} * channels * height * width);
      for (auto& byte : tensors.back()) {
        byte = static_cast<std::uint8_t>(random());
      }
    }
    for (std::size_t count = 2 + random() % 7; layers.size() < count;) {
      LayerCase c;
      LayerShape& d = c.layer.shape;
      d.tau = static_cast<std::uint8_t>(1 + random() % 5);
      d.in_channels = d.out_channels = channels;
      d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = 1;
      d.input_zero_point = d.output_zero_point = 100;
      c.batch = batch;
      c.height = height;
      c.width = width;
      FillRandomly(c, random);
      GraphLayer layer = {nullptr, random() % tensors.size(), kNoTensor};
      c.input = tensors[layer.input];
      if (random() % 3 != 0) {
        AddResidual(c, random);
        layer.residual = random() % tensors.size();
        c.residual = tensors[layer.residual];
      }
      loaded.push_back(driver.Load(c.layer));
      layer.layer = loaded.back().get();
      graph.layers.push_back(layer);
      tensors.push_back(ReferenceConv(c));
      layers.push_back(std::move(c));
      if (layers.size() == count || random() % 4 == 0) {
        graph.outputs.push_back(tensors.size() - 1);
      }
    }
  }

  void ExpectRightOn(Driver& driver) {
    std::vector<Driver::GraphInput> inputs;
    for (std::size_t i = 0; i < graph.inputs; ++i) {
      inputs.push_back({tensors[i].data(), {layers[0].height, layers[0].width}});
    }
    std::vector<std::vector<std::uint8_t>> results;
    std::vector<void*> outputs;
    for (const TensorNumber output : graph.outputs) {
      results.emplace_back(tensors[output].size());
    }
    for (auto& result : results) {
      outputs.push_back(result.data());
    }
    const auto cycles = driver.RunGraph(graph, layers[0].batch, inputs, outputs, milliseconds(5000));
    EXPECT_EQ(cycles.size(), layers.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      EXPECT_EQ(results[i], tensors[graph.outputs[i]]) << "output " << i;
    }
  }
};

TEST(GraphRequest, KeepsWhatSeveralLayersReadWhereItLies) {
  std::mt19937 random(16);
  const std::shared_ptr<Driver> driver = EmulatorWith(1 << 22);
  for (int run = 0; run < 60; ++run) {
    RandomGraph(random, *driver, 1 + run % 9).ExpectRightOn(*driver);
    ASSERT_FALSE(HasFailure()) << "graph " << run;
  }
}

TEST(GraphRequest, SharesThePlaceOfTensorsThatAreNotNeededTogether) {
  // 40 layers in a row would need 42 tensors at once; two places between input and output are enough.
  std::mt19937 random(17);
  LayerCase c;
  c.layer.shape.in_channels = c.layer.shape.out_channels = 4;
  LayerShape& d = c.layer.shape;
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = 1;
  c.batch = 1;
  c.height = c.width = 32;
  FillRandomly(c, random);
  const std::shared_ptr<Driver> driver = EmulatorWith(1 << 15);
  const auto loaded = driver->Load(c.layer);
  LayerGraph graph;
  for (std::size_t i = 0; i < 40; ++i) {
    graph.layers.push_back({loaded.get(), i, kNoTensor});
  }
  graph.outputs = {40};
  std::vector<std::uint8_t> output(c.output_bytes());
  driver->RunGraph(graph, 1, {{c.input.data(), {32, 32}}}, {output.data()}, milliseconds(5000));
  for (int i = 0; i < 40; ++i) {
    c.input = ReferenceConv(c);
  }
  EXPECT_EQ(output, c.input);
}

TEST(GraphRequest, RefusesAResidualThatDoesNotFit) {
  std::mt19937 random(18);
  const std::shared_ptr<Driver> driver = EmulatorWith(1 << 22);
  LayerCase c = RandomCase(random);
  c.layer.shape.output_format = OutputFormat::kU8;
  c.layer.shape.output_zero_point = 0;
  FillRandomly(c, random);
  AddResidual(c, random);
  const auto loaded = driver->Load(c.layer);
  std::vector<std::uint8_t> output(c.output_bytes());
  const auto run = [&](const LayerGraph& graph, std::uint32_t residual_height) {
    driver->RunGraph(graph, c.batch,
                     {{c.input.data(), {c.height, c.width}}, {c.residual.data(), {residual_height, c.out_width()}}},
                     {output.data()}, milliseconds(5000));
  };
  const LayerGraph right = {2, {{loaded.get(), 0, 1}}, {2}};
  EXPECT_NO_THROW(run(right, c.out_height()));
  EXPECT_THROW(run(right, c.out_height() + 1), DriverError);
  EXPECT_THROW(run({2, {{loaded.get(), 0, kNoTensor}}, {2}}, c.out_height()), DriverError);
  EXPECT_THROW(run({2, {{loaded.get(), 0, 2}}, {2}}, c.out_height()), DriverError);
  EXPECT_THROW(run({2, {{loaded.get(), 0, 1}}, {1}}, c.out_height()), DriverError);
}

TEST(GraphRequest, TakesSmallerPartsWhereMemoryIsShort) {
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

TEST(GraphRequest, OverlapsWithABoardThatWorksOnItsOwn) {
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

TEST(GraphRequest, RefusesLayersThatDoNotFitTogether) {
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

TEST(GraphRequest, DoesNothingForNoImages) {
  std::mt19937 random(15);
  Chain chain = RandomChain(random, 1, 2);
  chain.layers.front().batch = 0;
  std::vector<std::uint8_t> output;
  EXPECT_EQ(RunOn(*EmulatorWith(1 << 22), chain, output)[1].cycles, 0u);
}

}  // namespace
}  // namespace subbit::fpga
