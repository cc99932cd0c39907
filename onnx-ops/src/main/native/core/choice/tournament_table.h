#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/choice/tournament.h"

namespace subbit {

/// The operators that measurements tell apart, first in every key.
enum class MeasuredOperator {
  kBinaryConv,
  kPackedBinaryConv,
  kBinaryBlock,
  kQuantizedConv,
  kQuantizedBlock,
  kIntegerConv,
  kIntegerBlock
};

/// A number that stands for everything that decides which candidate is fastest: the operator, its attributes, the
/// shape of the input, the instruction set, and whether a run uses several threads.
class ShapeKey {
 public:
  ShapeKey With(std::int64_t value) const;

  /// Never 0.
  std::uint64_t Hash() const { return hash_ | 1; }

 private:
  std::uint64_t hash_ = 0x9e3779b97f4a7c15;
};

/// The tournaments of a process, each under its key, so that equal layers of all models are measured once. (Keys that
/// collide share a winner, which all of them can run.) Its size is fixed, so that finding an entry never locks or
/// allocates. Thread-safe.
class TournamentTable {
 public:
  /// The table that all sessions of the process share.
  static TournamentTable& Global();

  /// The tournament of a key, begun if there is none yet; all calls with one key must have the same number of
  /// candidates. Null if the table is full; the first candidate is to run then.
  Tournament* Find(const ShapeKey& key, int candidates);

 private:
  static constexpr std::size_t kSlots = 2048;
  static constexpr std::size_t kMostProbes = 32;

  struct Slot {
    std::atomic<std::uint64_t> hash{0};  ///< 0 while the slot is free
    Tournament tournament;
  };

  std::array<Slot, kSlots> slots_;
};

}  // namespace subbit
