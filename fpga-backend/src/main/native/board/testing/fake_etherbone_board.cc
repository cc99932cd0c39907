#include "board/testing/fake_etherbone_board.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "board/board_table.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

constexpr std::uint32_t kGatePage = 0x80000000;
constexpr std::uint32_t kEngine = 0x90000000;
constexpr std::uint32_t kMemory = 0x40000000;
constexpr std::uint32_t kPageBytes = 4096;

// Registers of the memory: its control, those of two phases, and those of the PHY.
constexpr std::uint32_t kControl = 0xF0000000;
constexpr std::uint32_t kPhases = 0xF0000100;
constexpr std::uint32_t kPhaseBytes = 0x40;
constexpr std::uint32_t kPhy = 0xF0000200;
enum PhaseRegister : std::uint32_t { kCommand = 0, kIssue = 4, kAddress = 8, kBank = 12, kWritten = 16, kRead = 24 };
enum PhyRegister : std::uint32_t {
  kSelect = 0,
  kResetDelay = 4,
  kNextDelay = 8,
  kResetBitslip = 12,
  kNextBitslip = 16,
  kClearBursts = 20,
  kBursts = 24
};
constexpr std::uint32_t kModules = 2;
constexpr std::uint32_t kDelays = 8;
constexpr std::uint32_t kBitslips = 4;
constexpr std::uint32_t kPhaseCount = 2;
constexpr std::uint32_t kPhaseWords = 2;
/// Written by the table's only step; memory takes no data before.
constexpr std::uint32_t kModeRegister = 0xF0000300;

std::vector<std::uint32_t> MakeTable() {
  const std::vector<std::uint32_t> steps = {1, kControl, 14, 2, 50, 0, 1, kModeRegister, 77};
  std::vector<std::uint32_t> levelling = {kModules, kDelays, kBitslips, kPhaseCount, 0, 1, kPhaseWords};
  for (std::uint32_t phase = 0; phase < kPhaseCount; ++phase) {
    for (const std::uint32_t at : {kCommand, kIssue, kAddress, kBank, kWritten, kRead}) {
      levelling.push_back(kPhases + kPhaseBytes * phase + at);
    }
  }
  for (const std::uint32_t at :
       {kSelect, kResetDelay, kNextDelay, kResetBitslip, kNextBitslip, kClearBursts, kBursts}) {
    levelling.push_back(kPhy + at);
  }
  std::vector<std::uint32_t> table = {BoardTable::kMagic,
                                      BoardTable::kVersion,
                                      0,
                                      kEngine,
                                      kMemory,
                                      FakeEtherboneBoard::kMemoryBytes,
                                      kControl,
                                      3,
                                      static_cast<std::uint32_t>(levelling.size())};
  table.insert(table.end(), steps.begin(), steps.end());
  table.insert(table.end(), levelling.begin(), levelling.end());
  table.push_back(0);
  table[2] = static_cast<std::uint32_t>(table.size());
  table.back() = 0 - std::accumulate(table.begin(), table.end(), std::uint32_t{0});
  return table;
}

std::uint32_t WordAt(const std::vector<std::uint8_t>& bytes, std::size_t word) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | bytes.at(4 * word + i);
  }
  return value;
}

void Append(std::vector<std::uint8_t>* bytes, std::uint32_t word) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes->push_back(static_cast<std::uint8_t>(word >> shift));
  }
}

sockaddr_in Loopback(const char* address, std::uint16_t port) {
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &place.sin_addr);
  return place;
}

/// Whether the host's side of a port is free.
bool IsFreeForHost(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in place = Loopback("127.0.0.1", port);
  const bool free = ::bind(probe, reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0;
  ::close(probe);
  return free;
}

}  // namespace

FakeEtherboneBoard::FakeEtherboneBoard() : socket_(-1), table_(MakeTable()), modules_({{{0, 3, 6}}, {{2, 1, 3}}}) {
  while (socket_ < 0) {
    socket_ = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in place = Loopback("127.0.0.2", 0);
    socklen_t size = sizeof place;
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&place), &size) != 0) {
      throw std::runtime_error("cannot open a socket at 127.0.0.2");
    }
    port_ = ntohs(place.sin_port);
    if (!IsFreeForHost(port_)) {
      ::close(socket_);
      socket_ = -1;
    }
  }
  PowerUp();
  memory_registers_[kControl] = 15;
  memory_registers_[kModeRegister] = 77;
  for (Module& module : modules_) {
    module.bitslip = module.window.bitslip;
    module.delay = module.window.first;
  }
  thread_ = std::thread([this] { Serve(); });
}

FakeEtherboneBoard::~FakeEtherboneBoard() {
  ended_ = true;
  thread_.join();
  ::close(socket_);
}

void FakeEtherboneBoard::Behave(FakeBehaviour behaviour) {
  const std::lock_guard<std::mutex> lock(mutex_);
  behaviour_ = behaviour;
}

void FakeEtherboneBoard::SetNetwork(const FakeNetwork& network) {
  const std::lock_guard<std::mutex> lock(mutex_);
  network_ = network;
}

void FakeEtherboneBoard::LosePower() {
  const std::lock_guard<std::mutex> lock(mutex_);
  PowerUp();
}

void FakeEtherboneBoard::GiveTicket(std::uint32_t ticket) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ticket_ = ticket;
}

void FakeEtherboneBoard::SetTable(std::size_t word, std::uint32_t value, bool keep_sum) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (keep_sum) {
    table_.back() -= value - table_.at(word);
  }
  table_.at(word) = value;
}

std::vector<std::uint32_t> FakeEtherboneBoard::Table() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return table_;
}

void FakeEtherboneBoard::SetWindows(const std::vector<Window>& windows) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    modules_[i].window = windows[i];
  }
}

std::vector<std::uint32_t> FakeEtherboneBoard::Delays() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::uint32_t> delays;
  for (const Module& module : modules_) {
    delays.push_back(module.delay);
  }
  return delays;
}

void FakeEtherboneBoard::PowerUp() {
  Capabilities capabilities = Emulator::DefaultCapabilities();
  capabilities.memory_bytes = kMemoryBytes;
  engine_ = std::make_unique<Emulator>(capabilities);
  memory_registers_.clear();
  memory_registers_[kControl] = 1;
  for (Module& module : modules_) {
    module.bitslip = 1;
    module.delay = 5;
  }
  hangs_ = false;
  open_ = false;
  ticket_ = sum_ = target_ = 0;
}

void FakeEtherboneBoard::Serve() {
  std::multimap<Clock::time_point, Datagram> to_board;
  std::multimap<Clock::time_point, Datagram> to_host;
  const sockaddr_in host = Loopback("127.0.0.1", port_);
  while (!ended_) {
    pollfd waiting{socket_, POLLIN, 0};
    const bool busy = !to_board.empty() || !to_host.empty();
    const bool arrived = ::poll(&waiting, 1, busy ? 1 : 20) > 0;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (arrived) {
      Datagram datagram(2048);
      const ssize_t size = ::recv(socket_, datagram.data(), datagram.size(), 0);
      if (size > 0) {
        datagram.resize(static_cast<std::size_t>(size));
        Travel(&to_board, datagram);
      }
    }
    while (!to_board.empty() && to_board.begin()->first <= Clock::now()) {
      const Datagram request = to_board.extract(to_board.begin()).mapped();
      if (behaviour_ != FakeBehaviour::kVanishes) {
        ++datagrams_;
        if (const Datagram reply = Answer(request); !reply.empty()) {
          Travel(&to_host, reply);
        }
      }
    }
    while (!to_host.empty() && to_host.begin()->first <= Clock::now()) {
      const Datagram reply = to_host.extract(to_host.begin()).mapped();
      ::sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&host), sizeof host);
    }
  }
}

void FakeEtherboneBoard::Travel(std::multimap<Clock::time_point, Datagram>* way, const Datagram& datagram) {
  std::uniform_real_distribution<double> share(0, 1);
  const int copies = share(random_) < network_.doubled ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (share(random_) < network_.lost) {
      continue;
    }
    auto delay = std::chrono::microseconds(0);
    // A second copy that comes right after the first one is no trouble.
    if (i == 1 || share(random_) < network_.late) {
      delay = std::chrono::microseconds(static_cast<int>(share(random_) * 1000) * network_.delay.count());
    }
    way->emplace(Clock::now() + delay, datagram);
  }
}

FakeEtherboneBoard::Datagram FakeEtherboneBoard::Answer(const Datagram& request) {
  const std::uint8_t select = request.at(9);
  const std::size_t writes = request.at(10);
  const std::size_t reads = request.at(11);
  if (request.size() != 16 + 4 * (writes + reads)) {
    throw std::runtime_error("a datagram has another length than its record");
  }
  std::size_t at = 3;
  if (writes != 0) {
    const std::uint32_t address = WordAt(request, at++);
    for (std::size_t i = 0; i < writes; ++i) {
      Write(address + static_cast<std::uint32_t>(4 * i), WordAt(request, at++), select);
    }
  }
  if ((writes != 0) == (reads != 0)) {
    throw std::runtime_error("LiteEth takes no record with both writes and reads, and none with neither");
  }
  if (reads == 0) {
    return {};
  }
  Datagram reply = {0x4E, 0x6F, 0x10, 0x44, 0, 0, 0, 0, 0, 0xF, static_cast<std::uint8_t>(reads), 0};
  Append(&reply, WordAt(request, at++));
  for (std::size_t i = 0; i < reads; ++i) {
    Append(&reply, Read(WordAt(request, at++)));
  }
  return reply;
}

std::uint32_t FakeEtherboneBoard::Read(std::uint32_t address) {
  if (address == kGatePage) {
    return ticket_;
  }
  if (address == kGatePage + 4) {
    return sum_;
  }
  if (address >= kEngine && address < kEngine + kPageBytes) {
    return ReadEngine(address - kEngine);
  }
  if (address >= BoardTable::kAddress && address < BoardTable::kAddress + 4 * table_.size()) {
    return table_[(address - BoardTable::kAddress) / 4];
  }
  if (address >= kMemory && address < kMemory + kMemoryBytes) {
    std::uint32_t value = 0;
    engine_->ReadBuffer(address - kMemory, &value, sizeof value);
    // What is read wrong, where a module is not levelled or the controller has no say.
    const bool right = (memory_registers_[kControl] & 1) != 0 && memory_registers_[kModeRegister] == 77;
    for (std::uint32_t module = 0; module < kModules; ++module) {
      if (!right || !modules_[module].Right()) {
        value ^= 0x00FF00FFu << 8 * module;
      }
    }
    return value;
  }
  const auto found = memory_registers_.find(address);
  return found == memory_registers_.end() ? 0 : found->second;
}

void FakeEtherboneBoard::Write(std::uint32_t address, std::uint32_t value, std::uint8_t select) {
  if (address >= kGatePage && address < kGatePage + kPageBytes) {
    WriteThroughGate((address - kGatePage) / 4, value, select);
  }
}

void FakeEtherboneBoard::WriteThroughGate(std::uint32_t word, std::uint32_t value, std::uint8_t select) {
  if (word == 0) {
    open_ = value == ticket_;
  } else if (!open_) {
    return;
  } else if (word == 1) {
    ticket_ = value;
    sum_ = 0;
  } else {
    sum_ = (sum_ << 1 | sum_ >> 31) + value;
    if (word == 2) {
      target_ = value;
      return;
    }
    if (target_ >= kEngine && target_ < kEngine + kPageBytes) {
      WriteEngine(target_ - kEngine, value);
    } else if (target_ >= kMemory && target_ < kMemory + kMemoryBytes) {
      for (std::uint32_t byte = 0; byte < 4; ++byte) {
        if ((select >> byte & 1) != 0) {
          const auto one = static_cast<std::uint8_t>(value >> 8 * byte);
          engine_->WriteBuffer(target_ - kMemory + byte, &one, 1);
        }
      }
    } else {
      WriteMemoryRegister(target_, value);
    }
    target_ += 4;
  }
}

std::uint32_t FakeEtherboneBoard::ReadEngine(std::uint32_t offset) {
  if (hangs_ && offset == registers::kControl) {
    return 0;
  }
  if (behaviour_ == FakeBehaviour::kReportsError && offset == registers::kError) {
    return static_cast<std::uint32_t>(ErrorCode::kInternal);
  }
  return engine_->Read32(offset);
}

void FakeEtherboneBoard::WriteEngine(std::uint32_t offset, std::uint32_t value) {
  if (offset == registers::kControl && value == registers::kControlStart) {
    ++starts_;
    if (behaviour_ == FakeBehaviour::kHangs) {
      hangs_ = true;
      return;
    }
  }
  if (offset == registers::kReset) {
    hangs_ = false;
  }
  engine_->Write32(offset, value);
}

void FakeEtherboneBoard::WriteMemoryRegister(std::uint32_t address, std::uint32_t value) {
  const std::uint32_t selected = memory_registers_[kPhy + kSelect];
  const auto at_phy = address - kPhy;
  if (at_phy >= kResetDelay && at_phy <= kNextBitslip) {
    for (std::uint32_t i = 0; i < kModules; ++i) {
      Module& module = modules_[i];
      if ((selected >> i & 1) != 0) {
        module.delay = at_phy == kResetDelay ? 0 : (module.delay + (at_phy == kNextDelay)) % kDelays;
        module.bitslip = at_phy == kResetBitslip ? 0 : (module.bitslip + (at_phy == kNextBitslip)) % kBitslips;
      }
    }
    return;
  }
  if (at_phy == kClearBursts) {
    memory_registers_[kPhy + kBursts] = 0;
    return;
  }
  memory_registers_[address] = value;
  if (address == kModeRegister) {
    ++bring_ups_;
  }
  for (std::uint32_t phase = 0; phase < kPhaseCount; ++phase) {
    const std::uint32_t first = kPhases + kPhaseBytes * phase;
    if (address != first + kIssue || (memory_registers_[kControl] & 1) != 0) {
      continue;
    }
    const std::uint32_t command = memory_registers_[first + kCommand];
    if (command == (1 | 2 | 4 | 16)) {  // write
      burst_.clear();
      for (std::uint32_t i = 0; i < kPhaseCount * kPhaseWords; ++i) {
        burst_.push_back(
            memory_registers_[kPhases + kPhaseBytes * (i / kPhaseWords) + kWritten + 4 * (i % kPhaseWords)]);
      }
    } else if (command == (1 | 4 | 32)) {  // read
      for (std::uint32_t i = 0; i < burst_.size(); ++i) {
        std::uint32_t read = burst_[i];
        for (std::uint32_t module = 0; module < kModules; ++module) {
          const bool right = modules_[module].Right();
          read ^= right ? 0 : 0x00100010u << 8 * module;
          memory_registers_[kPhy + kBursts] |= std::uint32_t{right} << module;
        }
        memory_registers_[kPhases + kPhaseBytes * (i / kPhaseWords) + kRead + 4 * (i % kPhaseWords)] = read;
      }
    }
  }
}

}  // namespace subbit::fpga
