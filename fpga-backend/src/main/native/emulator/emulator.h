#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "device/capabilities.h"
#include "device/device.h"
#include "device/error_code.h"
#include "device/layer_descriptor.h"
#include "device/request_cycles.h"

namespace subbit::fpga {

/// A software model of the device behind the register contract of docs/DEVICE.md: bit-exact, with the paper's cycle
/// model. It computes within the write to the control register that starts it, so the device is idle again when that
/// write returns.
class Emulator final : public Device {
 public:
  /// Device memory of the default model. It is reserved, not touched: pages cost nothing until they are used.
  static constexpr std::uint64_t kMemoryBytes = std::uint64_t{256} << 20;

  /// The capabilities of the default model: the paper's element (one dot unit, four accumulators) with a table for tau
  /// up to 6.
  static Capabilities DefaultCapabilities();

  /// The capabilities with another processing element (device/element.h). Throws std::invalid_argument for an unknown
  /// name.
  static Capabilities CapabilitiesOf(const std::string& element);

  explicit Emulator(const Capabilities& capabilities = DefaultCapabilities());

  std::uint32_t Read32(std::uint32_t offset) override;
  void Write32(std::uint32_t offset, std::uint32_t value) override;
  void ReadBuffer(std::uint64_t address, void* to, std::size_t bytes) override;
  void WriteBuffer(std::uint64_t address, const void* from, std::size_t bytes) override;
  void WaitForInterrupt(std::chrono::milliseconds limit) override;
  TimingKind timing_kind() const override { return TimingKind::kModelled; }

 private:
  struct Free {
    void operator()(std::uint8_t* memory) const { std::free(memory); }
  };

  bool Holds(std::uint64_t address, std::uint64_t bytes) const;
  void Reset();
  void Start();
  ErrorCode RunDescriptors();
  /// Runs the descriptor at *address, which is then that of the next.
  ErrorCode RunDescriptor(std::uint64_t* address, RequestCycles& cycles);

  Capabilities capabilities_;
  std::unique_ptr<std::uint8_t, Free> memory_;
  std::uint32_t control_ = 0;
  std::uint32_t global_interrupt_enable_ = 0;
  std::uint32_t interrupt_enable_ = 0;
  std::uint32_t interrupt_status_ = 0;
  std::uint64_t descriptors_ = 0;
  std::uint32_t descriptor_count_ = 0;
  std::uint32_t error_ = 0;
  std::uint32_t error_descriptor_ = 0;
  std::uint64_t cycles_ = 0;
};

}  // namespace subbit::fpga
