#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/choice/run_clock.h"
#include "core/choice/tournament.h"
#include "core/choice/tournament_table.h"
#include "core/kernel/kernel_report.h"
#include "core/kernel/parallel_for.h"
#include "core/operator/conv_geometry.h"

namespace subbit {

/// A layer's kernels that all give the same result, of which the fastest is to run: the first runs of each shape of the
/// input are timed (Tournament), by processor time where a run stays on one thread.
///
/// All candidates are in memory while runs are timed. Once kRunsUntilSettled runs in a row had the same winner, the
/// others are freed, and the winner serves any other shape as well: only a model whose shapes vary keeps several.
///
/// Kernel is ConvKernel or PackedConvKernel. Thread-safe; runs neither lock nor allocate.
template <class Kernel>
class MeasuredKernels {
 public:
  static constexpr int kRunsUntilSettled = 64;

  /// At most Tournament::kMostCandidates, estimated best first. `key` stands for everything that is not part of a
  /// geometry or known only in a run. `table` must stay valid.
  MeasuredKernels(TournamentTable* table, const ShapeKey& key, std::vector<std::unique_ptr<Kernel>> candidates)
      : table_(*table), key_(key), candidates_(std::move(candidates)) {
    for (const auto& candidate : candidates_) names_.push_back(candidate->Name());
  }

  MeasuredKernels(const MeasuredKernels&) = delete;
  MeasuredKernels& operator=(const MeasuredKernels&) = delete;

  /// The names of all candidates.
  std::string Name() const {
    std::string all = names_.front();
    for (std::size_t i = 1; i < names_.size(); ++i) all += " or " + names_[i];
    return all + ", as measured";
  }

  /// As much as any kernel that may still run needs.
  std::size_t ScratchBytes(const ConvGeometry& geometry) const {
    const Use use(*this);
    if (use.settled()) return candidates_[Settled()]->ScratchBytes(geometry);
    std::size_t most = 0;
    for (const auto& candidate : candidates_) most = std::max(most, candidate->ScratchBytes(geometry));
    return most;
  }

  /// What a run that begins now would run on.
  KernelReport Report(const ConvGeometry& geometry) const {
    KernelReport report;
    const Tournament* const tournament = TournamentOf(geometry);
    const Use use(*this);
    std::size_t next = 0;
    if (use.settled()) {
      next = Settled();
    } else if (tournament != nullptr) {
      next = static_cast<std::size_t>(tournament->Next());
      report.measuring = tournament->Winner() < 0;
    }
    report.kernel = names_[next];
    report.bound = candidates_[next]->Bound(geometry);
    for (std::size_t i = 0; tournament != nullptr && i < names_.size(); ++i) {
      report.candidates.push_back({names_[i], tournament->Seconds(static_cast<int>(i))});
    }
    return report;
  }

  /// Calls run(kernel, parallel_for) for the kernel whose turn it is. The memory that `run` gives it has ScratchBytes.
  template <class RunKernel>
  void Run(const ConvGeometry& geometry, ParallelFor parallel_for, RunKernel run) const {
    const Use use(*this);
    if (use.settled()) return run(*candidates_[Settled()], parallel_for);
    Tournament* const tournament = TournamentOf(geometry);
    if (tournament == nullptr) return run(*candidates_.front(), parallel_for);
    const Tournament::Turn turn = tournament->Begin();
    const Kernel& kernel = *candidates_[static_cast<std::size_t>(turn.candidate)];
    if (turn.timed) return RunTimed(tournament, turn, kernel, parallel_for, run);
    run(kernel, parallel_for);
    if (tournament->Winner() >= 0) Count(turn.candidate);
  }

 private:
  /// Bits of uses_; the others count the uses that are going on.
  static constexpr std::uint32_t kSettledBit = 1u << 31;
  static constexpr std::uint32_t kFreedBit = 1u << 30;

  /// Keeps the candidates in memory while it lives: all of them, or, if it is settled(), only the settled one, which
  /// stays as long as this object.
  class Use {
   public:
    explicit Use(const MeasuredKernels& kernels)
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

   private:
    void Leave() const {
      if (kernels_.uses_.fetch_sub(1, std::memory_order_acq_rel) == (kSettledBit | 1)) kernels_.FreeUnlessUsed();
    }

    const MeasuredKernels& kernels_;
    bool settled_;
  };

  std::size_t Settled() const { return static_cast<std::size_t>(settled_.load(std::memory_order_acquire)); }

  Tournament* TournamentOf(const ConvGeometry& geometry) const {
    ShapeKey key = key_.With(geometry.batch).With(geometry.height).With(geometry.width);
    for (const std::int64_t stride : geometry.attributes.strides) key = key.With(stride);
    for (const std::int64_t pad : geometry.attributes.pads) key = key.With(pad);
    for (const std::int64_t dilation : geometry.attributes.dilations) key = key.With(dilation);
    key = key.With(several_threads_.load(std::memory_order_relaxed) ? 1 : 0);
    return table_.Find(key, static_cast<int>(candidates_.size()));
  }

  template <class RunKernel>
  void RunTimed(Tournament* tournament, const Tournament::Turn& turn, const Kernel& kernel, ParallelFor parallel_for,
                RunKernel run) const {
    const std::thread::id caller = std::this_thread::get_id();
    std::atomic<bool> spread{false};
    const auto watched = [&](std::size_t tasks, Task task) {
      parallel_for(tasks, [&](std::size_t i) {
        if (std::this_thread::get_id() != caller) spread.store(true, std::memory_order_relaxed);
        task(i);
      });
    };
    const bool several_threads = several_threads_.load(std::memory_order_relaxed);
    double wall = 0;
    double thread = 0;
    try {
      const RunClock clock;
      run(kernel, watched);
      thread = clock.Thread();
      wall = clock.Wall();
    } catch (...) {
      tournament->Withdraw();
      throw;
    }
    if (spread.load(std::memory_order_relaxed) && !several_threads) {
      // The session has several threads, which was not known: the time belongs to another tournament.
      several_threads_.store(true, std::memory_order_relaxed);
      tournament->Withdraw();
    } else if (several_threads) {
      tournament->End(turn, wall);
    } else if (RunClock::WasInterrupted(wall, thread)) {
      tournament->EndDisturbed(turn, thread);
    } else {
      tournament->End(turn, thread);
    }
  }

  /// Counts a run of a winner, and settles for it after enough of them.
  void Count(int winner) const {
    if (last_winner_.exchange(winner, std::memory_order_relaxed) != winner) {
      runs_of_winner_.store(0, std::memory_order_relaxed);
      return;
    }
    if (runs_of_winner_.fetch_add(1, std::memory_order_relaxed) + 1 < kRunsUntilSettled) return;
    int nobody = -1;
    if (!settled_.compare_exchange_strong(nobody, winner, std::memory_order_acq_rel)) return;
    // This run's own use is among those that are going on: the last of them to end frees.
    uses_.fetch_or(kSettledBit, std::memory_order_acq_rel);
  }

  /// Frees all candidates but the settled one, if nothing uses them. A use that begins later finds the bit of the
  /// settled kernel and touches no other.
  void FreeUnlessUsed() const {
    std::uint32_t unused = kSettledBit;
    if (!uses_.compare_exchange_strong(unused, kSettledBit | kFreedBit, std::memory_order_acq_rel)) return;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (i != Settled()) candidates_[i].reset();
    }
  }

  TournamentTable& table_;
  const ShapeKey key_;
  mutable std::vector<std::unique_ptr<Kernel>> candidates_;
  std::vector<std::string> names_;
  mutable std::atomic<std::uint32_t> uses_{0};
  mutable std::atomic<int> settled_{-1};
  mutable std::atomic<bool> several_threads_{false};
  mutable std::atomic<int> last_winner_{-1};
  mutable std::atomic<int> runs_of_winner_{0};
};

}  // namespace subbit
