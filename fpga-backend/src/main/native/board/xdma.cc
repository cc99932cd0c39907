#include "board/xdma.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <thread>

#include "board/board_files.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// Between two looks at the control register of a board without an event file.
constexpr microseconds kXdmaPollInterval{50};

class XdmaDevice final : public Device {
 public:
  explicit XdmaDevice(const std::string& board, BoardUse use)
      : registers_(board + "_user", O_RDWR),
        to_device_(board + "_h2c_0", O_WRONLY),
        from_device_(board + "_c2h_0", O_RDONLY) {
    if (use == BoardUse::kRun) {
      registers_.Claim();
    }
    if (FileExists(board + "_events_0")) {
      // Non-blocking, so that an event that somebody else has read does not block this process. Read-write, so that a
      // pipe that replaces the device in a test does not signal an end of file.
      events_.emplace(board + "_events_0", O_RDWR | O_NONBLOCK);
    }
  }

  std::uint32_t Read32(std::uint32_t offset) override {
    std::uint32_t value = 0;
    const bool read = ::pread(registers_.descriptor(), &value, sizeof value, offset) == sizeof value;
    return read ? value : contract::kBusAbsent;
  }

  void Write32(std::uint32_t offset, std::uint32_t value) override {
    // A write that did not arrive shows in the next read, as on a bus.
    if (::pwrite(registers_.descriptor(), &value, sizeof value, offset) != sizeof value) {
      return;
    }
  }

  void ReadBuffer(std::uint64_t address, void* to, std::size_t bytes) override {
    Transfer(from_device_, address, bytes, [&](std::size_t done, std::size_t count, off_t offset) {
      return ::pread(from_device_.descriptor(), static_cast<std::uint8_t*>(to) + done, count, offset);
    });
  }

  void WriteBuffer(std::uint64_t address, const void* from, std::size_t bytes) override {
    Transfer(to_device_, address, bytes, [&](std::size_t done, std::size_t count, off_t offset) {
      return ::pwrite(to_device_.descriptor(), static_cast<const std::uint8_t*>(from) + done, count, offset);
    });
  }

  void WaitForInterrupt(milliseconds limit) override {
    if (!events_) {
      std::this_thread::sleep_for(std::min<microseconds>(limit, kXdmaPollInterval));
    } else if (WaitReadable(*events_, static_cast<int>(limit.count()))) {
      std::uint32_t events = 0;
      // Another waiter may have taken it; the caller looks at the control register in any case.
      if (::read(events_->descriptor(), &events, sizeof events) < 0) {
        return;
      }
    }
  }

  TimingKind timing_kind() const override { return TimingKind::kMeasured; }

 private:
  /// Calls move(done, count, offset), which moves up to `count` bytes, until all are moved.
  template <typename Move>
  static void Transfer(const BoardFile& file, std::uint64_t address, std::size_t bytes, const Move& move) {
    std::size_t done = 0;
    while (done < bytes) {
      const ssize_t moved = move(done, bytes - done, static_cast<off_t>(address + done));
      if (moved < 0 && errno == EINTR) {
        continue;
      }
      if (moved <= 0) {
        throw TransferError("a transfer of " + std::to_string(bytes) + " bytes at device address " +
                            std::to_string(address) + " through " + file.path() +
                            " failed: " + (moved == 0 ? "no more bytes" : std::strerror(errno)));
      }
      done += static_cast<std::size_t>(moved);
    }
  }

  BoardFile registers_;
  BoardFile to_device_;
  BoardFile from_device_;
  std::optional<BoardFile> events_;
};

}  // namespace

std::vector<BoardSlot> FindXdmaBoards(const std::string& root) {
  std::vector<BoardSlot> slots;
  for (const std::string& name : ListFolder(root + "/dev")) {
    if (const int number = NumberOf(name, "xdma", "_user"); number >= 0) {
      const std::string board = root + "/dev/xdma" + std::to_string(number);
      slots.push_back({"xdma:" + std::to_string(number), root + "/dev/" + name,
                       [board](BoardUse use) { return std::make_unique<XdmaDevice>(board, use); }});
    }
  }
  return slots;
}

}  // namespace subbit::fpga
