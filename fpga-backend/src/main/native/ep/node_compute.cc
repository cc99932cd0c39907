#include "ep/node_compute.h"

#include <algorithm>
#include <utility>

#include "core/operator/packed_bits.h"
#include "driver/timing_log.h"
#include "ep/cpu_conv.h"
#include "ep/host_tensors.h"

namespace subbit::fpga {
namespace {

std::size_t Elements(const std::array<std::int64_t, 4>& shape) {
  return static_cast<std::size_t>(shape[0] * shape[1] * shape[2] * shape[3]);
}

}  // namespace

NodeCompute::NodeCompute(std::shared_ptr<Driver> driver, ConvGraph graph, std::chrono::milliseconds timeout,
                         std::shared_ptr<Fallback> fallback)
    : driver_(std::move(driver)), graph_(std::move(graph)), timeout_(timeout), fallback_(std::move(fallback)) {
  try {
    for (const ConvNode& node : graph_.nodes) {
      layers_.push_back(driver_->Load(node.layer));
    }
  } catch (const DriverError& e) {
    layers_.clear();
    fallback_->Handle(graph_.Title(), e);
  }
  layer_graph_.inputs = graph_.inputs.size();
  layer_graph_.outputs = graph_.outputs;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    layer_graph_.layers.push_back({layers_[i].get(), graph_.sources[i].input, graph_.sources[i].residual});
  }
}

NodeCompute::Request NodeCompute::Prepare(Ort::KernelContext& context) const {
  Request request;
  for (const std::size_t position : graph_.inputs) {
    const Ort::ConstValue input = context.GetInput(position);
    const std::vector<std::int64_t> shape = input.GetTensorTypeAndShapeInfo().GetShape();
    Shape four{};
    if (shape.size() != four.size()) {
      throw InvalidOperator(graph_.nodes.front().op, "shape of an input", ToString(shape), "[N, C, H, W]");
    }
    std::copy(shape.begin(), shape.end(), four.begin());
    request.shapes.push_back(four);
    request.inputs.push_back(input.GetTensorRawData());
  }
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const ConvNode& node = graph_.nodes[i];
    const NodeSources& sources = graph_.sources[i];
    const Shape& input = request.shapes[sources.input];
    request.geometries.push_back(node.input_form == HostForm::kPackedSigns
                                     ? MakePackedGeometry(node.op, node.attributes, input)
                                     : MakeGeometry(node.op, node.attributes, input));
    Shape output = request.geometries.back().OutputShape();
    if (node.output_form == HostForm::kPackedSigns) {
      output[1] = PackedBytes(output[1]);
    }
    if (sources.residual != kNoTensor && request.shapes[sources.residual] != output) {
      throw InvalidOperator(node.op, "shape of residual", ToString(request.shapes[sources.residual]), ToString(output));
    }
    request.shapes.push_back(output);
  }
  for (std::size_t i = 0; i < graph_.outputs.size(); ++i) {
    const Shape& shape = request.shapes[graph_.outputs[i]];
    request.outputs.push_back(context.GetOutput(i, shape.data(), shape.size()).GetTensorMutableRawData());
  }
  return request;
}

void NodeCompute::Run(Ort::KernelContext context) const {
  const Request request = Prepare(context);
  if (request.geometries.front().batch == 0) {
    return;
  }
  fallback_->Run(graph_.Title(), [&] { RunOnDevice(request); }, [&] { RunOnCpu(request); });
}

void NodeCompute::RunOnDevice(const Request& request) const {
  std::vector<DeviceImages> turned;
  std::vector<Driver::GraphInput> inputs;
  for (std::size_t i = 0; i < request.inputs.size(); ++i) {
    const void* images = request.inputs[i];
    // A residual has 8 bits, so whatever reads the tensor as its input reports any other form.
    const auto reader = std::find_if(graph_.sources.begin(), graph_.sources.end(),
                                     [&](const NodeSources& sources) { return sources.input == i; });
    if (reader != graph_.sources.end()) {
      const auto node = static_cast<std::size_t>(reader - graph_.sources.begin());
      if (graph_.nodes[node].input_form != HostForm::kBytes) {
        turned.push_back(ImagesForDevice(graph_.nodes[node], request.geometries[node], images));
        images = turned.back().data();
      }
    }
    // MakeGeometry keeps all sizes below 2^31.
    inputs.push_back(
        {images, {static_cast<std::uint32_t>(request.shapes[i][2]), static_cast<std::uint32_t>(request.shapes[i][3])}});
  }
  std::vector<DeviceImages> given(request.outputs.size());
  std::vector<void*> outputs = request.outputs;
  const auto giver = [&](std::size_t output) { return graph_.outputs[output] - request.inputs.size(); };
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (graph_.nodes[giver(i)].output_form != HostForm::kBytes) {
      given[i] = RoomForImages(graph_.nodes[giver(i)], request.geometries[giver(i)]);
      outputs[i] = given[i].data();
    }
  }
  const auto batch = static_cast<std::uint32_t>(request.geometries.front().batch);
  const std::vector<LayerCycles> cycles = driver_->RunGraph(layer_graph_, batch, inputs, outputs, timeout_);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (graph_.nodes[giver(i)].output_form != HostForm::kBytes) {
      ImagesFromDevice(graph_.nodes[giver(i)], request.geometries[giver(i)], given[i], request.outputs[i]);
    }
  }
  for (std::size_t i = 0; i < cycles.size(); ++i) {
    const OpName& op = graph_.nodes[i].op;
    TimingLog::Global().Add(
        {op.node, op.type, layers_[i]->shape().tau, cycles[i].cycles, cycles[i].bnn_cycles, driver_->timing_kind()});
  }
}

void NodeCompute::RunOnCpu(const Request& request) const {
  // What stays between the nodes are bytes: of floats none does.
  std::vector<std::vector<std::uint8_t>> between(graph_.nodes.size());
  std::vector<const void*> tensors = request.inputs;
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const NodeSources& sources = graph_.sources[i];
    const TensorNumber number = tensors.size();
    void* y = nullptr;
    if (const std::optional<std::size_t> output = layer_graph_.OutputPosition(number); output.has_value()) {
      y = request.outputs[*output];
    } else {
      between[i].resize(Elements(request.shapes[number]));
      y = between[i].data();
    }
    const void* residual = sources.residual == kNoTensor ? nullptr : tensors[sources.residual];
    RunConvOnCpu(graph_.nodes[i], request.geometries[i], tensors[sources.input], residual, y);
    tensors.push_back(y);
  }
}

}  // namespace subbit::fpga
