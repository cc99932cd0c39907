#include "board/memory_bring_up.h"

#include <random>
#include <string>
#include <thread>

#include "board/board.h"

namespace subbit::fpga {
namespace {

// Bits of LiteDRAM's DFI injector: who commands memory, and the pins of a command (litedram/dfii.py).
constexpr std::uint32_t kByController = 1;
constexpr std::uint32_t kByHost = 2 | 4 | 8;  // clock enabled, terminated, out of reset
constexpr std::uint32_t kCommand = 1;
constexpr std::uint32_t kWriteEnable = 2;
constexpr std::uint32_t kColumn = 4;
constexpr std::uint32_t kRow = 8;
constexpr std::uint32_t kSendsData = 16;
constexpr std::uint32_t kTakesData = 32;

/// What the control register holds once memory is up. After configuration it has kByController alone; the other bits
/// mean nothing beside it.
constexpr std::uint32_t kUp = kByController | kByHost;

/// Levels the reads: each module of memory has a window of delays, after one of the bitslips, in which it is read
/// right, and is set to the middle of it. As LiteX's sdram.c does it.
class Levelling {
 public:
  Levelling(EtherboneLink& link, const BoardTable::Levelling& table) : link_(link), table_(table) {}

  void Run() {
    for (std::uint32_t module = 0; module < table_.modules; ++module) {
      Level(module);
    }
  }

 private:
  /// Consecutive delays.
  struct Window {
    std::uint32_t bitslip = 0;
    std::uint32_t first = 0;
    std::uint32_t length = 0;
  };

  void Level(std::uint32_t module) {
    Window best;
    Act(module, table_.reset_bitslip);
    for (std::uint32_t bitslip = 0; bitslip < table_.bitslips; ++bitslip) {
      const Window window = Scan(module, bitslip);
      if (window.length > best.length) {
        best = window;
      }
      Act(module, table_.next_bitslip);
    }
    if (best.length == 0) {
      throw BoardError("the memory of the board " + link_.name() +
                       " cannot be levelled: there is no delay at which its" + " data wires " +
                       std::to_string(8 * module) + " to " + std::to_string(8 * module + 7) +
                       " read what was written; check its supply, or build the bitstream with a lower clock");
    }
    Act(module, table_.reset_bitslip);
    Repeat(best.bitslip, [&] { Act(module, table_.next_bitslip); });
    Act(module, table_.reset_delay);
    Repeat(best.first + best.length / 2, [&] { Act(module, table_.next_delay); });
  }

  /// The longest window after a bitslip.
  Window Scan(std::uint32_t module, std::uint32_t bitslip) {
    Window best;
    Window current{bitslip, 0, 0};
    Act(module, table_.reset_delay);
    for (std::uint32_t delay = 0; delay < table_.delays; ++delay) {
      if (ReadsWhatIsWritten(module)) {
        ++current.length;
      } else {
        current = {bitslip, delay + 1, 0};
      }
      if (current.length > best.length) {
        best = current;
      }
      Act(module, table_.next_delay);
    }
    return best;
  }

  /// Does something to the delays of one module. Pausing all of them afterwards aligns them with each other.
  void Act(std::uint32_t module, std::uint32_t action) {
    link_.Write(table_.select, {1u << module});
    link_.Write(action, {1});
    for (const std::uint32_t selected : {0u, (1u << table_.modules) - 1, 0u}) {
      link_.Write(table_.select, {selected});
    }
  }

  template <typename Body>
  static void Repeat(std::uint32_t times, const Body& body) {
    for (std::uint32_t i = 0; i < times; ++i) {
      body();
    }
  }

  bool ReadsWhatIsWritten(std::uint32_t module) {
    constexpr int kPatterns = 3;
    for (int i = 0; i < kPatterns; ++i) {
      if (!ReadsAPattern(module)) {
        return false;
      }
    }
    return true;
  }

  /// Writes a burst to the first row, and reads it.
  bool ReadsAPattern(std::uint32_t module) {
    std::vector<std::uint32_t> pattern(table_.phase_words * table_.phases.size());
    for (std::uint32_t& word : pattern) {
      word = static_cast<std::uint32_t>(random_());
    }
    Command(0, kRow | kCommand);
    for (std::size_t phase = 0; phase < table_.phases.size(); ++phase) {
      const auto first = pattern.begin() + static_cast<std::ptrdiff_t>(phase * table_.phase_words);
      link_.Write(table_.phases[phase].written, {first, first + table_.phase_words});
    }
    Command(table_.write_phase, kColumn | kWriteEnable | kCommand | kSendsData);
    link_.Write(table_.clear_bursts, {1});
    Command(table_.read_phase, kColumn | kCommand | kTakesData);
    Command(0, kRow | kWriteEnable | kCommand);

    std::vector<std::uint32_t> addresses;
    for (const BoardTable::Phase& phase : table_.phases) {
      for (std::uint32_t word = 0; word < table_.phase_words; ++word) {
        addresses.push_back(phase.read + 4 * word);
      }
    }
    addresses.push_back(table_.bursts);
    const std::vector<std::uint32_t> read = link_.Read(addresses);
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (((pattern[i] ^ read[i]) & WiresOf(module, i)) != 0) {
        return false;
      }
    }
    return (read.back() >> module & 1) != 0;
  }

  /// Which bits of a word belong to a module. Words of a phase lie from its last to its first; in them, the modules
  /// take turns, a byte each, the first in the lowest byte of the last word.
  std::uint32_t WiresOf(std::uint32_t module, std::size_t word) const {
    const auto low = static_cast<std::uint32_t>(4 * (table_.phase_words - 1 - word % table_.phase_words));
    std::uint32_t wires = 0;
    for (std::uint32_t byte = 0; byte < 4; ++byte) {
      if ((low + byte) % table_.modules == module) {
        wires |= 0xFFu << 8 * byte;
      }
    }
    return wires;
  }

  void Command(std::uint32_t phase, std::uint32_t command) {
    const BoardTable::Phase& registers = table_.phases[phase];
    link_.Write(registers.address, {0});
    link_.Write(registers.bank, {0});
    link_.Write(registers.command, {command});
    link_.Write(registers.issue, {1});
  }

  EtherboneLink& link_;
  const BoardTable::Levelling& table_;
  std::mt19937 random_{1};
};

/// Writes words to the beginning, the middle and the end of memory and reads them back.
void TestMemory(EtherboneLink& link, const BoardTable& table) {
  constexpr std::uint32_t kBytes = 4 * EtherboneLink::kWriteWords;
  std::mt19937 random(2);
  std::vector<std::vector<std::uint32_t>> written;
  const std::vector<std::uint32_t> places = {0, table.memory_bytes / 2 & ~3u, (table.memory_bytes - kBytes) & ~3u};
  for (const std::uint32_t place : places) {
    std::vector<std::uint32_t>& words = written.emplace_back(EtherboneLink::kWriteWords);
    for (std::uint32_t& word : words) {
      word = static_cast<std::uint32_t>(random());
    }
    link.Write(table.memory + place, words);
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::vector<std::uint32_t> addresses;
    for (std::uint32_t at = 0; at < kBytes; at += 4) {
      addresses.push_back(table.memory + places[i] + at);
    }
    if (link.Read(addresses) != written[i]) {
      throw BoardError("the memory of the board " + link.name() + " does not keep what is written at byte " +
                       std::to_string(places[i]) + "; check its supply, or build the bitstream with a lower clock");
    }
  }
}

}  // namespace

void BringUpMemory(EtherboneLink& link, const BoardTable& table) {
  if (link.Read(table.memory_control) == kUp) {
    return;
  }
  for (const BoardTable::Step& step : table.steps) {
    if (step.wait.count() != 0) {
      std::this_thread::sleep_for(step.wait);
    } else {
      link.Write(step.address, {step.value});
    }
  }
  if (table.levelling.has_value()) {
    Levelling(link, *table.levelling).Run();
  }
  link.Write(table.memory_control, {kByController});
  TestMemory(link, table);
  link.Write(table.memory_control, {kUp});
}

}  // namespace subbit::fpga
