#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/choice/kernel_candidates.h"
#include "core/choice/tournament.h"
#include "core/choice/tournament_table.h"
#include "core/integer/integer_layer.h"
#include "core/kernel/kernel_report.h"

namespace subbit {

/// A layer of a network that has several kernels, which give the same bits, and is to run on the fastest: the first
/// runs of a network are timed, each on one kernel (Turn). The layer's first run on a kernel after another one's is
/// not: it finds nothing of the kernel's weights in the caches, which costs a narrow layer more than its work, and some
/// kernels more than others. What counts is the processor time of the layer's bands, on whichever threads they ran, so
/// a thread that waits for others costs a kernel nothing. Layers of equal shapes and parameters share a Tournament,
/// within a network too, so a network of many equal layers decides in few runs.
///
/// All kernels are in memory until one has won often enough (KernelCandidates); from then on it serves every shape.
///
/// As an IntegerLayer this is the first kernel or, from then on, the one that stays.
class MeasuredLayer : public IntegerLayer {
 public:
  /// At most Tournament::kMostCandidates, estimated best first, all with the same shapes, thresholds and bits. `key`
  /// stands for everything but the shape of x and the batch that decides which is fastest. `table` must stay valid.
  MeasuredLayer(TournamentTable* table, const ShapeKey& key, std::vector<std::unique_ptr<IntegerLayer>> candidates);

  /// The names of all kernels.
  std::string Name() const override { return kernels_.Name(); }
  MapShape OutputShape(const MapShape& x) const override;
  RowRange InputRows(const MapShape& x, RowRange y) const override;
  bool ReadsPixels() const override { return reads_pixels_; }
  const std::int16_t* Threshold() const override { return threshold_.empty() ? nullptr : threshold_.data(); }
  std::int64_t ThresholdCount() const override { return static_cast<std::int64_t>(threshold_.size()); }
  bool AddsResidual() const override { return adds_residual_; }
  std::int64_t BandRows(const MapShape& x) const override;
  /// As much as any kernel that may still run needs.
  std::size_t ScratchBytes(const MapShape& x) const override;
  KernelBound Bound(const MapShape& x) const override;
  void Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
           void* scratch) const override;
  const MeasuredLayer* AsMeasured() const override { return this; }

  /// What a run for so many images that begins now would run on.
  KernelReport Report(const MapShape& x, std::int64_t batch) const;

  /// The layer in one run of a network: all bands run on one kernel, the one whose turn it is. Several threads may call
  /// RunBand at once. A turn that does not come to its End, because the run failed, counts for nothing.
  class Turn {
   public:
    Turn(const MeasuredLayer& layer, const MapShape& x, std::int64_t batch);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    const IntegerLayer& kernel() const { return *kernel_; }

    /// IntegerLayer::Run of the kernel.
    void RunBand(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
                 void* scratch);

    /// Says that all bands have run.
    void End();

   private:
    const MeasuredLayer& layer_;
    const KernelCandidates<IntegerLayer>::Use use_;
    Tournament* tournament_;  // null if nothing is measured, or the turn has ended
    Tournament::Turn turn_{0, false};
    const IntegerLayer* kernel_;
    std::atomic<std::int64_t> nanoseconds_{0};  // processor time of the bands; of interrupted ones by the clock
    std::atomic<bool> interrupted_{false};
  };

 private:
  static constexpr int kNone = -1;

  Tournament* TournamentOf(const MapShape& x, std::int64_t batch) const;

  /// Whose turn it is.
  Tournament::Turn Begin(Tournament* tournament) const;

  TournamentTable& table_;
  const ShapeKey key_;
  // The first kernel may be freed, and a network holds on to the thresholds.
  const std::vector<std::int16_t> threshold_;
  const bool reads_pixels_;
  const bool adds_residual_;
  const KernelCandidates<IntegerLayer> kernels_;
  mutable std::atomic<int> last_{kNone};  // the candidate of the last run while kernels are measured
};

}  // namespace subbit
