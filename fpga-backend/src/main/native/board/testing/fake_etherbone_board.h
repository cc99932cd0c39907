#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "board/testing/fake_board.h"
#include "device/capabilities.h"
#include "emulator/emulator.h"

namespace subbit::fpga {

/// What a network does to the datagrams that go through it, in both directions: the share of them that it loses, that
/// it delivers twice, and that it delivers late, by up to `delay`.
struct FakeNetwork {
  double lost = 0;
  double doubled = 0;
  double late = 0;
  std::chrono::milliseconds delay{20};
};

/// A board behind Etherbone at 127.0.0.2, answered for by a thread: LiteEth's record for record, the gate of
/// rtl/subbit_gate.sv, the board table, memory, and an emulator in the engine's place. Like
/// LiteEth, it answers to its own port number, wherever a request comes from.
class FakeEtherboneBoard {
 public:
  /// The window of delays in which a module of the memory is read right; none if it is empty.
  struct Window {
    std::uint32_t bitslip;
    std::uint32_t first;
    std::uint32_t last;
  };

  static constexpr std::uint32_t kMemoryBytes = 1 << 20;

  /// With its memory up.
  FakeEtherboneBoard();
  ~FakeEtherboneBoard();
  FakeEtherboneBoard(const FakeEtherboneBoard&) = delete;
  FakeEtherboneBoard& operator=(const FakeEtherboneBoard&) = delete;

  std::uint16_t port() const { return port_; }
  /// Its name as a backend.
  std::string name() const { return "etherbone:127.0.0.2:" + std::to_string(port_); }

  void Behave(FakeBehaviour behaviour);
  /// Puts a network before it; at first there is a perfect one.
  void SetNetwork(const FakeNetwork& network);
  /// What a loss of power does: memory has to be brought up again.
  void LosePower();
  /// Overwrites the gate's ticket, as another host does.
  void GiveTicket(std::uint32_t ticket);
  /// Overwrites a word of the board table, by default keeping the table's sum.
  void SetTable(std::size_t word, std::uint32_t value, bool keep_sum = true);
  std::vector<std::uint32_t> Table();
  /// Gives the memory's modules these windows.
  void SetWindows(const std::vector<Window>& windows);

  /// How often the engine was started.
  int starts() const { return starts_; }
  /// Datagrams that have arrived.
  int datagrams() const { return datagrams_; }
  /// How often memory was brought up.
  int bring_ups() const { return bring_ups_; }
  /// The delay that each module of the memory was left at.
  std::vector<std::uint32_t> Delays();

 private:
  using Clock = std::chrono::steady_clock;
  using Datagram = std::vector<std::uint8_t>;

  struct Module {
    Window window;
    std::uint32_t bitslip = 0;
    std::uint32_t delay = 0;
    bool Right() const { return bitslip == window.bitslip && delay >= window.first && delay <= window.last; }
  };

  void Serve();
  /// Puts a datagram on a way, which may lose, double and delay it.
  void Travel(std::multimap<Clock::time_point, Datagram>* way, const Datagram& datagram);
  /// The reply to a datagram, or an empty one.
  Datagram Answer(const Datagram& request);
  std::uint32_t Read(std::uint32_t address);
  void Write(std::uint32_t address, std::uint32_t value, std::uint8_t select);
  void WriteThroughGate(std::uint32_t word, std::uint32_t value, std::uint8_t select);
  std::uint32_t ReadEngine(std::uint32_t offset);
  void WriteEngine(std::uint32_t offset, std::uint32_t value);
  void WriteMemoryRegister(std::uint32_t address, std::uint32_t value);
  void PowerUp();

  FakeNetwork network_;
  int socket_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::atomic<bool> ended_{false};
  std::atomic<int> starts_{0};
  std::atomic<int> datagrams_{0};
  std::atomic<int> bring_ups_{0};
  std::mt19937 random_{1};
  FakeBehaviour behaviour_ = FakeBehaviour::kWorks;
  bool hangs_ = false;
  std::unique_ptr<Emulator> engine_;
  std::vector<std::uint32_t> table_;
  std::map<std::uint32_t, std::uint32_t> memory_registers_;
  std::vector<std::uint32_t> burst_;
  std::vector<Module> modules_;
  std::uint32_t ticket_ = 0;
  std::uint32_t sum_ = 0;
  std::uint32_t target_ = 0;
  bool open_ = false;
  std::thread thread_;
};

}  // namespace subbit::fpga
