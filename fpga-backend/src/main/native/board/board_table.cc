#include "board/board_table.h"

#include <numeric>
#include <string>

#include "board/board.h"

namespace subbit::fpga {
namespace {

enum StepKind : std::uint32_t { kWrite = 1, kWait = 2 };
constexpr std::size_t kStepWords = 3;
/// A bring-up takes some milliseconds; a longer wait is none.
constexpr std::uint32_t kLongestStep = 100'000;
constexpr std::size_t kLevellingWords = 14;
constexpr std::size_t kPhaseWords = 6;
constexpr std::uint32_t kLeastMemory = 1 << 16;
constexpr std::uint64_t kBusSpan = std::uint64_t{1} << 32;

[[noreturn]] void Refuse(const std::string& what) {
  throw BoardError("its table " + what + "; load a bitstream of this version");
}

/// Reads words one after the other. That there are enough is known before.
class Cursor {
 public:
  Cursor(const std::vector<std::uint32_t>& words, std::size_t at) : next_(words.data() + at) {}

  std::uint32_t Next() { return *next_++; }

  std::uint32_t NextAddress() {
    const std::uint32_t address = Next();
    if (address % 4 != 0) {
      Refuse("names the address " + std::to_string(address) + ", which is not a multiple of four");
    }
    return address;
  }

  std::uint32_t NextWithin(std::uint32_t most, const char* what) {
    const std::uint32_t value = Next();
    if (value < 1 || value > most) {
      Refuse("says " + std::to_string(value) + " " + what);
    }
    return value;
  }

 private:
  const std::uint32_t* next_;
};

BoardTable::Step TakeStep(Cursor* words) {
  const std::uint32_t kind = words->Next();
  if (kind == kWrite) {
    const std::uint32_t address = words->NextAddress();
    return {address, words->Next(), {}};
  }
  if (kind != kWait) {
    Refuse("has a step of kind " + std::to_string(kind));
  }
  const std::chrono::microseconds wait(words->NextWithin(kLongestStep, "us of waiting"));
  words->Next();
  return {0, 0, wait};
}

BoardTable::Levelling TakeLevelling(Cursor* words, std::size_t length) {
  BoardTable::Levelling level{};
  level.modules = words->NextWithin(32, "modules");
  level.delays = words->NextWithin(64, "delays");
  level.bitslips = words->NextWithin(16, "bitslips");
  const std::uint32_t phases = words->NextWithin(8, "phases");
  level.read_phase = words->Next();
  level.write_phase = words->Next();
  level.phase_words = words->NextWithin(16, "words in a phase");
  if (level.read_phase >= phases || level.write_phase >= phases || (4 * level.phase_words) % level.modules != 0 ||
      length != kLevellingWords + kPhaseWords * phases) {
    Refuse("contradicts itself about its memory");
  }
  for (std::uint32_t i = 0; i < phases; ++i) {
    BoardTable::Phase phase{};
    for (std::uint32_t* address :
         {&phase.command, &phase.issue, &phase.address, &phase.bank, &phase.written, &phase.read}) {
      *address = words->NextAddress();
    }
    level.phases.push_back(phase);
  }
  for (std::uint32_t* address : {&level.select, &level.reset_delay, &level.next_delay, &level.reset_bitslip,
                                 &level.next_bitslip, &level.clear_bursts, &level.bursts}) {
    *address = words->NextAddress();
  }
  return level;
}

}  // namespace

std::size_t BoardTable::Length(const std::vector<std::uint32_t>& head) {
  if (head.size() < kHeadWords || head[0] != kMagic) {
    throw BoardError("it has no table of a Subbit board at " + std::to_string(kAddress) +
                     "; load the bitstream of one");
  }
  if (head[1] != kVersion) {
    Refuse("is of version " + std::to_string(head[1]) + ", not " + std::to_string(kVersion));
  }
  if (head[2] > kMostWords || head[7] > kMostWords || head[8] > kMostWords ||
      head[2] != kHeadWords + kStepWords * head[7] + head[8] + 1) {
    Refuse("has a wrong length");
  }
  return head[2];
}

BoardTable BoardTable::Parse(const std::vector<std::uint32_t>& words) {
  if (Length(words) != words.size() || std::accumulate(words.begin(), words.end(), std::uint32_t{0}) != 0) {
    Refuse("is damaged");
  }
  BoardTable table{};
  Cursor cursor(words, 3);
  table.registers = cursor.NextAddress();
  table.memory = cursor.NextAddress();
  table.memory_bytes = cursor.Next();
  if (table.memory_bytes < kLeastMemory || std::uint64_t{table.memory} + table.memory_bytes > kBusSpan) {
    Refuse("says that " + std::to_string(table.memory_bytes) + " bytes of memory begin at " +
           std::to_string(table.memory));
  }
  table.memory_control = cursor.NextAddress();
  const std::uint32_t steps = cursor.Next();
  const std::uint32_t levelling = cursor.Next();
  for (std::uint32_t i = 0; i < steps; ++i) {
    table.steps.push_back(TakeStep(&cursor));
  }
  if (levelling != 0) {
    if (levelling < kLevellingWords) {
      Refuse("has a wrong length");
    }
    table.levelling = TakeLevelling(&cursor, levelling);
  }
  return table;
}

}  // namespace subbit::fpga
