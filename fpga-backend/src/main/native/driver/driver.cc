#include "driver/driver.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "core/conv_geometry.h"
#include "device/cycle_model.h"
#include "device/registers.h"

namespace subbit::fpga {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How long to wait for an interrupt before looking at the control register anyway.
constexpr milliseconds kPoll{10};
/// How long a reset may take, and how often to look whether it is done.
constexpr milliseconds kResetLimit{100};
constexpr std::chrono::microseconds kResetPoll{100};

constexpr std::uint32_t Low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t High(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

[[noreturn]] void ThrowVanished() {
  throw DriverError(Fault::kVanished,
                    "the device no longer answers; check its power and link, then open a new session");
}

/// What may keep a device from running a layer, for a message.
std::string Summary(const LayerDescriptor& d) {
  return "tau " + std::to_string(d.tau) + ", " + std::to_string(d.in_channels) + " to " +
         std::to_string(d.out_channels) + " channels, group " + std::to_string(d.group) + ", strides " +
         ToString({d.stride_h, d.stride_w}) + ", pads " + ToString({d.pad_top, d.pad_left, d.pad_bottom, d.pad_right}) +
         ", dilations " + ToString({d.dilation_h, d.dilation_w});
}

/// Device memory that is given back when the scope ends. Used under the driver's lock.
class ScopedBlock {
 public:
  ScopedBlock(DeviceMemory& memory, std::uint64_t bytes) : memory_(memory), address_(memory.Allocate(bytes)) {}
  ~ScopedBlock() {
    if (address_ != 0) {
      memory_.Free(address_);
    }
  }
  ScopedBlock(const ScopedBlock&) = delete;
  ScopedBlock& operator=(const ScopedBlock&) = delete;

  std::uint64_t address() const { return address_; }

 private:
  DeviceMemory& memory_;
  std::uint64_t address_;
};

}  // namespace

void Driver::CheckIdentity(Device& device) {
  const std::uint32_t id = device.Read32(registers::kId);
  if (id == registers::kBusAbsent) {
    ThrowVanished();
  }
  if (id != registers::kIdValue) {
    throw DriverError(Fault::kWrongDevice, "the device is not a Subbit engine: its identification is " +
                                               std::to_string(id) + " instead of " +
                                               std::to_string(registers::kIdValue));
  }
  const std::uint32_t version = device.Read32(registers::kVersion);
  if (version >> 16 != registers::kVersionValue >> 16) {
    throw DriverError(Fault::kWrongDevice, "the device has version " + std::to_string(version >> 16) +
                                               " of the register contract, this driver version " +
                                               std::to_string(registers::kVersionValue >> 16) +
                                               "; load a matching bitstream");
  }
}

std::shared_ptr<Driver> Driver::Open(std::unique_ptr<Device> device) {
  CheckIdentity(*device);
  return std::shared_ptr<Driver>(new Driver(std::move(device)));
}

Driver::Driver(std::unique_ptr<Device> device)
    : device_(std::move(device)),
      timing_kind_(device_->timing_kind()),
      capabilities_(Capabilities::Read(*device_)),
      memory_(capabilities_.memory_bytes) {
  if (capabilities_.dot_units == 0 || capabilities_.accumulators == 0) {
    throw DriverError(Fault::kWrongDevice, "the device reports an engine without dot units or accumulators");
  }
  descriptor_address_ = memory_.Allocate(LayerDescriptor::kBytes);
  if (descriptor_address_ == 0) {
    throw DriverError(Fault::kWrongDevice, "the device reports no memory");
  }
  Reset();
}

Driver::~Driver() = default;

template <typename Body>
auto Driver::WithDevice(const Body& body) {
  if (lost_) {
    throw DriverError(Fault::kVanished, "the device was lost earlier, and all that was loaded with it; open a new session");
  }
  try {
    return body();
  } catch (const TransferError& e) {
    if (device_->Read32(registers::kId) == registers::kBusAbsent) {
      lost_ = true;
      ThrowVanished();
    }
    throw DriverError(Fault::kTransfer, e.what());
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
  LayerDescriptor shape = layer.shape;
  shape.mode = Mode::kDirect;
  const ErrorCode code = shape.ValidateLayer(capabilities_);
  return code == ErrorCode::kNone ? std::string() : Describe(code) + (" (" + Summary(shape) + ")");
}

std::unique_ptr<LoadedLayer> Driver::Load(const ConvLayer& layer) {
  if (const std::string reason = WhyNot(layer); !reason.empty()) {
    throw DriverError(Fault::kUnsupported, reason);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  return WithDevice([&] { return LoadUnderLock(layer); });
}

std::unique_ptr<LoadedLayer> Driver::LoadUnderLock(const ConvLayer& layer) {
  std::unique_ptr<LoadedLayer> loaded(new LoadedLayer(shared_from_this()));
  LayerDescriptor& d = loaded->descriptor_;
  d = layer.shape;
  d.mode = FasterMode(d.tau, d.group_out_channels(), capabilities_);
  try {
    d.index_address = Upload(layer.index.data(), layer.index.size());
    d.codebook_address = Upload(layer.codebook.data(), 2 * layer.codebook.size());
    d.bias_address = layer.bias.empty() ? 0 : Upload(layer.bias.data(), 4 * layer.bias.size());
    d.multiplier_address = layer.multiplier.empty() ? 0 : Upload(layer.multiplier.data(), 4 * layer.multiplier.size());
  } catch (...) {
    // The lock is held here, so the layer's destructor must find nothing left to give back.
    for (std::uint64_t* address : {&d.index_address, &d.codebook_address, &d.bias_address, &d.multiplier_address}) {
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
  LayerDescriptor d = layer.descriptor();
  d.in_height = height;
  d.in_width = width;
  d.out_height = static_cast<std::uint32_t>(OutputLength(height, d.pad_top, d.pad_bottom, d.dilation_h, d.stride_h));
  d.out_width = static_cast<std::uint32_t>(OutputLength(width, d.pad_left, d.pad_right, d.dilation_w, d.stride_w));
  const auto* from = static_cast<const std::uint8_t*>(input);
  auto* to = static_cast<std::uint8_t*>(output);
  LayerCycles total{0, 0};
  const std::lock_guard<std::mutex> lock(mutex_);
  std::uint32_t part = batch;
  for (std::uint32_t done = 0; done < batch;) {
    d.batch = std::min(part, batch - done);
    const ScopedBlock input_block(memory_, d.batch * d.input_image_bytes());
    const ScopedBlock output_block(memory_, d.batch * d.output_image_bytes());
    if (input_block.address() == 0 || output_block.address() == 0) {
      if (d.batch == 1) {
        throw DriverError(Fault::kOutOfMemory,
                          "one image of " + std::to_string(d.in_channels) + "x" + std::to_string(height) + "x" +
                              std::to_string(width) + " and its result do not fit into the " +
                              std::to_string(capabilities_.memory_bytes) + " bytes of device memory");
      }
      part = (d.batch + 1) / 2;
      continue;
    }
    d.input_address = input_block.address();
    d.output_address = output_block.address();
    const LayerCycles cycles = WithDevice([&] { return RunPart(d, from, to, timeout); });
    total.cycles += cycles.cycles;
    total.bnn_cycles += cycles.bnn_cycles;
    from += d.batch * d.input_image_bytes();
    to += d.batch * d.output_image_bytes();
    done += d.batch;
  }
  return total;
}

LayerCycles Driver::RunPart(LayerDescriptor descriptor, const std::uint8_t* input, std::uint8_t* output,
                            milliseconds timeout) {
  if (const ErrorCode code = descriptor.Validate(capabilities_); code != ErrorCode::kNone) {
    throw DriverError(Fault::kUnsupported, Describe(code));
  }
  EnsureIdle();
  device_->WriteBuffer(descriptor.input_address, input, descriptor.batch * descriptor.input_image_bytes());
  LayerDescriptor::Bytes bytes = descriptor.Encode();
  device_->WriteBuffer(descriptor_address_, bytes.data(), bytes.size());
  expected_descriptors_ = Low(descriptor_address_);
  device_->Write32(registers::kDescriptorsLow, expected_descriptors_);
  device_->Write32(registers::kDescriptorsHigh, High(descriptor_address_));
  device_->Write32(registers::kDescriptorCount, 1);
  device_->Write32(registers::kGlobalInterruptEnable, 1);
  device_->Write32(registers::kInterruptEnable, registers::kInterruptDone);
  device_->Write32(registers::kControl, registers::kStart);
  Await(timeout);
  CheckOutcome();
  device_->ReadBuffer(descriptor_address_, bytes.data(), bytes.size());
  LayerDescriptor finished;
  if (LayerDescriptor::Decode(bytes, &finished) != ErrorCode::kNone || finished.status != ErrorCode::kNone) {
    throw DriverError(Fault::kDeviceError, "the device reported success but did not complete the descriptor");
  }
  device_->ReadBuffer(descriptor.output_address, output, descriptor.batch * descriptor.output_image_bytes());
  descriptor.mode = Mode::kDirect;
  return {finished.cycles, ModelledCycles(descriptor, capabilities_)};
}

void Driver::Reset() {
  device_->Write32(registers::kReset, 1);
  const auto deadline = steady_clock::now() + kResetLimit;
  while (device_->Read32(registers::kReset) == 1 && steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kResetPoll);
  }
  expected_descriptors_ = device_->Read32(registers::kDescriptorsLow);
}

void Driver::EnsureIdle() {
  std::uint32_t control = device_->Read32(registers::kControl);
  if (control == registers::kBusAbsent) {
    ThrowVanished();
  }
  if ((control & registers::kIdle) == 0) {
    Reset();
    control = device_->Read32(registers::kControl);
    if ((control & registers::kIdle) == 0) {
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
    if (control == registers::kBusAbsent) {
      ThrowVanished();
    }
    if ((control & registers::kDone) != 0) {
      // The interrupt status toggles on write: writing back what is set clears it.
      device_->Write32(registers::kInterruptStatus, device_->Read32(registers::kInterruptStatus));
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
    driver_->Release(descriptor_.index_address);
    driver_->Release(descriptor_.codebook_address);
    driver_->Release(descriptor_.bias_address);
    driver_->Release(descriptor_.multiplier_address);
  }
}

}  // namespace subbit::fpga
