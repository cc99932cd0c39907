#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/choice/kernel_candidates.h"
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
/// All candidates are in memory while runs are timed. Once one has won often enough (KernelCandidates), the others are
/// freed, and it serves any other shape as well: only a model whose shapes vary keeps several.
///
/// Kernel is ConvKernel or PackedConvKernel. Thread-safe; runs neither lock nor allocate.
template <class Kernel>
class MeasuredKernels {
 public:
  static constexpr int kRunsUntilSettled = KernelCandidates<Kernel>::kRunsUntilSettled;

  /// At most Tournament::kMostCandidates, estimated best first. `key` stands for everything that is not part of a
  /// geometry or known only in a run. `table` must stay valid.
  MeasuredKernels(TournamentTable* table, const ShapeKey& key, std::vector<std::unique_ptr<Kernel>> candidates)
      : table_(*table), key_(key), candidates_(std::move(candidates)) {}

  /// The names of all candidates.
  std::string Name() const { return candidates_.Name(); }

  /// As much as any kernel that may still run needs.
  std::size_t ScratchBytes(const ConvGeometry& geometry) const {
    return candidates_.Most([&](const Kernel& kernel) { return kernel.ScratchBytes(geometry); });
  }

  /// What a run that begins now would run on.
  KernelReport Report(const ConvGeometry& geometry) const {
    return candidates_.Report(TournamentOf(geometry), [&](const Kernel& kernel) { return kernel.Bound(geometry); });
  }

  /// Calls run(kernel, parallel_for) for the kernel whose turn it is. The memory that `run` gives it has ScratchBytes.
  template <class RunKernel>
  void Run(const ConvGeometry& geometry, ParallelFor parallel_for, RunKernel run) const {
    const typename KernelCandidates<Kernel>::Use use(candidates_);
    if (use.settled()) return run(use.any(), parallel_for);
    Tournament* const tournament = TournamentOf(geometry);
    if (tournament == nullptr) return run(use.any(), parallel_for);
    const Tournament::Turn turn = tournament->Begin();
    const Kernel& kernel = use.Candidate(turn.candidate);
    if (turn.timed) return RunTimed(tournament, turn, kernel, parallel_for, run);
    run(kernel, parallel_for);
    if (tournament->Winner() >= 0) candidates_.CountWin(turn.candidate);
  }

 private:
  Tournament* TournamentOf(const ConvGeometry& geometry) const {
    ShapeKey key = key_.With(geometry.batch).With(geometry.height).With(geometry.width);
    for (const std::int64_t stride : geometry.attributes.strides) key = key.With(stride);
    for (const std::int64_t pad : geometry.attributes.pads) key = key.With(pad);
    for (const std::int64_t dilation : geometry.attributes.dilations) key = key.With(dilation);
    key = key.With(several_threads_.load(std::memory_order_relaxed) ? 1 : 0);
    return table_.Find(key, candidates_.Count());
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
      tournament->EndDisturbed(turn, wall);
    } else {
      tournament->End(turn, thread);
    }
  }

  TournamentTable& table_;
  const ShapeKey key_;
  const KernelCandidates<Kernel> candidates_;
  mutable std::atomic<bool> several_threads_{false};
};

}  // namespace subbit
