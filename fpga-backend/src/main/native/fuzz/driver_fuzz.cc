#include <algorithm>
#include <random>

#include "core/operator/conv_geometry.h"
#include "device/element.h"
#include "driver/driver.h"
#include "emulator/emulator.h"
#include "fuzz/targets.h"
#include "tables/device.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

using std::chrono::milliseconds;

/// Generous: the emulator answers at once.
constexpr milliseconds kTimeout{60'000};

InputFormat InputOf(OutputFormat output) {
  return output == OutputFormat::kS8   ? InputFormat::kS8
         : output == OutputFormat::kU8 ? InputFormat::kU8
                                       : InputFormat::kBits;
}

/// A layer that reads `before`, or the first of a graph; false if its kernel does not fit into the image.
bool TakeLayer(FuzzInput* input, std::mt19937& random, const LayerCase* before, bool last, LayerCase* c) {
  LayerShape& d = c->layer.shape;
  d.tau = static_cast<std::uint8_t>(input->Within(1, 9));
  d.group = static_cast<std::uint32_t>(input->Once(4) ? input->Within(2, 3) : 1);
  if (before == nullptr) {
    d.in_channels = d.group * static_cast<std::uint32_t>(input->Within(1, 12));
    d.input_format = static_cast<InputFormat>(input->Within(0, 2));
    c->batch = static_cast<std::uint32_t>(input->Within(1, 6));
    c->height = static_cast<std::uint32_t>(input->Within(1, 12));
    c->width = static_cast<std::uint32_t>(input->Within(1, 12));
  } else {
    d.in_channels = before->layer.shape.out_channels;
    if (d.in_channels % d.group != 0) d.group = 1;
    d.input_format = InputOf(before->layer.shape.output_format);
    c->batch = before->batch;
    c->height = before->out_height();
    c->width = before->out_width();
  }
  d.out_channels = d.group * static_cast<std::uint32_t>(input->Within(1, 12));
  d.output_format = static_cast<OutputFormat>(input->Within(last ? 0 : 1, 3));
  d.stride_h = static_cast<std::uint16_t>(input->Within(1, 3));
  d.stride_w = static_cast<std::uint16_t>(input->Within(1, 3));
  d.dilation_h = static_cast<std::uint16_t>(input->Within(1, 2));
  d.dilation_w = static_cast<std::uint16_t>(input->Within(1, 2));
  d.pad_top = static_cast<std::uint16_t>(input->Within(0, 2));
  d.pad_left = static_cast<std::uint16_t>(input->Within(0, 2));
  d.pad_bottom = static_cast<std::uint16_t>(input->Within(0, 2));
  d.pad_right = static_cast<std::uint16_t>(input->Within(0, 2));
  if (d.input_format != InputFormat::kBits) d.input_zero_point = static_cast<std::int16_t>(input->Within(0, 127));
  if (HasEightBits(d.output_format)) d.output_zero_point = static_cast<std::int16_t>(input->Within(0, 127));
  if (OutputLength(c->height, d.pad_top, d.pad_bottom, d.dilation_h, d.stride_h) < 1 ||
      OutputLength(c->width, d.pad_left, d.pad_right, d.dilation_w, d.stride_w) < 1) {
    return false;
  }
  FillRandomly(*c, random);
  return true;
}

/// A chain of layers whose last one may add a residual from outside, with what comes of it.
struct Chain {
  std::vector<LayerCase> layers;
  std::vector<std::vector<std::uint8_t>> outputs;

  explicit Chain(FuzzInput* input) {
    std::mt19937 random(input->Any<std::uint32_t>());
    const std::int64_t count = input->Within(1, 4);
    for (std::int64_t i = 0; i < count; ++i) {
      LayerCase c{};
      if (!TakeLayer(input, random, layers.empty() ? nullptr : &layers.back(), i + 1 == count, &c)) return;
      if (!layers.empty()) c.input = outputs.back();
      if (i + 1 == count && HasEightBits(c.layer.shape.output_format) && input->Once(2)) AddResidual(c, random);
      outputs.push_back(ReferenceConv(c));
      layers.push_back(std::move(c));
    }
  }
};

/// Runs the chain, with every layer's output among the results if `all`.
std::vector<std::vector<std::uint8_t>> Run(Driver& driver, const Chain& chain, bool all, milliseconds timeout) {
  std::vector<std::unique_ptr<LoadedLayer>> loaded;
  LayerGraph graph;
  const LayerCase& first = chain.layers.front();
  const LayerCase& last = chain.layers.back();
  std::vector<Driver::GraphInput> inputs = {{first.input.data(), {first.height, first.width}}};
  if (!last.residual.empty()) inputs.push_back({last.residual.data(), {last.out_height(), last.out_width()}});
  graph.inputs = inputs.size();
  TensorNumber tensor = 0;
  std::vector<std::vector<std::uint8_t>> results;
  for (std::size_t i = 0; i < chain.layers.size(); ++i) {
    const LayerCase& c = chain.layers[i];
    loaded.push_back(driver.Load(c.layer));
    graph.layers.push_back({loaded.back().get(), tensor, c.residual.empty() ? kNoTensor : 1});
    tensor = graph.inputs + i;
    if (all || i + 1 == chain.layers.size()) {
      graph.outputs.push_back(tensor);
      results.emplace_back(c.output_bytes());
    }
  }
  std::vector<void*> outputs;
  for (auto& result : results) outputs.push_back(result.data());
  driver.RunGraph(graph, first.batch, inputs, outputs, timeout);
  return results;
}

/// Passes everything on to an emulator, until the input says that a register reads something else, that a transfer
/// fails, or that a write is lost.
class HostileDevice final : public Device {
 public:
  HostileDevice(const Capabilities& capabilities, FuzzInput* input) : device_(capabilities), input_(*input) {}

  std::uint32_t Read32(std::uint32_t offset) override {
    const std::uint32_t value = device_.Read32(offset);
    switch (Mood()) {
      case 1:
        return input_.Any<std::uint32_t>();
      case 2:
        return contract::kBusAbsent;
      case 3:
        return value ^ (1u << input_.Within(0, 31));
      default:
        return value;
    }
  }
  void Write32(std::uint32_t offset, std::uint32_t value) override {
    if (Mood() != 1) device_.Write32(offset, value);
  }
  void ReadBuffer(std::uint64_t address, void* to, std::size_t bytes) override {
    RequireLink();
    device_.ReadBuffer(address, to, bytes);
  }
  void WriteBuffer(std::uint64_t address, const void* from, std::size_t bytes) override {
    RequireLink();
    device_.WriteBuffer(address, from, bytes);
  }
  void WaitForInterrupt(milliseconds) override {}
  TimingKind timing_kind() const override { return TimingKind::kModelled; }

 private:
  std::int64_t Mood() { return input_.Empty() || !input_.Once(6) ? 0 : input_.Within(1, 3); }
  void RequireLink() {
    if (Mood() == 1) throw TransferError("the link is gone");
  }

  Emulator device_;
  FuzzInput& input_;
};

}  // namespace

void FuzzDriver(FuzzInput* input) {
  Capabilities capabilities = EmulatorCapabilities(input->Among(Elements()).name);
  capabilities.memory_bytes = std::uint64_t{1} << input->Within(9, 18);
  const bool all = input->Once(2);
  const Chain chain(input);
  if (chain.layers.empty()) return;
  const std::shared_ptr<Driver> driver = Driver::Open(std::make_unique<Emulator>(capabilities));
  try {
    const auto results = Run(*driver, chain, all, kTimeout);
    for (std::size_t i = 0; i < results.size(); ++i) {
      const std::size_t layer = all ? i : chain.layers.size() - 1;
      if (results[i] != chain.outputs[layer]) Finding("layer " + std::to_string(layer) + " differs");
    }
  } catch (const DriverError& e) {
    if (e.fault() != Fault::kOutOfMemory && e.fault() != Fault::kUnsupported) Finding(e.what());
  }
  if (driver->lost()) Finding("the emulator counts as lost");
}

void FuzzHostileDevice(FuzzInput* input) {
  Capabilities capabilities = Emulator::DefaultCapabilities();
  capabilities.memory_bytes = 1 << 16;
  const Chain chain(input);
  if (chain.layers.empty()) return;
  try {
    const std::shared_ptr<Driver> driver = Driver::Open(std::make_unique<HostileDevice>(capabilities, input));
    for (int request = 0; request < 3; ++request) {
      try {
        Run(*driver, chain, false, milliseconds(5));
      } catch (const DriverError&) {
        // As documented; the next request may fare better.
      }
    }
  } catch (const DriverError&) {
    // As documented.
  }
}

}  // namespace subbit::fpga
