#include "driver/driver.h"

#include <algorithm>
#include <utility>

#include "device/cycle_model.h"
#include "device/dense_order.h"
#include "device/index_order.h"
#include "device/stem_taps.h"
#include "driver/graph_request.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How long to wait for an interrupt before looking at the control register anyway.
constexpr milliseconds kPoll{10};
/// How long a reset may take, and how often to look whether it is done.
constexpr milliseconds kResetLimit{100};
constexpr milliseconds kResetPoll{1};

constexpr std::uint32_t Low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t High(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

[[noreturn]] void ThrowVanished() {
  throw DriverError(Fault::kVanished,
                    "the device no longer answers; check its power and link, then open a new session");
}

/// Summarises, for a message, what may keep a device from running a layer.
std::string Summary(const LayerShape& d) {
  if (d.integer.has_value() && d.integer->kind != Kind::kConv) {
    return std::to_string(d.in_channels) + " to " + std::to_string(d.out_channels) + " channels, kernel " +
           std::to_string(d.integer->kernel) + ", strides " + ToString({d.stride_h, d.stride_w}) + ", pads " +
           ToString({d.pad_top, d.pad_left, d.pad_bottom, d.pad_right}) + ", pool " +
           ToString({d.integer->pool[0], d.integer->pool[1]});
  }
  return "tau " + std::to_string(d.tau) + ", " + std::to_string(d.in_channels) + " to " +
         std::to_string(d.out_channels) + " channels, group " + std::to_string(d.group) + ", strides " +
         ToString({d.stride_h, d.stride_w}) + ", pads " + ToString({d.pad_top, d.pad_left, d.pad_bottom, d.pad_right}) +
         ", dilations " + ToString({d.dilation_h, d.dilation_w}) +
         (d.output_format == OutputFormat::kBits ? ", bits out" : "");
}

}  // namespace

void Driver::CheckIdentity(Device& device) {
  const std::uint32_t id = device.Read32(registers::kId);
  if (id == contract::kBusAbsent) {
    ThrowVanished();
  }
  if (id != contract::kIdValue) {
    throw DriverError(Fault::kWrongDevice, "the device is not a Subbit engine: its identification is " +
                                               std::to_string(id) + " instead of " +
                                               std::to_string(contract::kIdValue));
  }
  const std::uint32_t version = device.Read32(registers::kVersion);
  if (registers::kVersionMajor.Of(version) != registers::kVersionMajor.Of(contract::kVersionValue)) {
    throw DriverError(Fault::kWrongDevice, "the device has version " +
                                               std::to_string(registers::kVersionMajor.Of(version)) +
                                               " of the register contract, this driver version " +
                                               std::to_string(registers::kVersionMajor.Of(contract::kVersionValue)) +
                                               "; load a matching bitstream");
  }
}

std::shared_ptr<Driver> Driver::Open(std::unique_ptr<Device> device) {
  try {
    CheckIdentity(*device);
    return std::shared_ptr<Driver>(new Driver(std::move(device)));
  } catch (const DeviceVanished& e) {
    throw DriverError(Fault::kVanished, e.what());
  }
}

Driver::Driver(std::unique_ptr<Device> device)
    : device_(std::move(device)),
      timing_kind_(device_->timing_kind()),
      capabilities_(Capabilities::Read(*device_)),
      memory_(capabilities_.memory_bytes) {
  if (capabilities_.dot_units == 0 || capabilities_.accumulators == 0) {
    throw DriverError(Fault::kWrongDevice, "the device reports an engine without dot units or accumulators");
  }
  if (capabilities_.memory_bytes == 0) {
    throw DriverError(Fault::kWrongDevice, "the device reports no memory");
  }
  Reset();
}

Driver::~Driver() = default;

template <typename Body>
auto Driver::WithDevice(const Body& body) {
  if (lost_) {
    throw DriverError(Fault::kVanished,
                      "the device was lost earlier, and all that was loaded with it; open a new session");
  }
  try {
    try {
      return body();
    } catch (const DeviceVanished&) {
      throw;
    } catch (const TransferError& e) {
      if (device_->Read32(registers::kId) == contract::kBusAbsent) {
        ThrowVanished();
      }
      throw DriverError(Fault::kTransfer, e.what());
    }
  } catch (const DeviceVanished& e) {
    lost_ = true;
    throw DriverError(Fault::kVanished, e.what());
  } catch (const DriverError& e) {
    if (e.fault() == Fault::kVanished) {
      lost_ = true;
    }
    throw;
  }
}

void Driver::Disconnect() {
  const std::lock_guard<std::mutex> lock(mutex_);
  lost_ = true;
  device_.reset();
}

std::string Driver::WhyNot(const ConvLayer& layer) const {
  LayerShape shape = layer.shape;
  const bool tables = capabilities_.response_unit == registers::kResponseUnitTables;
  shape.mode = tables ? Mode::kTable : Mode::kDirect;
  if (tables && !layer.bias.empty()) {
    return "a device with tables adds no bias; let the sign rules contain it";
  }
  const ErrorCode code = shape.ValidateLayer(capabilities_);
  return code == ErrorCode::kNone ? std::string() : Describe(code) + (" (" + Summary(shape) + ")");
}

std::string Driver::WhyNot(const DenseLayer& layer) const {
  const ErrorCode code = layer.shape.ValidateLayer(capabilities_);
  if (code == ErrorCode::kNone) {
    return {};
  }
  const std::string limit = layer.shape.ExceededLimit();
  return (limit.empty() ? Describe(code) : limit) + " (" + Summary(layer.shape) + ")";
}

std::unique_ptr<LoadedLayer> Driver::Load(const ConvLayer& layer) {
  if (const std::string reason = WhyNot(layer); !reason.empty()) {
    throw DriverError(Fault::kUnsupported, reason);
  }
  LayerShape shape = layer.shape;
  shape.mode = FasterMode(shape.tau, shape.group_out_channels(), capabilities_);
  const std::vector<std::uint8_t> index = InOrder(shape, IndexOrderOf(capabilities_), layer.index);
  std::vector<std::int32_t> rules;
  for (const SignRule& rule : layer.sign_rules) {
    rules.push_back(rule.Encode());
  }
  using Constants = LayerConstants;
  return Load(shape,
              {{&Constants::index, index.data(), index.size()},
               {&Constants::codebook, layer.codebook.data(), 2 * layer.codebook.size()},
               {&Constants::bias, layer.bias.data(), 4 * layer.bias.size()},
               {&Constants::multiplier, rules.data(), 4 * rules.size()},
               {&Constants::multiplier, layer.multiplier.data(), 4 * layer.multiplier.size()},
               {&Constants::multiplier, layer.parameters.data(), IntegerParameters::kBytes * layer.parameters.size()}});
}

std::unique_ptr<LoadedLayer> Driver::Load(const DenseLayer& layer) {
  if (const std::string reason = WhyNot(layer); !reason.empty()) {
    throw DriverError(Fault::kUnsupported, reason);
  }
  const LayerShape& shape = layer.shape;
  const bool stem = shape.integer->kind == Kind::kStem;
  const std::vector<std::int8_t> weights = stem ? std::vector<std::int8_t>() : InDenseOrder(shape, layer.weights);
  const std::vector<std::int16_t> of_list = stem ? StemWeights(shape, layer.weights) : std::vector<std::int16_t>();
  const std::vector<std::uint8_t> list = stem ? StemCodebook(shape, layer.zero_pixels) : std::vector<std::uint8_t>();
  using Constants = LayerConstants;
  return Load(shape,
              {{&Constants::index, weights.data(), weights.size()},
               {&Constants::index, of_list.data(), sizeof(std::int16_t) * of_list.size()},
               {&Constants::codebook, list.data(), list.size()},
               {&Constants::multiplier, layer.parameters.data(), IntegerParameters::kBytes * layer.parameters.size()}});
}

std::unique_ptr<LoadedLayer> Driver::Load(const LayerShape& shape, const std::vector<DeviceConstant>& tensors) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return WithDevice([&] { return LoadUnderLock(shape, tensors); });
}

std::unique_ptr<LoadedLayer> Driver::LoadUnderLock(const LayerShape& shape,
                                                   const std::vector<DeviceConstant>& tensors) {
  std::unique_ptr<LoadedLayer> loaded(new LoadedLayer(shared_from_this(), shape));
  LayerConstants& constants = loaded->constants_;
  try {
    for (const DeviceConstant& tensor : tensors) {
      if (tensor.bytes != 0) {
        constants.*tensor.address = Upload(tensor.data, tensor.bytes);
      }
    }
  } catch (...) {
    // The lock is held here, so the layer's destructor must find nothing left to release.
    for (std::uint64_t* address : {&constants.index, &constants.codebook, &constants.bias, &constants.multiplier}) {
      memory_.Free(std::exchange(*address, 0));
    }
    loaded->driver_.reset();
    throw;
  }
  return loaded;
}

std::uint64_t Driver::Upload(const void* data, std::size_t bytes) {
  const std::uint64_t address = memory_.Allocate(bytes);
  if (address == 0) {
    throw DriverError(Fault::kOutOfMemory, "the weights of a layer (" + std::to_string(bytes) +
                                               " bytes) do not fit into the " +
                                               std::to_string(capabilities_.memory_bytes) +
                                               " bytes of device memory beside what is loaded; close other sessions");
  }
  try {
    device_->WriteBuffer(address, data, bytes);
  } catch (...) {
    memory_.Free(address);
    throw;
  }
  return address;
}

void Driver::Release(std::uint64_t address) {
  if (address != 0) {
    const std::lock_guard<std::mutex> lock(mutex_);
    memory_.Free(address);
  }
}

LayerCycles Driver::Run(const LoadedLayer& layer, std::uint32_t batch, std::uint32_t height, std::uint32_t width,
                        const void* input, void* output, milliseconds timeout) {
  const LayerGraph graph = {1, {{&layer, 0, kNoTensor}}, {1}};
  return RunGraph(graph, batch, {{input, {height, width}}}, {output}, timeout).front();
}

std::vector<LayerCycles> Driver::RunGraph(const LayerGraph& graph, std::uint32_t batch,
                                          const std::vector<GraphInput>& inputs, const std::vector<void*>& outputs,
                                          milliseconds timeout) {
  if (batch == 0) {
    return std::vector<LayerCycles>(graph.layers.size(), LayerCycles{0, 0});
  }
  std::vector<ImageSize> sizes;
  std::vector<const std::uint8_t*> from;
  for (const GraphInput& input : inputs) {
    sizes.push_back(input.size);
    from.push_back(static_cast<const std::uint8_t*>(input.images));
  }
  std::vector<std::uint8_t*> to;
  for (void* output : outputs) {
    to.push_back(static_cast<std::uint8_t*>(output));
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  return WithDevice([&] { return GraphRequest(*this, graph, ShapesOf(graph, sizes), batch).Run(from, to, timeout); });
}

void Driver::Start(std::uint64_t descriptors, std::size_t count) {
  EnsureIdle();
  expected_descriptors_ = Low(descriptors);
  device_->Write32(registers::kDescriptorsLow, expected_descriptors_);
  device_->Write32(registers::kDescriptorsHigh, High(descriptors));
  device_->Write32(registers::kCount, static_cast<std::uint32_t>(count));
  device_->Write32(registers::kGie, registers::kGieEnable);
  device_->Write32(registers::kIer, registers::kIerDone);
  device_->Write32(registers::kControl, registers::kControlStart);
}

void Driver::Reset() {
  device_->Write32(registers::kReset, registers::kResetAbort);
  const auto deadline = steady_clock::now() + kResetLimit;
  while (device_->Read32(registers::kReset) == registers::kResetAbort && steady_clock::now() < deadline) {
    // No interrupt comes, but this also lets the time of a simulated device pass.
    device_->WaitForInterrupt(kResetPoll);
  }
  expected_descriptors_ = device_->Read32(registers::kDescriptorsLow);
}

void Driver::EnsureIdle() {
  std::uint32_t control = device_->Read32(registers::kControl);
  if (control == contract::kBusAbsent) {
    ThrowVanished();
  }
  if ((control & registers::kControlIdle) == 0) {
    Reset();
    control = device_->Read32(registers::kControl);
    if ((control & registers::kControlIdle) == 0) {
      throw DriverError(
          Fault::kTimeout,
          "the device is still busy with an earlier request, and a reset did not help; reload its bitstream");
    }
  } else if (device_->Read32(registers::kDescriptorsLow) != expected_descriptors_) {
    throw DriverError(Fault::kVanished,
                      "the device was reset by somebody else and may have lost its memory; open a new session");
  }
}

void Driver::Await(milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  for (;;) {
    const std::uint32_t control = device_->Read32(registers::kControl);
    if (control == contract::kBusAbsent) {
      ThrowVanished();
    }
    if ((control & registers::kControlDone) != 0) {
      // The interrupt status toggles on write: writing back what is set clears it.
      device_->Write32(registers::kIsr, device_->Read32(registers::kIsr));
      return;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    if (left <= milliseconds::zero()) {
      Reset();
      throw DriverError(Fault::kTimeout,
                        "the device did not finish within " + std::to_string(timeout.count()) +
                            " ms and was reset; raise the provider option timeout_ms if the layer needs longer");
    }
    device_->WaitForInterrupt(std::min(left, kPoll));
  }
}

void Driver::CheckOutcome() {
  const std::uint32_t error = device_->Read32(registers::kError);
  if (error != 0) {
    throw DriverError(Fault::kDeviceError, std::string("the device reported error ") + std::to_string(error) + ": " +
                                               Describe(static_cast<ErrorCode>(error)));
  }
}

LoadedLayer::~LoadedLayer() {
  if (driver_ != nullptr) {
    driver_->Release(constants_.index);
    driver_->Release(constants_.codebook);
    driver_->Release(constants_.bias);
    driver_->Release(constants_.multiplier);
  }
}

}  // namespace subbit::fpga
