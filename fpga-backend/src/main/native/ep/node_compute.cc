#include "ep/node_compute.h"

#include <algorithm>
#include <utility>

#include "driver/binary_tensor.h"
#include "driver/timing_log.h"
#include "ep/cpu_conv.h"

namespace subbit::fpga {
namespace {

std::size_t Elements(const std::array<std::int64_t, 4>& shape) {
  return static_cast<std::size_t>(shape[0] * shape[1] * shape[2] * shape[3]);
}

}  // namespace

NodeCompute::NodeCompute(std::shared_ptr<Driver> driver, ConvGraph graph, std::chrono::milliseconds timeout,
                         std::shared_ptr<Fallback> fallback)
    : OrtNodeComputeInfo{},
      driver_(std::move(driver)),
      graph_(std::move(graph)),
      timeout_(timeout),
      fallback_(std::move(fallback)) {
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
  ort_version_supported = kOrtApiVersion;
  CreateState = CreateStateImpl;
  Compute = ComputeImpl;
  ReleaseState = ReleaseStateImpl;
}

OrtStatus* ORT_API_CALL NodeCompute::CreateStateImpl(OrtNodeComputeInfo*, OrtNodeComputeContext*,
                                                     void** state) noexcept {
  // A run keeps nothing between calls.
  *state = nullptr;
  return nullptr;
}

OrtStatus* ORT_API_CALL NodeCompute::ComputeImpl(OrtNodeComputeInfo* self, void*, OrtKernelContext* context) noexcept {
  return AsStatus([&] { static_cast<const NodeCompute*>(self)->Run(Ort::KernelContext(context)); });
}

void ORT_API_CALL NodeCompute::ReleaseStateImpl(OrtNodeComputeInfo*, void*) noexcept {}

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
    request.geometries.push_back(MakeGeometry(node.op, node.attributes, request.shapes[sources.input]));
    const Shape output = request.geometries.back().OutputShape();
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
  if (!fallback_->active()) {
    try {
      const std::vector<LayerCycles> cycles = RunOnDevice(request);
      for (std::size_t i = 0; i < cycles.size(); ++i) {
        const OpName& op = graph_.nodes[i].op;
        TimingLog::Global().Add({op.node, op.type, layers_[i]->descriptor().tau, cycles[i].cycles, cycles[i].bnn_cycles,
                                 driver_->timing_kind()});
      }
      return;
    } catch (const DriverError& e) {
      fallback_->Handle(graph_.Title(), e);
    }
  }
  RunOnCpu(request);
}

std::vector<LayerCycles> NodeCompute::RunOnDevice(const Request& request) const {
  return graph_.nodes.front().layer.shape.input_format == InputFormat::kBits
             ? RunBinary(request)
             : RunGraph(request, request.inputs, request.outputs);
}

std::vector<LayerCycles> NodeCompute::RunGraph(const Request& request, const std::vector<const void*>& inputs,
                                               const std::vector<void*>& outputs) const {
  std::vector<Driver::GraphInput> images;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    // MakeGeometry keeps all sizes below 2^31.
    images.push_back({inputs[i],
                      {static_cast<std::uint32_t>(request.shapes[i][2]), static_cast<std::uint32_t>(request.shapes[i][3])}});
  }
  return driver_->RunGraph(layer_graph_, static_cast<std::uint32_t>(request.geometries.front().batch), images, outputs,
                           timeout_);
}

std::vector<LayerCycles> NodeCompute::RunBinary(const Request& request) const {
  const ConvNode& node = graph_.nodes.front();
  const ConvGeometry& geometry = request.geometries.front();
  const auto rows = static_cast<std::size_t>(geometry.batch * geometry.InputChannels() * geometry.height);
  const auto width = static_cast<std::size_t>(geometry.width);
  const auto out_channels = static_cast<std::size_t>(node.attributes.out_channels);
  const std::size_t out_planes = static_cast<std::size_t>(geometry.batch) * out_channels;
  const auto out_pixels = static_cast<std::size_t>(geometry.out_height * geometry.out_width);
  std::vector<std::uint8_t> bits(rows * ((width + 7) / 8));
  PackSigns(static_cast<const float*>(request.inputs.front()), rows, width, bits.data());
  std::vector<std::int32_t> accumulators(out_planes * out_pixels);
  const std::vector<LayerCycles> cycles = RunGraph(request, {bits.data()}, {accumulators.data()});
  auto* y = static_cast<float*>(request.outputs.front());
  for (std::size_t plane = 0; plane < out_planes; ++plane) {
    const std::size_t channel = plane % out_channels;
    const std::size_t first = plane * out_pixels;
    ScaleAccumulators(accumulators.data() + first, out_pixels, node.scale[channel], node.bias[channel], y + first);
  }
  return cycles;
}

void NodeCompute::RunOnCpu(const Request& request) const {
  // What stays between the nodes has one byte an element: nodes with binary activations stand alone.
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
