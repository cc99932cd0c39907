#include "core/choice/tournament.h"

#include <limits>

namespace subbit {
namespace {

constexpr int kNone = -1;

}  // namespace

Tournament::Tournament(int candidates) : candidates_(candidates) {
  for (std::atomic<double>& least : least_) least.store(std::numeric_limits<double>::infinity());
}

Tournament::Turn Tournament::Begin() {
  const int winner = Winner();
  if (winner != kNone) return {winner, false};
  const int number = begun_.fetch_add(1, std::memory_order_relaxed);
  if (number < kRuns) return {CandidateOfTurn(number), true};
  Withdraw();
  return {FastestBut(kNone), false};
}

void Tournament::End(const Turn& turn, double seconds) {
  std::atomic<double>& least = least_[static_cast<std::size_t>(turn.candidate)];
  double known = least.load();
  while (seconds < known && !least.compare_exchange_weak(known, seconds)) {
  }
  if (ended_.fetch_add(1, std::memory_order_acq_rel) + 1 != kRuns) return;
  const double fastest = Seconds(FastestBut(kNone));
  int winner = 0;
  while (Seconds(winner) > kMargin * fastest) ++winner;
  winner_.store(winner, std::memory_order_release);
}

int Tournament::Next() const {
  const int winner = Winner();
  if (winner != kNone) return winner;
  const int number = begun_.load(std::memory_order_relaxed);
  return number < kRuns ? CandidateOfTurn(number) : FastestBut(kNone);
}

int Tournament::CandidateOfTurn(int number) const {
  const int candidates = candidates_.load(std::memory_order_relaxed);
  if (number < candidates) return number;
  if (number < 2 * candidates) return 2 * candidates - 1 - number;
  const int fastest = FastestBut(kNone);
  const int place = (number - 2 * candidates) % 4;
  return place == 0 || place == 3 || candidates == 1 ? fastest : FastestBut(fastest);
}

int Tournament::FastestBut(int other) const {
  const int candidates = candidates_.load(std::memory_order_relaxed);
  int fastest = other == 0 && candidates > 1 ? 1 : 0;
  for (int i = fastest + 1; i < candidates; ++i) {
    if (i != other && Seconds(i) < Seconds(fastest)) fastest = i;
  }
  return fastest;
}

}  // namespace subbit
