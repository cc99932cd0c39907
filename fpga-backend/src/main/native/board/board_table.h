#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace subbit::fpga {

/// What a board behind Etherbone says of itself, in a table on its bus (docs/DEVICE.md; made by
/// synthesis/board/table.py).
struct BoardTable {
  /// Where it lies, and its longest form.
  static constexpr std::uint32_t kAddress = 0xA0000000;
  static constexpr std::size_t kMostWords = 256;
  /// Words that say how long it is.
  static constexpr std::size_t kHeadWords = 9;
  static constexpr std::uint32_t kMagic = 0x44424253;  ///< the letters `SBBD`, first letter in the lowest byte
  static constexpr std::uint32_t kVersion = 1;

  /// A step of the memory's bring-up: a write, or a wait.
  struct Step {
    std::uint32_t address;  ///< 0 for a wait
    std::uint32_t value;
    std::chrono::microseconds wait;
  };

  /// The registers of LiteDRAM's DFI injector for one phase of the memory clock.
  struct Phase {
    std::uint32_t command;
    std::uint32_t issue;
    std::uint32_t address;
    std::uint32_t bank;
    std::uint32_t written;
    std::uint32_t read;
  };

  /// What levelling the reads of an ECP5's DDR3 needs.
  struct Levelling {
    std::uint32_t modules;  ///< groups of eight data wires with a strobe
    std::uint32_t delays;
    std::uint32_t bitslips;
    std::uint32_t read_phase;
    std::uint32_t write_phase;
    std::uint32_t phase_words;  ///< of data in a phase
    std::vector<Phase> phases;
    // Registers of the PHY.
    std::uint32_t select;
    std::uint32_t reset_delay;
    std::uint32_t next_delay;
    std::uint32_t reset_bitslip;
    std::uint32_t next_bitslip;
    std::uint32_t clear_bursts;
    std::uint32_t bursts;
  };

  std::uint32_t registers;
  std::uint32_t memory;
  std::uint32_t memory_bytes;
  /// The DFI injector's control register, which says who commands memory.
  std::uint32_t memory_control;
  std::vector<Step> steps;
  std::optional<Levelling> levelling;

  /// The length of the table that begins with these kHeadWords words. Throws BoardError if it is none of this version.
  static std::size_t Length(const std::vector<std::uint32_t>& head);

  /// Takes a whole table, which may hold anything. Throws BoardError, with what is wrong.
  static BoardTable Parse(const std::vector<std::uint32_t>& words);
};

}  // namespace subbit::fpga
