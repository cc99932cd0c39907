#include "ep/node_compute.h"

#include <array>
#include <utility>

#include "driver/binary_tensor.h"
#include "driver/timing_log.h"

namespace subbit::fpga {

NodeCompute::NodeCompute(std::shared_ptr<Driver> driver, const ConvNode& node, std::chrono::milliseconds timeout,
                         std::shared_ptr<Fallback> fallback)
    : OrtNodeComputeInfo{},
      driver_(std::move(driver)),
      op_(node.op),
      attributes_(node.attributes),
      scale_(node.scale),
      bias_(node.bias),
      timeout_(timeout),
      fallback_(std::move(fallback)),
      cpu_(node) {
  try {
    layer_ = driver_->Load(node.layer);
  } catch (const DriverError& e) {
    fallback_->Handle(Title(), e);
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

void NodeCompute::Run(Ort::KernelContext context) const {
  const Ort::ConstValue input = context.GetInput(0);
  const ConvGeometry geometry = MakeGeometry(op_, attributes_, input.GetTensorTypeAndShapeInfo().GetShape());
  const std::array<std::int64_t, 4> shape = geometry.OutputShape();
  Ort::UnownedValue output = context.GetOutput(0, shape.data(), shape.size());
  if (geometry.batch == 0) {
    return;
  }
  if (!fallback_->active()) {
    try {
      const LayerCycles cycles = RunNode(geometry, input, output);
      TimingLog::Global().Add(
          {op_.node, op_.type, layer_->descriptor().tau, cycles.cycles, cycles.bnn_cycles, driver_->timing_kind()});
      return;
    } catch (const DriverError& e) {
      fallback_->Handle(Title(), e);
    }
  }
  cpu_.Run(geometry, input.GetTensorRawData(), output.GetTensorMutableRawData());
}

LayerCycles NodeCompute::RunNode(const ConvGeometry& geometry, Ort::ConstValue input, Ort::UnownedValue output) const {
  return layer_->descriptor().input_format == InputFormat::kBits
             ? RunBinary(geometry, input.GetTensorData<float>(), output.GetTensorMutableData<float>())
             : RunOnDevice(geometry, input.GetTensorRawData(), output.GetTensorMutableRawData());
}

LayerCycles NodeCompute::RunOnDevice(const ConvGeometry& geometry, const void* input, void* output) const {
  // MakeGeometry keeps all sizes below 2^31.
  return driver_->Run(*layer_, static_cast<std::uint32_t>(geometry.batch), static_cast<std::uint32_t>(geometry.height),
                      static_cast<std::uint32_t>(geometry.width), input, output, timeout_);
}

LayerCycles NodeCompute::RunBinary(const ConvGeometry& geometry, const float* x, float* y) const {
  const auto rows = static_cast<std::size_t>(geometry.batch * geometry.InputChannels() * geometry.height);
  const auto width = static_cast<std::size_t>(geometry.width);
  const auto out_channels = static_cast<std::size_t>(attributes_.out_channels);
  const std::size_t out_planes = static_cast<std::size_t>(geometry.batch) * out_channels;
  const auto out_pixels = static_cast<std::size_t>(geometry.out_height * geometry.out_width);
  std::vector<std::uint8_t> bits(rows * ((width + 7) / 8));
  PackSigns(x, rows, width, bits.data());
  std::vector<std::int32_t> accumulators(out_planes * out_pixels);
  const LayerCycles cycles = RunOnDevice(geometry, bits.data(), accumulators.data());
  for (std::size_t plane = 0; plane < out_planes; ++plane) {
    const std::size_t channel = plane % out_channels;
    const std::size_t first = plane * out_pixels;
    ScaleAccumulators(accumulators.data() + first, out_pixels, scale_[channel], bias_[channel], y + first);
  }
  return cycles;
}

}  // namespace subbit::fpga
