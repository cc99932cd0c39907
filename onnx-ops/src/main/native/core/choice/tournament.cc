#include "core/choice/tournament.h"

#include <algorithm>
#include <limits>

namespace subbit {
namespace {

constexpr int kNone = -1;
constexpr double kNever = std::numeric_limits<double>::infinity();

/// Lowers `least` to `seconds` if that is less, and returns the other one of the two.
double Lower(double seconds, std::atomic<double>* least) {
  double known = least->load();
  while (seconds < known) {
    if (least->compare_exchange_weak(known, seconds)) return known;
  }
  return seconds;
}

}  // namespace

Tournament::Tournament(int candidates) : candidates_(candidates) {
  for (Times& times : times_) {
    times.least.store(kNever);
    times.next.store(kNever);
  }
}

Tournament::Turn Tournament::Begin() {
  const int winner = Winner();
  if (winner != kNone) return {winner, false};
  const int number = begun_.fetch_add(1, std::memory_order_relaxed);
  if (number < runs_.load(std::memory_order_relaxed)) return {CandidateOfTurn(number), true};
  Withdraw();
  return {FastestBut(kNone), false};
}

void Tournament::End(const Turn& turn, double seconds) {
  Times& times = times_[static_cast<std::size_t>(turn.candidate)];
  Lower(Lower(seconds, &times.least), &times.next);
  const int ended = ended_.fetch_add(1, std::memory_order_acq_rel) + 1;
  if (ended != runs_.load(std::memory_order_relaxed)) return;
  const int fastest = FastestBut(kNone);
  if (fastest != 0 && ended < kMostRuns) {
    runs_.store(kMostRuns, std::memory_order_relaxed);
    return;
  }
  int winner = 0;
  while (Seconds(winner) > kMargin * Seconds(fastest)) ++winner;
  winner_.store(winner, std::memory_order_release);
}

void Tournament::EndDisturbed(const Turn& turn, double seconds) {
  if (disturbed_.fetch_add(1, std::memory_order_relaxed) < kRuns) {
    Withdraw();
  } else {
    End(turn, seconds);
  }
}

double Tournament::Seconds(int candidate) const {
  const Times& times = times_[static_cast<std::size_t>(candidate)];
  const double least = times.least.load();
  const double next = times.next.load();
  return next == kNever ? least : (least + next) / 2;
}

int Tournament::Next() const {
  const int winner = Winner();
  if (winner != kNone) return winner;
  const int number = begun_.load(std::memory_order_relaxed);
  return number < runs_.load(std::memory_order_relaxed) ? CandidateOfTurn(number) : FastestBut(kNone);
}

int Tournament::CandidateOfTurn(int number) const {
  const int candidates = candidates_.load(std::memory_order_relaxed);
  if (number < 2 * candidates) return number / 2;
  const int fastest = FastestBut(kNone);
  const int second = candidates == 1 ? fastest : FastestBut(fastest);
  const int pair = (number - 2 * candidates + 1) / 2;  // the first of them is half a pair: few turns may be left
  return pair % 2 == 0 ? std::max(fastest, second) : std::min(fastest, second);
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
