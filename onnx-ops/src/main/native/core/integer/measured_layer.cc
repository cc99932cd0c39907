#include "core/integer/measured_layer.h"

#include <cmath>
#include <utility>

#include "core/choice/run_clock.h"

namespace subbit {
namespace {

using Use = KernelCandidates<IntegerLayer>::Use;

constexpr double kNanosecond = 1e-9;

}  // namespace

MeasuredLayer::MeasuredLayer(TournamentTable* table, const ShapeKey& key,
                             std::vector<std::unique_ptr<IntegerLayer>> candidates)
    : table_(*table),
      key_(key),
      threshold_(candidates.front()->Threshold(),
                 candidates.front()->Threshold() + candidates.front()->ThresholdCount()),
      reads_pixels_(candidates.front()->ReadsPixels()),
      adds_residual_(candidates.front()->AddsResidual()),
      kernels_(std::move(candidates)) {}

MapShape MeasuredLayer::OutputShape(const MapShape& x) const { return Use(kernels_).any().OutputShape(x); }

RowRange MeasuredLayer::InputRows(const MapShape& x, RowRange y) const { return Use(kernels_).any().InputRows(x, y); }

std::int64_t MeasuredLayer::BandRows(const MapShape& x) const { return Use(kernels_).any().BandRows(x); }

std::size_t MeasuredLayer::ScratchBytes(const MapShape& x) const {
  return kernels_.Most([&](const IntegerLayer& kernel) { return kernel.ScratchBytes(x); });
}

KernelBound MeasuredLayer::Bound(const MapShape& x) const { return Use(kernels_).any().Bound(x); }

void MeasuredLayer::Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
                        void* scratch) const {
  Use(kernels_).any().Run(x, input, output, rows, scratch);
}

KernelReport MeasuredLayer::Report(const MapShape& x, std::int64_t batch) const {
  return kernels_.Report(TournamentOf(x, batch), [&](const IntegerLayer& kernel) { return kernel.Bound(x); });
}

Tournament* MeasuredLayer::TournamentOf(const MapShape& x, std::int64_t batch) const {
  return table_.Find(key_.With(batch).With(x.height).With(x.width).With(x.channels), kernels_.Count());
}

Tournament::Turn MeasuredLayer::Begin(Tournament* tournament) const {
  const int next = tournament->Next();
  const int last = last_.exchange(next, std::memory_order_relaxed);
  return next == last ? tournament->Begin() : Tournament::Turn{next, false};
}

MeasuredLayer::Turn::Turn(const MeasuredLayer& layer, const MapShape& x, std::int64_t batch)
    : layer_(layer),
      use_(layer.kernels_),
      tournament_(use_.settled() ? nullptr : layer.TournamentOf(x, batch)),
      kernel_(&use_.any()) {
  if (tournament_ == nullptr) return;
  turn_ = layer.Begin(tournament_);
  kernel_ = &use_.Candidate(turn_.candidate);
}

MeasuredLayer::Turn::~Turn() {
  if (tournament_ != nullptr && turn_.timed) tournament_->Withdraw();
}

void MeasuredLayer::Turn::RunBand(const MapShape& x, const IntegerInput& input, const IntegerOutput& output,
                                  RowRange rows, void* scratch) {
  if (!turn_.timed) return kernel_->Run(x, input, output, rows, scratch);
  const RunClock clock;
  kernel_->Run(x, input, output, rows, scratch);
  const double thread = clock.Thread();
  const double wall = clock.Wall();
  const bool interrupted = RunClock::WasInterrupted(wall, thread);
  if (interrupted) interrupted_.store(true, std::memory_order_relaxed);
  nanoseconds_.fetch_add(std::llround((interrupted ? wall : thread) / kNanosecond), std::memory_order_relaxed);
}

void MeasuredLayer::Turn::End() {
  if (tournament_ == nullptr) return;
  if (turn_.timed) {
    const double seconds = kNanosecond * static_cast<double>(nanoseconds_.load(std::memory_order_relaxed));
    if (interrupted_.load(std::memory_order_relaxed)) {
      tournament_->EndDisturbed(turn_, seconds);
    } else {
      tournament_->End(turn_, seconds);
    }
  } else if (tournament_->Winner() == turn_.candidate) {
    layer_.kernels_.CountWin(turn_.candidate);
  }
  tournament_ = nullptr;
}

}  // namespace subbit
