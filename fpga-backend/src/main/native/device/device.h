#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace subbit::fpga {

/// Where a device's cycle counts come from. The order is that of dev.subbit.onnx.ExecutionBackend.TimingKind.
enum class TimingKind { kModelled, kSimulated, kMeasured };

/// A transfer to or from the device failed: an address outside device memory, or the link is gone.
class TransferError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The device no longer answers, or somebody else has reset it or taken it over. The message says which device.
class DeviceVanished : public TransferError {
 public:
  using TransferError::TransferError;
};

/// Access to one device: its registers and its memory, as docs/DEVICE.md specifies them. An implementation only says
/// how the two are reached (a software model, a simulation, a PCIe function, a UIO mapping); what is written where is
/// up to the driver. Not thread-safe: the driver serialises its calls.
class Device {
 public:
  virtual ~Device() = default;

  /// Reads the register at `offset` (a multiple of four). A vanished device reads as contract::kBusAbsent, or any
  /// access to it throws DeviceVanished, if more is known.
  virtual std::uint32_t Read32(std::uint32_t offset) = 0;
  /// Writes the register at `offset` (a multiple of four); writes to read-only registers are ignored.
  virtual void Write32(std::uint32_t offset, std::uint32_t value) = 0;

  /// Copies `bytes` bytes from device address `address`. Throws TransferError.
  virtual void ReadBuffer(std::uint64_t address, void* to, std::size_t bytes) = 0;
  /// Copies `bytes` bytes to device address `address`. Throws TransferError.
  virtual void WriteBuffer(std::uint64_t address, const void* from, std::size_t bytes) = 0;

  /// Returns when the device has raised its interrupt, or earlier, but after `limit` at the latest. A device without
  /// interrupts sleeps briefly; the caller always reads the control register afterwards.
  virtual void WaitForInterrupt(std::chrono::milliseconds limit) = 0;

  virtual TimingKind timing_kind() const = 0;
};

}  // namespace subbit::fpga
