#include "ep/network_compute.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "core/integer/integer_arithmetic.h"
#include "driver/timing_log.h"

namespace subbit::fpga {
namespace {

std::string Title(const Network& network) { return network.op.type + " node '" + network.op.node + "'"; }

std::size_t Count(std::int64_t value) { return static_cast<std::size_t>(value); }

}  // namespace

NetworkCompute::NetworkCompute(std::shared_ptr<Driver> driver, Network network, std::chrono::milliseconds timeout,
                               std::shared_ptr<Fallback> fallback)
    : driver_(std::move(driver)),
      network_(std::move(network)),
      cpu_(network_.layers),
      timeout_(timeout),
      fallback_(std::move(fallback)) {
  try {
    for (const DeviceLayer& layer : network_.device_layers) {
      layers_.push_back(std::visit([&](const auto& of_kind) { return driver_->Load(of_kind); }, layer.layer));
    }
  } catch (const DriverError& e) {
    layers_.clear();
    fallback_->Handle(Title(network_), e);
  }
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    graph_.layers.push_back({layers_[i].get(), network_.device_layers[i].input, network_.device_layers[i].residual});
  }
  graph_.outputs = {layers_.size()};
}

NetworkCompute::Images NetworkCompute::Prepare(const Ort::KernelContext& context) const {
  const Ort::ConstValue x = context.GetInput(0);
  const Ort::TensorTypeAndShapeInfo info = x.GetTensorTypeAndShapeInfo();
  const std::vector<std::int64_t> shape = info.GetShape();
  Images images{0, {0, 0, 0}, x.GetTensorRawData()};
  if (network_.image.has_value()) {
    images.shape = *network_.image;
    cpu_.Check(images.shape);
    images.count = static_cast<std::int64_t>(info.GetElementCount()) / images.shape.Size();
    if (shape.empty() || info.GetElementCount() != Count(images.count * images.shape.Size())) {
      throw InvalidOperator(network_.op, "shape of X before its Reshape", ToString(shape),
                            "images of " + std::to_string(images.shape.Size()) + " pixels");
    }
  } else {
    if (shape.size() != 4) {
      throw InvalidOperator(network_.op, "shape of X", ToString(shape), "[N, C, H, W]");
    }
    images.count = shape[0];
    images.shape = {shape[2], shape[3], shape[1]};
    cpu_.Check(images.shape);
  }
  return images;
}

void NetworkCompute::Run(Ort::KernelContext context) const {
  const Images images = Prepare(context);
  const std::array<std::int64_t, 2> shape = {images.count, static_cast<std::int64_t>(network_.scale.size())};
  float* logits = context.GetOutput(0, shape.data(), shape.size()).GetTensorMutableData<float>();
  if (images.count == 0) {
    return;
  }
  fallback_->Run(Title(network_), [&] { RunOnDevice(images, logits); }, [&] { RunOnCpu(images, logits); });
}

void NetworkCompute::RunOnDevice(const Images& images, float* logits) const {
  const std::size_t classes = network_.scale.size();
  std::vector<std::uint8_t> bytes;
  const void* pixels = images.pixels;
  if (network_.pixel_type == PixelType::kFloat) {
    const auto* floats = static_cast<const float*>(images.pixels);
    bytes.resize(Count(images.count * images.shape.Size()));
    std::transform(floats, floats + bytes.size(), bytes.begin(),
                   [](float x) { return static_cast<std::uint8_t>(PixelValue(x)); });
    pixels = bytes.data();
  }
  std::vector<std::int32_t> sums(Count(images.count) * classes);
  const ImageSize size = {static_cast<std::uint32_t>(images.shape.height),
                          static_cast<std::uint32_t>(images.shape.width)};
  const std::vector<LayerCycles> cycles =
      driver_->RunGraph(graph_, static_cast<std::uint32_t>(images.count), {{pixels, size}}, {sums.data()}, timeout_);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const float product = static_cast<float>(sums[i]) * network_.scale[i % classes];
    logits[i] = product + network_.bias[i % classes];
  }
  for (std::size_t i = 0; i < cycles.size(); ++i) {
    const OpName& op = network_.layers[i].op;
    TimingLog::Global().Add(
        {op.node, op.type, layers_[i]->shape().tau, cycles[i].cycles, cycles[i].bnn_cycles, driver_->timing_kind()});
  }
}

void NetworkCompute::RunOnCpu(const Images& images, float* logits) const {
  const std::size_t element = network_.pixel_type == PixelType::kFloat ? sizeof(float) : 1;
  const auto* pixels = static_cast<const std::uint8_t*>(images.pixels);
  for (std::int64_t image = 0; image < images.count; ++image) {
    cpu_.Run(images.shape, network_.pixel_type, pixels + Count(image * images.shape.Size()) * element,
             logits + Count(image) * network_.scale.size());
  }
}

}  // namespace subbit::fpga
