#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "device/device.h"
#include "rtl/simulation_api.h"

namespace subbit::fpga {

/// How the memory of a simulated device behaves; see SubbitRtlMemory.
struct BusTiming {
  std::uint32_t latency = 20;
  std::uint32_t stall_percent = 0;
  std::uint32_t seed = 1;
};

/// The hardware description of fpga-backend/src/main/rtl, simulated behind the register contract. Time passes only
/// within calls: a few cycles for a register access, more in WaitForInterrupt.
class RtlDevice final : public Device {
 public:
  /// Device memory that the hardware description is built for.
  static constexpr std::uint64_t kMemoryBytes = std::uint64_t{256} << 20;

  /// Opens the simulation library at `library`. `memory_bytes` is how much of device memory answers. Throws
  /// std::runtime_error where the library cannot be loaded or has no such element.
  RtlDevice(const std::string& library, const std::string& element, const BusTiming& timing = {},
            std::uint64_t memory_bytes = kMemoryBytes);
  ~RtlDevice() override;

  std::uint32_t Read32(std::uint32_t offset) override;
  void Write32(std::uint32_t offset, std::uint32_t value) override;
  void ReadBuffer(std::uint64_t address, void* to, std::size_t bytes) override;
  void WriteBuffer(std::uint64_t address, const void* from, std::size_t bytes) override;
  void WaitForInterrupt(std::chrono::milliseconds limit) override;
  TimingKind timing_kind() const override { return TimingKind::kSimulated; }

  /// Lets up to `cycles` clock cycles pass; returns whether the interrupt is raised, which ends the wait.
  bool RunCycles(std::uint64_t cycles);

 private:
  struct Free {
    void operator()(std::uint8_t* memory) const { std::free(memory); }
  };
  struct Library;

  void CheckRange(std::uint64_t address, std::size_t bytes) const;
  /// Throws if an assertion of the hardware description has failed.
  void CheckFailure() const;

  std::uint64_t memory_bytes_;
  std::unique_ptr<std::uint8_t, Free> memory_;
  std::unique_ptr<Library> library_;
  void* simulation_ = nullptr;
};

/// The path of the simulation library: the one that was passed to SetRtlLibraryPath, else the one in the environment
/// variable SUBBIT_RTL_LIBRARY, else next to the library or program that contains this code.
std::string RtlLibraryPath();

/// Names the simulation library. Call before the backends are first listed; not thread-safe.
void SetRtlLibraryPath(const std::string& path);

/// Why there is no simulation at RtlLibraryPath(), or an empty string.
std::string WhyNoRtl();

}  // namespace subbit::fpga
