#include "board/testing/fake_board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "device/registers.h"
#include "emulator/emulator.h"

namespace subbit::fpga {
namespace {

constexpr std::size_t kWindowBytes = 4096;
/// Where in the window the tests tell the process how to behave; no engine has a register there.
constexpr std::uint32_t kBehaviour = 0xF00;

Capabilities FakeCapabilities() {
  Capabilities capabilities = Emulator::DefaultCapabilities();
  capabilities.memory_bytes = FakeBoard::kMemoryBytes;
  capabilities.features |= registers::kFeatureMemoryBase;
  return capabilities;
}

void WriteFile(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

void* MapFile(const std::string& path, std::size_t bytes) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
  if (file < 0 || ::ftruncate(file, static_cast<off_t>(bytes)) != 0) {
    throw std::runtime_error("cannot make " + path);
  }
  void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (mapped == MAP_FAILED) {
    throw std::runtime_error("cannot map " + path);
  }
  return mapped;
}

}  // namespace

FakeBoard::FakeBoard(Kind kind, bool interrupts) {
  char folder[] = "/tmp/subbit-board-XXXXXX";
  if (::mkdtemp(folder) == nullptr) {
    throw std::runtime_error("cannot make a temporary folder");
  }
  root_ = folder;
  BuildTree(kind, interrupts);
  process_ = ::fork();
  if (process_ == 0) {
    Serve(kind, interrupts);
  }
}

FakeBoard::~FakeBoard() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  ::munmap(const_cast<std::uint32_t*>(registers_), kWindowBytes);
  std::filesystem::remove_all(root_);
}

void FakeBoard::BuildTree(Kind kind, bool interrupts) {
  const std::string dev = root_ + "/dev/";
  std::filesystem::create_directories(dev);
  if (kind == Kind::kXdma) {
    registers_path_ = dev + "xdma0_user";
    memory_path_ = dev + "xdma0_h2c_0";
    events_path_ = dev + "xdma0_events_0";
    if (interrupts && ::mkfifo(events_path_.c_str(), 0600) != 0) {
      throw std::runtime_error("cannot make " + events_path_);
    }
  } else {
    registers_path_ = dev + "uio0";
    memory_path_ = dev + "udmabuf0";
    WriteFile(root_ + "/sys/class/uio/uio0/name", "subbit-engine\n");
    WriteFile(root_ + "/sys/class/uio/uio0/maps/map0/size", "0x00001000\n");
    WriteFile(root_ + "/sys/class/u-dma-buf/udmabuf0/size", std::to_string(kMemoryBytes) + "\n");
    WriteFile(root_ + "/sys/class/u-dma-buf/udmabuf0/phys_addr", "0x0000000140000000\n");
  }
  registers_ = static_cast<volatile std::uint32_t*>(MapFile(registers_path_, kWindowBytes));
  ::munmap(MapFile(memory_path_, kMemoryBytes), kMemoryBytes);
  if (kind == Kind::kXdma) {
    std::filesystem::create_hard_link(memory_path_, dev + "xdma0_c2h_0");
  }
  Emulator emulator(FakeCapabilities());
  for (std::uint32_t offset = 0; offset <= registers::kCyclesHigh; offset += 4) {
    SetRegister(offset, emulator.Read32(offset));
  }
}

void FakeBoard::Behave(FakeBehaviour behaviour) {
  SetRegister(kBehaviour, static_cast<std::uint32_t>(behaviour));
  // A busy machine may keep the process waiting; a request must not run into its time-out meanwhile.
  while (behaviour == FakeBehaviour::kVanishes && registers_[registers::kMemoryBaseHigh / 4] != registers::kBusAbsent) {
    std::this_thread::yield();
  }
}

void FakeBoard::SetRegister(std::uint32_t offset, std::uint32_t value) { registers_[offset / 4] = value; }

void FakeBoard::Serve(Kind kind, bool interrupts) const {
  volatile std::uint32_t* const r = registers_;
  const auto at = [r](std::uint32_t offset)->volatile std::uint32_t& { return r[offset / 4]; };
  auto* const memory = static_cast<std::uint8_t*>(MapFile(memory_path_, kMemoryBytes));
  const int events = interrupts && kind == Kind::kXdma ? ::open(events_path_.c_str(), O_RDWR | O_NONBLOCK) : -1;
  Emulator emulator(FakeCapabilities());
  const auto show = [&](std::uint32_t offset) { at(offset) = emulator.Read32(offset); };
  while (::getppid() != 1) {
    const auto behaviour = static_cast<FakeBehaviour>(at(kBehaviour));
    if (behaviour == FakeBehaviour::kVanishes) {
      for (std::uint32_t offset = 0; offset <= registers::kMemoryBaseHigh; offset += 4) {
        at(offset) = registers::kBusAbsent;
      }
    } else if (at(registers::kReset) == 1) {
      emulator.Write32(registers::kReset, 1);
      for (std::uint32_t offset = 0; offset <= registers::kCyclesHigh; offset += 4) {
        show(offset);  // RESET among them: done
      }
    } else if ((at(registers::kControl) & registers::kStart) != 0) {
      at(registers::kControl) = 0;
      if (behaviour != FakeBehaviour::kHangs) {
        const std::uint64_t base = at(registers::kMemoryBaseLow) | std::uint64_t{at(registers::kMemoryBaseHigh)} << 32;
        const bool finds_memory = kind == Kind::kXdma || base == kBufferAddress;
        const std::vector<std::uint8_t> before(memory, memory + kMemoryBytes);
        emulator.WriteBuffer(0, before.data(), kMemoryBytes);
        for (const std::uint32_t offset :
             {registers::kDescriptorsLow, registers::kDescriptorsHigh, registers::kDescriptorCount}) {
          emulator.Write32(offset, at(offset));
        }
        emulator.Write32(registers::kInterruptEnable, at(registers::kInterruptEnable));
        emulator.Write32(registers::kControl, registers::kStart);
        if (finds_memory) {
          std::vector<std::uint8_t> after(kMemoryBytes);
          emulator.ReadBuffer(0, after.data(), kMemoryBytes);
          // Only what the engine wrote: the host may have written elsewhere meanwhile.
          for (std::size_t i = 0; i < kMemoryBytes; ++i) {
            if (after[i] != before[i]) {
              memory[i] = after[i];
            }
          }
        }
        for (const std::uint32_t offset : {registers::kError, registers::kErrorDescriptor, registers::kCyclesLow,
                                           registers::kCyclesHigh, registers::kInterruptStatus}) {
          show(offset);
        }
        if (behaviour == FakeBehaviour::kReportsError) {
          at(registers::kError) = static_cast<std::uint32_t>(ErrorCode::kInternal);
        }
        show(registers::kControl);
        const std::uint32_t one = 1;
        if (events >= 0 && ::write(events, &one, sizeof one) < 0) {
          std::_Exit(1);
        }
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  std::_Exit(0);
}

}  // namespace subbit::fpga
