#include "ep/node_compute.h"

#include <array>
#include <utility>

#include "driver/binary_tensor.h"
#include "driver/timing_log.h"

namespace subbit::fpga {

namespace {

/// The name of a chain for people: its one node, or its first and last.
std::string Title(const std::vector<ConvNode>& chain) {
  std::string title = chain.front().op.type + " node '" + chain.front().op.node + "'";
  if (chain.size() > 1) {
    title += " to '" + chain.back().op.node + "'";
  }
  return title;
}

}  // namespace

NodeCompute::NodeCompute(std::shared_ptr<Driver> driver, std::vector<ConvNode> chain, std::chrono::milliseconds timeout,
                         std::shared_ptr<Fallback> fallback)
    : OrtNodeComputeInfo{},
      driver_(std::move(driver)),
      chain_(std::move(chain)),
      timeout_(timeout),
      fallback_(std::move(fallback)) {
  try {
    for (const ConvNode& node : chain_) {
      layers_.push_back(driver_->Load(node.layer));
    }
  } catch (const DriverError& e) {
    layers_.clear();
    fallback_->Handle(Title(chain_), e);
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

std::vector<ConvGeometry> NodeCompute::Geometries(const std::vector<std::int64_t>& input_shape) const {
  std::vector<ConvGeometry> geometries;
  for (const ConvNode& node : chain_) {
    if (geometries.empty()) {
      geometries.push_back(MakeGeometry(node.op, node.attributes, input_shape));
    } else {
      const std::array<std::int64_t, 4> shape = geometries.back().OutputShape();
      geometries.push_back(MakeGeometry(node.op, node.attributes, shape));
    }
  }
  return geometries;
}

void NodeCompute::Run(Ort::KernelContext context) const {
  const Ort::ConstValue input = context.GetInput(0);
  const std::vector<ConvGeometry> geometries = Geometries(input.GetTensorTypeAndShapeInfo().GetShape());
  const std::array<std::int64_t, 4> shape = geometries.back().OutputShape();
  Ort::UnownedValue output = context.GetOutput(0, shape.data(), shape.size());
  if (geometries.front().batch == 0) {
    return;
  }
  if (!fallback_->active()) {
    try {
      const std::vector<LayerCycles> cycles =
          RunOnDevice(geometries, input.GetTensorRawData(), output.GetTensorMutableRawData());
      for (std::size_t i = 0; i < chain_.size(); ++i) {
        TimingLog::Global().Add({chain_[i].op.node, chain_[i].op.type, layers_[i]->descriptor().tau, cycles[i].cycles,
                                 cycles[i].bnn_cycles, driver_->timing_kind()});
      }
      return;
    } catch (const DriverError& e) {
      fallback_->Handle(Title(chain_), e);
    }
  }
  RunOnCpu(geometries, input.GetTensorRawData(), output.GetTensorMutableRawData());
}

std::vector<LayerCycles> NodeCompute::RunOnDevice(const std::vector<ConvGeometry>& geometries, const void* x,
                                                  void* y) const {
  return chain_.front().layer.shape.input_format == InputFormat::kBits
             ? RunBinary(geometries.front(), static_cast<const float*>(x), static_cast<float*>(y))
             : RunChain(geometries.front(), x, y);
}

std::vector<LayerCycles> NodeCompute::RunChain(const ConvGeometry& first, const void* input, void* output) const {
  LayerGraph graph;
  for (const std::unique_ptr<LoadedLayer>& layer : layers_) {
    graph.layers.push_back({layer.get(), graph.layers.size(), kNoTensor});
  }
  graph.outputs = {layers_.size()};
  // MakeGeometry keeps all sizes below 2^31.
  const ImageSize size = {static_cast<std::uint32_t>(first.height), static_cast<std::uint32_t>(first.width)};
  return driver_->RunGraph(graph, static_cast<std::uint32_t>(first.batch), {{input, size}}, {output}, timeout_);
}

std::vector<LayerCycles> NodeCompute::RunBinary(const ConvGeometry& geometry, const float* x, float* y) const {
  const ConvNode& node = chain_.front();
  const auto rows = static_cast<std::size_t>(geometry.batch * geometry.InputChannels() * geometry.height);
  const auto width = static_cast<std::size_t>(geometry.width);
  const auto out_channels = static_cast<std::size_t>(node.attributes.out_channels);
  const std::size_t out_planes = static_cast<std::size_t>(geometry.batch) * out_channels;
  const auto out_pixels = static_cast<std::size_t>(geometry.out_height * geometry.out_width);
  std::vector<std::uint8_t> bits(rows * ((width + 7) / 8));
  PackSigns(x, rows, width, bits.data());
  std::vector<std::int32_t> accumulators(out_planes * out_pixels);
  const std::vector<LayerCycles> cycles = RunChain(geometry, bits.data(), accumulators.data());
  for (std::size_t plane = 0; plane < out_planes; ++plane) {
    const std::size_t channel = plane % out_channels;
    const std::size_t first = plane * out_pixels;
    ScaleAccumulators(accumulators.data() + first, out_pixels, node.scale[channel], node.bias[channel], y + first);
  }
  return cycles;
}

void NodeCompute::RunOnCpu(const std::vector<ConvGeometry>& geometries, const void* x, void* y) const {
  // Only 8-bit convolutions follow each other, so what lies between two nodes is one byte an element.
  std::vector<std::uint8_t> between;
  for (std::size_t i = 0; i < chain_.size(); ++i) {
    if (i + 1 == chain_.size()) {
      RunConvOnCpu(chain_[i], geometries[i], x, y);
    } else {
      const std::array<std::int64_t, 4> shape = geometries[i].OutputShape();
      std::vector<std::uint8_t> result(static_cast<std::size_t>(shape[0] * shape[1] * shape[2] * shape[3]));
      RunConvOnCpu(chain_[i], geometries[i], x, result.data());
      between = std::move(result);
      x = between.data();
    }
  }
}

}  // namespace subbit::fpga
