#include "emulator/emulator.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

#include "device/element.h"
#include "emulator/engine.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

constexpr std::uint32_t Low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t High(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }
constexpr std::uint64_t WithLow(std::uint64_t value, std::uint32_t low) {
  return (value & ~std::uint64_t{0xFFFFFFFF}) | low;
}
constexpr std::uint64_t WithHigh(std::uint64_t value, std::uint32_t high) {
  return (value & 0xFFFFFFFF) | std::uint64_t{high} << 32;
}

}  // namespace

Capabilities Emulator::DefaultCapabilities() { return CapabilitiesOf(Elements().front().name); }

Capabilities Emulator::CapabilitiesOf(const std::string& element) {
  Capabilities c = EmulatorCapabilities(element);
  c.memory_bytes = kMemoryBytes;
  return c;
}

Emulator::Emulator(const Capabilities& capabilities)
    : capabilities_(capabilities), memory_(static_cast<std::uint8_t*>(std::calloc(capabilities.memory_bytes, 1))) {
  if (memory_ == nullptr) {
    throw std::bad_alloc();
  }
  Reset();
}

std::uint32_t Emulator::Read32(std::uint32_t offset) {
  switch (offset) {
    case registers::kControl: {
      const std::uint32_t value = control_;
      control_ &= ~(registers::kControlDone | registers::kControlReady);
      return value;
    }
    case registers::kGie:
      return global_interrupt_enable_;
    case registers::kIer:
      return interrupt_enable_;
    case registers::kIsr:
      return interrupt_status_;
    case registers::kId:
      return contract::kIdValue;
    case registers::kVersion:
      return contract::kVersionValue;
    case registers::kEngine:
      return capabilities_.EngineRegister();
    case registers::kFeatures:
      return capabilities_.features;
    case registers::kMaxChannels:
      return capabilities_.max_channels;
    case registers::kMaxWidth:
      return capabilities_.max_width;
    case registers::kMemoryLow:
      return Low(capabilities_.memory_bytes);
    case registers::kMemoryHigh:
      return High(capabilities_.memory_bytes);
    case registers::kDescriptorsLow:
      return Low(descriptors_);
    case registers::kDescriptorsHigh:
      return High(descriptors_);
    case registers::kCount:
      return descriptor_count_;
    case registers::kError:
      return error_;
    case registers::kErrorDescriptor:
      return error_descriptor_;
    case registers::kCyclesLow:
      return Low(cycles_);
    case registers::kCyclesHigh:
      return High(cycles_);
    case registers::kResponseUnit:
      return capabilities_.response_unit;
    case registers::kChannelLanes:
      return capabilities_.channel_lanes;
    case registers::kMaxTau:
      return capabilities_.max_tau;
    case registers::kInputRows:
      return capabilities_.input_rows;
    default:
      return 0;
  }
}

void Emulator::Write32(std::uint32_t offset, std::uint32_t value) {
  switch (offset) {
    case registers::kControl:
      if ((value & registers::kControlStart) != 0) {
        Start();
      }
      break;
    case registers::kGie:
      global_interrupt_enable_ = value & registers::kGieEnable;
      break;
    case registers::kIer:
      interrupt_enable_ = value & (registers::kIerDone | registers::kIerReady);
      break;
    case registers::kIsr:
      interrupt_status_ ^= value & (registers::kIerDone | registers::kIerReady);
      break;
    case registers::kDescriptorsLow:
      descriptors_ = WithLow(descriptors_, value);
      break;
    case registers::kDescriptorsHigh:
      descriptors_ = WithHigh(descriptors_, value);
      break;
    case registers::kCount:
      descriptor_count_ = value;
      break;
    case registers::kReset:
      if ((value & registers::kResetAbort) != 0) {
        Reset();
      }
      break;
    default:
      break;
  }
}

bool Emulator::Holds(std::uint64_t address, std::uint64_t bytes) const {
  return address <= capabilities_.memory_bytes && bytes <= capabilities_.memory_bytes - address;
}

void Emulator::ReadBuffer(std::uint64_t address, void* to, std::size_t bytes) {
  if (!Holds(address, bytes)) {
    throw TransferError("a read of " + std::to_string(bytes) + " bytes at " + std::to_string(address) +
                        " leaves the emulator's memory");
  }
  // Not memcpy, which takes no null pointers, even of nothing.
  std::copy_n(memory_.get() + address, bytes, static_cast<std::uint8_t*>(to));
}

void Emulator::WriteBuffer(std::uint64_t address, const void* from, std::size_t bytes) {
  if (!Holds(address, bytes)) {
    throw TransferError("a write of " + std::to_string(bytes) + " bytes at " + std::to_string(address) +
                        " leaves the emulator's memory");
  }
  std::copy_n(static_cast<const std::uint8_t*>(from), bytes, memory_.get() + address);
}

void Emulator::WaitForInterrupt(std::chrono::milliseconds) {}

void Emulator::Reset() {
  control_ = registers::kControlIdle;
  global_interrupt_enable_ = 0;
  interrupt_enable_ = 0;
  interrupt_status_ = 0;
  descriptors_ = 0;
  descriptor_count_ = 0;
  error_ = 0;
  error_descriptor_ = 0;
  cycles_ = 0;
}

void Emulator::Start() {
  cycles_ = 0;
  error_descriptor_ = 0;
  error_ = static_cast<std::uint32_t>(RunDescriptors());
  control_ = registers::kControlDone | registers::kControlIdle | registers::kControlReady;
  interrupt_status_ |= interrupt_enable_;
}

ErrorCode Emulator::RunDescriptors() {
  if (descriptor_count_ == 0 || descriptors_ % LayerDescriptor::kAlignment != 0 ||
      !Holds(descriptors_, std::uint64_t{descriptor_count_} * LayerDescriptor::kPlainBytes)) {
    return ErrorCode::kDescriptorList;
  }
  std::uint64_t address = descriptors_;
  RequestCycles cycles(capabilities_);
  for (std::uint32_t i = 0; i < descriptor_count_; ++i) {
    if (const ErrorCode code = RunDescriptor(&address, cycles); code != ErrorCode::kNone) {
      error_descriptor_ = i;
      cycles_ += cycles.End();
      return code;
    }
  }
  cycles_ += cycles.End();
  return ErrorCode::kNone;
}

ErrorCode Emulator::RunDescriptor(std::uint64_t* address, RequestCycles& cycles) {
  std::uint8_t* at = memory_.get() + *address;
  LayerDescriptor layer;
  if (const ErrorCode code =
          LayerDescriptor::Decode(at, capabilities_.memory_bytes - *address, &layer, capabilities_.NewestDescriptor());
      code != ErrorCode::kNone) {
    return code;
  }
  layer.cycles = 0;
  layer.status = layer.Validate(capabilities_);
  if (layer.status == ErrorCode::kNone) {
    try {
      layer.status = RunLayer(layer, IndexOrderOf(capabilities_), memory_.get());
    } catch (const std::bad_alloc&) {
      layer.status = ErrorCode::kInternal;
    } catch (const std::length_error&) {
      layer.status = ErrorCode::kInternal;
    }
  }
  if (layer.status == ErrorCode::kNone) {
    layer.cycles = cycles.Next(layer);
    cycles_ += layer.cycles;
  }
  const LayerDescriptor::Bytes bytes = layer.Encode();
  std::memcpy(at, bytes.data(), bytes.size());
  *address += bytes.size();
  return layer.status;
}

}  // namespace subbit::fpga
