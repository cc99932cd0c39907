#pragma once

#include <array>
#include <atomic>
#include <cstddef>

namespace subbit {

/// Finds the fastest of a few candidates that all give the same result, by timing the first runs of the real work. It
/// knows nothing of what runs: its user asks whose turn it is, runs that candidate, and says how long this took.
///
///     const Tournament::Turn turn = tournament.Begin();
///     ... run candidate number turn.candidate; if turn.timed, time it ...
///     if (turn.timed) tournament.End(turn, seconds);
///
/// kRuns runs are timed. Every candidate takes two of them in a row (A A B B C C), since after another one's run it
/// finds its tables pushed out of the caches, as it never does once it has won. The rest goes to the two that are
/// fastest until then, in turns, so that what changes slowly, such as the processor's frequency, favours none. What
/// counts is the mean of a candidate's two least times: other runs are disturbed by other programs, and a single lucky
/// one should not decide either. Candidates come estimated best first, and of those within kMargin of the fastest the
/// first one wins: near ties are decided alike in every process. Where another one was the fastest, estimates and times
/// disagree, and as many runs again are timed: small layers take microseconds, and a virtual machine's processor slows
/// some kernels more than others for longer than that.
///
/// Thread-safe. Nothing here locks or allocates; once there is a winner, Begin is one load. Runs that begin while the
/// last timed ones are still going on take the candidate that is fastest until then.
class Tournament {
 public:
  static constexpr int kMostCandidates = 4;
  static constexpr int kRuns = 8;
  static constexpr int kMostRuns = 2 * kRuns;
  static constexpr double kMargin = 1.05;

  struct Turn {
    int candidate;
    bool timed;  ///< to be followed by End or Withdraw
  };

  /// `candidates` is 1 to kMostCandidates.
  explicit Tournament(int candidates = 1);

  /// Whose turn it is.
  Turn Begin();

  /// Ends a timed turn that took this long, in any unit that is the same for all turns.
  void End(const Turn& turn, double seconds);

  /// The same for a turn that is known to have been interrupted. Another run gets it, unless that has happened kRuns
  /// times. `seconds` by the clock: where a host takes processors away, processor time may come out too short as well.
  void EndDisturbed(const Turn& turn, double seconds);

  /// Ends a timed turn that was not run, or whose time belongs elsewhere. Another run gets it.
  void Withdraw() { begun_.fetch_sub(1, std::memory_order_relaxed); }

  /// The winner, or -1 while runs are timed.
  int Winner() const { return winner_.load(std::memory_order_acquire); }

  /// Whom Begin would name now.
  int Next() const;

  /// The mean of a candidate's two least times, or its only one; infinite if it has none.
  double Seconds(int candidate) const;

 private:
  friend class TournamentTable;

  int CandidateOfTurn(int number) const;

  /// The two least times of a candidate, infinite where there are fewer.
  struct Times {
    std::atomic<double> least;
    std::atomic<double> next;
  };

  /// The candidate with the least Seconds, except `other`; of equal ones the first.
  int FastestBut(int other) const;

  std::atomic<int> candidates_;
  std::atomic<int> runs_{kRuns};  // to be timed: more if these do not decide
  std::atomic<int> begun_{0};
  std::atomic<int> ended_{0};
  std::atomic<int> disturbed_{0};
  std::atomic<int> winner_{-1};
  std::array<Times, kMostCandidates> times_;
};

}  // namespace subbit
