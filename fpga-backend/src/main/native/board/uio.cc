#include "board/uio.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "board/board_files.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr microseconds kUioPollInterval{50};
/// Bytes of the register window that the contract uses.
constexpr std::uint64_t kRegisterBytes = registers::kBytes;
constexpr const char* kNamePrefix = "subbit";

/// The sysfs folder of buffer `number`.
std::string BufferFolder(const std::string& root, const std::string& number) {
  for (const char* driver : {"u-dma-buf", "udmabuf"}) {
    const std::string folder = root + "/sys/class/" + driver + "/udmabuf" + number;
    if (FileExists(folder)) {
      return folder;
    }
  }
  throw BoardError("there is no " + root + "/sys/class/u-dma-buf/udmabuf" + number +
                   ": the engine's buffer is missing; load u-dma-buf with a buffer of that name");
}

/// The number of bytes in the register window of uio device `number`. Throws BoardError if it is not an engine's.
std::size_t RegisterWindow(const std::string& root, const std::string& number) {
  const std::string folder = root + "/sys/class/uio/uio" + number;
  const std::string name = ReadLine(folder + "/name");
  if (name.rfind(kNamePrefix, 0) != 0) {
    throw BoardError("it is called '" + name + "', and an engine's name begins with '" + kNamePrefix + "'");
  }
  const std::uint64_t bytes = ReadNumber(folder + "/maps/map0/size");
  if (bytes < kRegisterBytes) {
    throw BoardError(folder + "/maps/map0/size is " + std::to_string(bytes) + ", an engine's registers take " +
                     std::to_string(kRegisterBytes) + " bytes; correct the device tree");
  }
  return static_cast<std::size_t>(bytes);
}

class UioDevice final : public Device {
 public:
  UioDevice(const std::string& root, const std::string& number, BoardUse use)
      : window_(RegisterWindow(root, number)),
        file_(root + "/dev/uio" + number, O_RDWR),
        registers_(file_, window_),
        buffer_file_(root + "/dev/udmabuf" + number, O_RDWR | O_SYNC),
        base_(ReadNumber(BufferFolder(root, number) + "/phys_addr")),
        buffer_(buffer_file_, static_cast<std::size_t>(ReadNumber(BufferFolder(root, number) + "/size"))) {
    if ((Read32(registers::kFeatures) & registers::kFeaturesMemoryBase) == 0) {
      throw BoardError(file_.path() +
                       " is an engine without MEMORY_BASE (FEATURES bit 5), which it needs to find its"
                       " buffer; load a bitstream that has it");
    }
    if (use == BoardUse::kRun) {
      file_.Claim();
      Store(registers::kMemoryBaseLow, static_cast<std::uint32_t>(base_));
      Store(registers::kMemoryBaseHigh, static_cast<std::uint32_t>(base_ >> 32));
      const std::uint64_t taken = Load(registers::kMemoryBaseLow) | std::uint64_t{Load(registers::kMemoryBaseHigh)}
                                                                        << 32;
      if (taken != base_) {
        throw BoardError(file_.path() + " is an engine whose bus does not reach its buffer at " +
                         std::to_string(base_) + " (MEMORY_BASE reads as " + std::to_string(taken) +
                         "); load one with wider addresses");
      }
    }
  }

  std::uint32_t Read32(std::uint32_t offset) override {
    // The buffer may be smaller than what the engine can address.
    if (offset == registers::kMemoryLow || offset == registers::kMemoryHigh) {
      const std::uint64_t bytes = std::min<std::uint64_t>(
          buffer_.size(), Load(registers::kMemoryLow) | std::uint64_t{Load(registers::kMemoryHigh)} << 32);
      return static_cast<std::uint32_t>(offset == registers::kMemoryLow ? bytes : bytes >> 32);
    }
    return Load(offset);
  }

  void Write32(std::uint32_t offset, std::uint32_t value) override { Store(offset, value); }

  void ReadBuffer(std::uint64_t address, void* to, std::size_t bytes) override {
    std::memcpy(to, Checked(address, bytes), bytes);
  }

  void WriteBuffer(std::uint64_t address, const void* from, std::size_t bytes) override {
    std::memcpy(Checked(address, bytes), from, bytes);
  }

  void WaitForInterrupt(milliseconds limit) override {
    // A plain file stands for the device in tests; it has no interrupts.
    if (!file_.IsCharacterDevice()) {
      std::this_thread::sleep_for(std::min<microseconds>(limit, kUioPollInterval));
      return;
    }
    const std::uint32_t unmask = 1;
    std::uint32_t count = 0;
    if (::write(file_.descriptor(), &unmask, sizeof unmask) != sizeof unmask) {
      std::this_thread::sleep_for(
          std::min<microseconds>(limit, kUioPollInterval));  // an engine without an interrupt line
    } else if (WaitReadable(file_, static_cast<int>(limit.count())) &&
               ::read(file_.descriptor(), &count, sizeof count) < 0) {
      return;  // the caller looks at the control register in any case
    }
  }

  TimingKind timing_kind() const override { return TimingKind::kMeasured; }

 private:
  volatile std::uint32_t* Register(std::uint32_t offset) const {
    return reinterpret_cast<volatile std::uint32_t*>(registers_.data() + offset);
  }

  std::uint32_t Load(std::uint32_t offset) const {
    return offset + sizeof(std::uint32_t) <= registers_.size() ? *Register(offset) : 0;
  }

  void Store(std::uint32_t offset, std::uint32_t value) const {
    if (offset + sizeof(std::uint32_t) <= registers_.size()) {
      *Register(offset) = value;
    }
  }

  std::uint8_t* Checked(std::uint64_t address, std::size_t bytes) const {
    if (address > buffer_.size() || bytes > buffer_.size() - address) {
      throw TransferError("a transfer of " + std::to_string(bytes) + " bytes at device address " +
                          std::to_string(address) + " leaves the " + std::to_string(buffer_.size()) + " bytes of " +
                          buffer_file_.path());
    }
    return buffer_.data() + address;
  }

  const std::size_t window_;
  const BoardFile file_;
  const BoardMapping registers_;
  const BoardFile buffer_file_;
  const std::uint64_t base_;  // bus address of the buffer's first byte
  const BoardMapping buffer_;
};

}  // namespace

std::vector<BoardSlot> FindUioBoards(const std::string& root) {
  std::vector<BoardSlot> slots;
  for (const std::string& name : ListFolder(root + "/sys/class/uio")) {
    if (const int number = NumberOf(name, "uio", ""); number >= 0) {
      const std::string text = std::to_string(number);
      slots.push_back({"uio:" + text, root + "/dev/" + name,
                       [root, text](BoardUse use) { return std::make_unique<UioDevice>(root, text, use); }});
    }
  }
  return slots;
}

}  // namespace subbit::fpga
