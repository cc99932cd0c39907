#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace subbit::fpga {

/// How a fake board behaves from now on.
enum class FakeBehaviour : std::uint32_t { kWorks, kHangs, kReportsError, kVanishes };

/// A tree of files that looks like a Linux system with one board. A separate process serves it: it watches the
/// registers, which are shared memory, and runs requests on an emulator. Differences from a real bus: reading a
/// register changes nothing (done stays set until the next start), and a reset lasts until the process has seen it.
class FakeBoard {
 public:
  enum class Kind { kXdma, kUio };

  /// Bus address at which a UIO board's buffer claims to lie.
  static constexpr std::uint64_t kBufferAddress = 0x1'4000'0000;
  static constexpr std::uint64_t kMemoryBytes = std::uint64_t{1} << 20;

  /// Builds the tree in a new temporary folder and starts the process. `interrupts`: whether an XDMA board has an event
  /// file.
  explicit FakeBoard(Kind kind, bool interrupts = true);
  /// Ends the process and removes the tree.
  ~FakeBoard();
  FakeBoard(const FakeBoard&) = delete;
  FakeBoard& operator=(const FakeBoard&) = delete;

  const std::string& root() const { return root_; }
  void Behave(FakeBehaviour behaviour);
  /// Overwrites a register, as hardware of another kind would have it.
  void SetRegister(std::uint32_t offset, std::uint32_t value);

 private:
  void BuildTree(Kind kind, bool interrupts);
  [[noreturn]] void Serve(Kind kind, bool interrupts) const;

  std::string root_;
  std::string registers_path_;
  std::string memory_path_;
  std::string events_path_;
  volatile std::uint32_t* registers_ = nullptr;
  pid_t process_ = -1;
};

}  // namespace subbit::fpga
