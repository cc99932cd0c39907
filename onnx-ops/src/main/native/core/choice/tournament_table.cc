#include "core/choice/tournament_table.h"

namespace subbit {

ShapeKey ShapeKey::With(std::int64_t value) const {
  // The mixing of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
  std::uint64_t z = (hash_ ^ static_cast<std::uint64_t>(value)) + 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  ShapeKey key;
  key.hash_ = z ^ (z >> 31);
  return key;
}

TournamentTable& TournamentTable::Global() {
  static TournamentTable& table = *new TournamentTable;  // outlives every thread
  return table;
}

Tournament* TournamentTable::Find(const ShapeKey& key, int candidates) {
  const std::uint64_t hash = key.Hash();
  for (std::size_t probe = 0; probe < kMostProbes; ++probe) {
    Slot& slot = slots_[(hash / 2 + probe) % kSlots];
    std::uint64_t found = slot.hash.load(std::memory_order_relaxed);
    if (found == 0 && slot.hash.compare_exchange_strong(found, hash, std::memory_order_relaxed)) found = hash;
    if (found != hash) continue;
    // Whoever finds the entry writes the same number before using it, so no order between threads is needed.
    slot.tournament.candidates_.store(candidates, std::memory_order_relaxed);
    return &slot.tournament;
  }
  return nullptr;
}

}  // namespace subbit
