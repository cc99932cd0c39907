#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/choice/tournament.h"
#include "core/kernel/kernel_report.h"

namespace subbit {

/// The kernels of a layer that all give the same result. They are kept as long as any of them may run: once
/// kRunsUntilSettled runs in a row had the same winner, the others are freed, and the winner serves every run.
///
/// Thread-safe; nothing here locks or allocates, except names and reports.
template <class Kernel>
class KernelCandidates {
 public:
  static constexpr int kRunsUntilSettled = 64;

  /// At most Tournament::kMostCandidates, estimated best first.
  explicit KernelCandidates(std::vector<std::unique_ptr<Kernel>> candidates) : candidates_(std::move(candidates)) {
    for (const auto& candidate : candidates_) names_.push_back(candidate->Name());
  }
  KernelCandidates(const KernelCandidates&) = delete;
  KernelCandidates& operator=(const KernelCandidates&) = delete;

  /// How many there were at first.
  int Count() const { return static_cast<int>(candidates_.size()); }

  /// The names of all candidates.
  std::string Name() const {
    std::string all = names_.front();
    for (std::size_t i = 1; i < names_.size(); ++i) all += " or " + names_[i];
    return all + ", as measured";
  }

  /// Keeps the candidates in memory while it lives: all of them, or, if it is settled(), only the settled one, which
  /// stays as long as the KernelCandidates.
  class Use {
   public:
    explicit Use(const KernelCandidates& kernels)
        : kernels_(kernels), settled_(kernels.settled_.load(std::memory_order_acquire) >= 0) {
      if (settled_) return;
      settled_ = (kernels.uses_.fetch_add(1, std::memory_order_acquire) & kSettledBit) != 0;
      if (settled_) Leave();
    }
    ~Use() {
      if (!settled_) Leave();
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

    bool settled() const { return settled_; }

    /// The kernel that serves every run if settled(), else the first.
    const Kernel& any() const { return *kernels_.candidates_[settled_ ? kernels_.Settled() : 0]; }

    /// A candidate by its number; not if settled().
    const Kernel& Candidate(int number) const { return *kernels_.candidates_[static_cast<std::size_t>(number)]; }

   private:
    void Leave() const {
      if (kernels_.uses_.fetch_sub(1, std::memory_order_acq_rel) == (kSettledBit | 1)) kernels_.FreeUnlessUsed();
    }

    const KernelCandidates& kernels_;
    bool settled_;
  };

  /// The most that size(kernel) gives for any kernel that may still run.
  template <class Size>
  std::size_t Most(Size size) const {
    const Use use(*this);
    if (use.settled()) return size(use.any());
    std::size_t most = 0;
    for (const auto& candidate : candidates_) most = std::max(most, size(*candidate));
    return most;
  }

  /// What a run that begins now would run on, with what bound(kernel) gives. `tournament` is that of the run, or null.
  template <class Bound>
  KernelReport Report(const Tournament* tournament, Bound bound) const {
    KernelReport report;
    const Use use(*this);
    std::size_t next = 0;
    if (use.settled()) {
      next = Settled();
    } else if (tournament != nullptr) {
      next = static_cast<std::size_t>(tournament->Next());
      report.measuring = tournament->Winner() < 0;
    }
    report.kernel = names_[next];
    report.bound = bound(*candidates_[next]);
    for (std::size_t i = 0; tournament != nullptr && i < names_.size(); ++i) {
      report.candidates.push_back({names_[i], tournament->Seconds(static_cast<int>(i))});
    }
    return report;
  }

  /// Counts a run of a winner, and settles for it after enough of them. The caller holds a Use.
  void CountWin(int winner) const {
    if (last_winner_.exchange(winner, std::memory_order_relaxed) != winner) {
      runs_of_winner_.store(0, std::memory_order_relaxed);
      return;
    }
    if (runs_of_winner_.fetch_add(1, std::memory_order_relaxed) + 1 < kRunsUntilSettled) return;
    int nobody = -1;
    if (!settled_.compare_exchange_strong(nobody, winner, std::memory_order_acq_rel)) return;
    // The caller's own use is among those that are going on: the last of them to end frees.
    uses_.fetch_or(kSettledBit, std::memory_order_acq_rel);
  }

 private:
  /// Bits of uses_; the others count the uses that are going on.
  static constexpr std::uint32_t kSettledBit = 1u << 31;
  static constexpr std::uint32_t kFreedBit = 1u << 30;

  std::size_t Settled() const { return static_cast<std::size_t>(settled_.load(std::memory_order_acquire)); }

  /// Frees all candidates but the settled one, if nothing uses them. A use that begins later finds the bit of the
  /// settled kernel and touches no other.
  void FreeUnlessUsed() const {
    std::uint32_t unused = kSettledBit;
    if (!uses_.compare_exchange_strong(unused, kSettledBit | kFreedBit, std::memory_order_acq_rel)) return;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (i != Settled()) candidates_[i].reset();
    }
  }

  mutable std::vector<std::unique_ptr<Kernel>> candidates_;
  std::vector<std::string> names_;
  mutable std::atomic<std::uint32_t> uses_{0};
  mutable std::atomic<int> settled_{-1};
  mutable std::atomic<int> last_winner_{-1};
  mutable std::atomic<int> runs_of_winner_{0};
};

}  // namespace subbit
