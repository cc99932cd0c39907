#include "ep/node_compute.h"

#include <limits>
#include <utility>

#include "driver/binary_tensor.h"
#include "driver/timing_log.h"

namespace subbit::fpga {
namespace {

/// Checks one dimension of the input at run time and narrows it.
std::uint32_t Dimension(std::int64_t value, const std::string& node) {
  if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) {
    throw std::invalid_argument("node '" + node + "': the input has a dimension of " + std::to_string(value));
  }
  return static_cast<std::uint32_t>(value);
}

}  // namespace

NodeCompute::NodeCompute(std::shared_ptr<Driver> driver, ConvNode node, std::chrono::milliseconds timeout)
    : OrtNodeComputeInfo{},
      driver_(std::move(driver)),
      name_(std::move(node.name)),
      op_type_(std::move(node.op_type)),
      scale_(std::move(node.scale)),
      bias_(std::move(node.bias)),
      timeout_(timeout),
      layer_(driver_->Load(node.layer)) {
  ort_version_supported = kOrtApiVersion;
  CreateState = CreateStateImpl;
  Compute = ComputeImpl;
  ReleaseState = ReleaseStateImpl;
}

OrtStatus* ORT_API_CALL NodeCompute::CreateStateImpl(OrtNodeComputeInfo*, OrtNodeComputeContext*, void** state) noexcept {
  // A run keeps nothing between calls.
  *state = nullptr;
  return nullptr;
}

OrtStatus* ORT_API_CALL NodeCompute::ComputeImpl(OrtNodeComputeInfo* self, void*, OrtKernelContext* context) noexcept {
  return AsStatus([&] { static_cast<const NodeCompute*>(self)->Run(Ort::KernelContext(context)); });
}

void ORT_API_CALL NodeCompute::ReleaseStateImpl(OrtNodeComputeInfo*, void*) noexcept {}

void NodeCompute::Run(Ort::KernelContext context) const {
  const LayerDescriptor& d = layer_->descriptor();
  const Ort::ConstValue input = context.GetInput(0);
  const std::vector<std::int64_t> shape = input.GetTensorTypeAndShapeInfo().GetShape();
  if (shape.size() != 4 || shape[1] != d.in_channels) {
    throw std::invalid_argument("node '" + name_ + "': the input must be [N, " + std::to_string(d.in_channels) + ", H, W]");
  }
  const std::uint32_t batch = Dimension(shape[0], name_);
  const std::uint32_t height = Dimension(shape[2], name_);
  const std::uint32_t width = Dimension(shape[3], name_);
  const std::uint32_t out_height = OutputLength(height, d.pad_top, d.pad_bottom, d.stride_h, d.dilation_h);
  const std::uint32_t out_width = OutputLength(width, d.pad_left, d.pad_right, d.stride_w, d.dilation_w);
  if (height == 0 || width == 0 || out_height == 0 || out_width == 0) {
    throw std::invalid_argument("node '" + name_ + "': images of " + std::to_string(height) + "x" + std::to_string(width) +
                                " are too small for its 3x3 window");
  }
  Ort::UnownedValue output = context.GetOutput(0, {batch, d.out_channels, out_height, out_width});
  if (batch == 0) {
    return;
  }
  LayerCycles cycles;
  try {
    cycles = d.input_format == InputFormat::kBits
                 ? RunBinary(batch, height, width, input.GetTensorData<float>(), std::size_t{out_height} * out_width,
                             output.GetTensorMutableData<float>())
                 : driver_->Run(*layer_, batch, height, width, input.GetTensorRawData(), output.GetTensorMutableRawData(),
                                timeout_);
  } catch (const std::runtime_error& e) {
    throw std::runtime_error("node '" + name_ + "': " + e.what());
  }
  TimingLog::Global().Add({name_, op_type_, d.tau, cycles.cycles, cycles.bnn_cycles, driver_->timing_kind()});
}

LayerCycles NodeCompute::RunBinary(std::uint32_t batch, std::uint32_t height, std::uint32_t width, const float* x,
                                   std::size_t out_pixels, float* y) const {
  const LayerDescriptor& d = layer_->descriptor();
  const std::size_t rows = std::size_t{batch} * d.in_channels * height;
  std::vector<std::uint8_t> bits(rows * ((width + 7) / 8));
  PackSigns(x, rows, width, bits.data());
  std::vector<std::int32_t> accumulators(std::size_t{batch} * d.out_channels * out_pixels);
  const LayerCycles cycles = driver_->Run(*layer_, batch, height, width, bits.data(), accumulators.data(), timeout_);
  for (std::size_t plane = 0; plane < std::size_t{batch} * d.out_channels; ++plane) {
    const std::size_t channel = plane % d.out_channels;
    ScaleAccumulators(accumulators.data() + plane * out_pixels, out_pixels, scale_[channel], bias_[channel], y + plane * out_pixels);
  }
  return cycles;
}

}  // namespace subbit::fpga
