// Networks of layers that only spin and copy show which kernel stays; that real kernels give the same bits while they
// take turns is tested in integer_network_test.cc.

#include "core/integer/measured_layer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/integer/integer_network.h"
#include "core/kernel/scratch.h"
#include "core/testing/random_layer.h"
#include "core/testing/threads.h"

namespace subbit {
namespace {

/// Adds 1 to each value, working for as long as it is told.
class FakeLayer : public IntegerLayer {
 public:
  struct Counts {
    std::atomic<int> rows{0};
    std::atomic<bool> alive{true};
  };

  static constexpr int kThrows = -1;

  FakeLayer(std::string name, int steps, Counts* counts) : name_(std::move(name)), steps_(steps), counts_(*counts) {}
  ~FakeLayer() override { counts_.alive = false; }

  std::string Name() const override { return name_; }
  MapShape OutputShape(const MapShape& x) const override { return x; }
  RowRange InputRows(const MapShape&, RowRange y) const override { return y; }
  std::int64_t BandRows(const MapShape&) const override { return 1; }
  std::size_t ScratchBytes(const MapShape&) const override {
    return steps_ == kThrows ? 0 : static_cast<std::size_t>(steps_);
  }
  KernelBound Bound(const MapShape&) const override {
    return {VectorStep::kAddInt, Isa::kPortable, static_cast<double>(steps_)};
  }

  void Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
           void*) const override {
    if (steps_ == kThrows) throw std::runtime_error("refused");
    for (volatile int i = 0; i < steps_; i = i + 1) {
    }
    const auto* values = static_cast<const std::int16_t*>(input.x);
    for (std::int64_t i = rows.begin * x.width * x.channels; i < rows.end * x.width * x.channels; ++i) {
      output.y[i] = static_cast<std::int16_t>(values[i] + 1);
    }
    counts_.rows += static_cast<int>(rows.end - rows.begin);
  }

 private:
  const std::string name_;
  const int steps_;
  Counts& counts_;
};

constexpr int kSlow = 300'000;
constexpr int kFast = 20'000;
constexpr int kChanges = 8;  // runs of a kernel after another one's, or none, among sixteen turns
constexpr std::int64_t kRows = 6;
constexpr MapShape kShape{kRows, 1, 2};

/// A network of equal layers, each with a slow kernel, estimated to be the faster one, and a fast one.
class FakeNetwork {
 public:
  explicit FakeNetwork(int layers, int slow_steps = kSlow, int fast_steps = kFast)
      : counts_(static_cast<std::size_t>(2 * layers)) {
    std::vector<NetworkLayer> made;
    for (int i = 0; i < layers; ++i) {
      std::vector<std::unique_ptr<IntegerLayer>> candidates;
      candidates.push_back(std::make_unique<FakeLayer>("slow", slow_steps, &slow(i)));
      candidates.push_back(std::make_unique<FakeLayer>("fast", fast_steps, &fast(i)));
      made.push_back({{"Fake", std::to_string(i)},
                      std::make_unique<MeasuredLayer>(table_.get(), ShapeKey(), std::move(candidates)),
                      i,
                      NetworkLayer::kNone});
    }
    network_ = std::make_unique<IntegerNetwork>(OpName{"Fakes"}, std::move(made));
  }

  FakeLayer::Counts& slow(int layer) { return counts_[static_cast<std::size_t>(2 * layer)]; }
  FakeLayer::Counts& fast(int layer) { return counts_[static_cast<std::size_t>(2 * layer + 1)]; }
  const IntegerNetwork& network() const { return *network_; }

  std::size_t ScratchBytes(const MapShape& x = kShape) const {
    return network_->ScratchBytes(*network_->PlanFor(x), 1);
  }

  /// Runs an image, and checks the result.
  void Run(ParallelFor parallel_for = RunSerially, const MapShape& shape = kShape) const {
    const auto plan = network_->PlanFor(shape);
    std::vector<std::int16_t> x(static_cast<std::size_t>(shape.Size()));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::int16_t>(7 * i);
    std::vector<std::int16_t> y(x.size());
    TestScratch scratch(network_->ScratchBytes(*plan, 1));
    network_->Run(*plan, {1, x.data()}, {y.data(), nullptr}, scratch.get(), parallel_for);
    for (std::int16_t& value : x) value = static_cast<std::int16_t>(value + network_->layers().size());
    ASSERT_EQ(y, x);
  }

  std::vector<KernelReport> Reports(const MapShape& shape = kShape, std::int64_t batch = 1) const {
    std::vector<KernelReport> reports;
    network_->ForEachLayer(*network_->PlanFor(shape), batch,
                           [&](const OpName&, const KernelReport& report) { reports.push_back(report); });
    return reports;
  }

  /// Runs until the measurement has ended, and returns how often.
  int Measure(ParallelFor parallel_for = RunSerially) const {
    int runs = 0;
    for (; Reports().front().measuring; ++runs) Run(parallel_for);
    return runs;
  }

 private:
  std::unique_ptr<TournamentTable> table_ = std::make_unique<TournamentTable>();
  std::vector<FakeLayer::Counts> counts_;
  std::unique_ptr<IntegerNetwork> network_;
};

TEST(MeasuredLayer, TheFasterKernelStaysWhateverTheEstimate) {
  FakeNetwork fakes(1);
  EXPECT_EQ(fakes.network().Name(), "slow or fast, as measured");
  const int runs = fakes.Measure();
  EXPECT_GE(runs, kChanges + Tournament::kMostRuns);
  EXPECT_LE(runs, kChanges + Tournament::kMostRuns + Tournament::kRuns);  // so many may be interrupted
  const int slow_rows = fakes.slow(0).rows;
  EXPECT_EQ(slow_rows % kRows, 0);  // a run is on one kernel
  for (int run = 0; run < 20; ++run) fakes.Run();
  EXPECT_EQ(fakes.slow(0).rows, slow_rows);
  EXPECT_EQ(fakes.fast(0).rows + slow_rows, (runs + 20) * kRows);
}

TEST(MeasuredLayer, TheFasterKernelStaysOnSeveralThreadsToo) {
  FakeNetwork fakes(2);
  fakes.Measure(Threads(3));
  for (const KernelReport& report : fakes.Reports()) EXPECT_EQ(report.kernel, "fast");
}

TEST(MeasuredLayer, EqualLayersOfANetworkShareTheTurns) {
  constexpr int kLayers = 3;
  FakeNetwork fakes(kLayers);
  fakes.Run();  // A A A, in the first, second and third layer, none of them timed
  fakes.Run();  // A A B, of which the last is not timed
  EXPECT_EQ(fakes.slow(0).rows, 2 * kRows);
  EXPECT_EQ(fakes.slow(1).rows, 2 * kRows);
  EXPECT_EQ(fakes.slow(2).rows, kRows);
  EXPECT_EQ(fakes.fast(2).rows, kRows);
  const int runs = 2 + fakes.Measure();
  EXPECT_GE(runs * kLayers, Tournament::kMostRuns);
  EXPECT_LE(runs, kChanges + Tournament::kMostRuns + Tournament::kRuns);
  for (const KernelReport& report : fakes.Reports()) {
    EXPECT_EQ(report.kernel, "fast");
    EXPECT_FALSE(report.measuring);
  }
}

TEST(MeasuredLayer, MoreEqualLayersThanTurnsAreMeasuredInFewRuns) {
  FakeNetwork fakes(Tournament::kMostRuns + 3);
  EXPECT_LE(fakes.Measure(), kChanges + 1 + Tournament::kRuns);  // one for each change, but for interruptions
  EXPECT_EQ(fakes.Reports().back().kernel, "fast");
}

TEST(MeasuredLayer, ARunOfAKernelAfterAnotherOnesDoesNotCount) {
  FakeNetwork fakes(1);
  const auto was_timed = [&](int candidate) {
    return !std::isinf(fakes.Reports().front().candidates[static_cast<std::size_t>(candidate)].seconds);
  };
  fakes.Run();
  EXPECT_EQ(fakes.slow(0).rows, kRows);
  EXPECT_FALSE(was_timed(0));
  while (fakes.fast(0).rows == 0) fakes.Run();
  EXPECT_TRUE(was_timed(0));
  EXPECT_FALSE(was_timed(1));
}

TEST(MeasuredLayer, EachShapeAndBatchIsMeasured) {
  FakeNetwork fakes(1);
  fakes.Measure();
  EXPECT_FALSE(fakes.Reports().front().measuring);
  EXPECT_TRUE(fakes.Reports(kShape, 2).front().measuring);
  EXPECT_TRUE(fakes.Reports({kRows, 2, 2}).front().measuring);
}

TEST(MeasuredLayer, TheReportSaysWhatRunsAndWhatWasMeasured) {
  FakeNetwork fakes(1);
  KernelReport report = fakes.Reports().front();
  EXPECT_TRUE(report.measuring);
  EXPECT_EQ(report.kernel, "slow");
  EXPECT_EQ(report.bound.count, kSlow);
  ASSERT_EQ(report.candidates.size(), 2u);
  EXPECT_TRUE(std::isinf(report.candidates[0].seconds));
  fakes.Measure();
  report = fakes.Reports().front();
  EXPECT_EQ(report.kernel, "fast");
  EXPECT_EQ(report.bound.count, kFast);
  EXPECT_EQ(report.candidates[0].kernel, "slow");
  EXPECT_LT(report.candidates[1].seconds, report.candidates[0].seconds);
  EXPECT_GT(report.candidates[1].seconds, 0);
}

TEST(MeasuredLayer, TheLoserIsFreedOnceTheWinnerIsSettled) {
  FakeNetwork fakes(1);
  const MapShape other{2, 2, 2};
  fakes.Measure();
  EXPECT_TRUE(fakes.slow(0).alive);
  const std::size_t bytes = fakes.ScratchBytes(other);
  for (int run = 0; run <= KernelCandidates<IntegerLayer>::kRunsUntilSettled; ++run) fakes.Run();
  EXPECT_FALSE(fakes.slow(0).alive);
  EXPECT_TRUE(fakes.fast(0).alive);
  fakes.Run(RunSerially, other);  // a new shape: what is left runs
  EXPECT_FALSE(fakes.Reports(other).front().measuring);
  EXPECT_EQ(fakes.Reports(other).front().kernel, "fast");
  fakes.Run();  // forgets the plan of the other shape
  EXPECT_EQ(bytes - fakes.ScratchBytes(other), static_cast<std::size_t>(kMaxTasks * (kSlow - kFast)));
}

TEST(MeasuredLayer, ManyThreadsRunOneNetworkWhileLosersAreFreed) {
  constexpr int kLayers = 3;
  constexpr int kLeastRuns = 60;
  constexpr int kMostRuns = 100'000;
  for (int round = 0; round < 3; ++round) {
    FakeNetwork fakes(kLayers, 2000, 100);
    const auto losers_are_freed = [&] {
      for (int layer = 0; layer < kLayers; ++layer) {
        if (fakes.slow(layer).alive && fakes.fast(layer).alive) return false;
      }
      return true;
    };
    std::atomic<int> runs{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const Threads two(2);
        // While a thread that has a timed turn waits for a processor, nobody wins.
        for (int run = 0; run < kLeastRuns || (run < kMostRuns && !losers_are_freed()); ++run) {
          if (i == 0 && run % 4 == 0) {
            fakes.Run(two);
          } else {
            fakes.Run();
          }
          ASSERT_EQ(fakes.Reports().size(), std::size_t{kLayers});
          ++runs;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(losers_are_freed());
    for (int layer = 0; layer < kLayers; ++layer) {
      EXPECT_EQ(fakes.slow(layer).rows + fakes.fast(layer).rows, runs * kRows);
    }
  }
}

TEST(MeasuredLayer, AFailedRunIsNotCounted) {
  FakeNetwork fakes(1, FakeLayer::kThrows);
  for (int run = 0; run < 5; ++run) EXPECT_THROW(fakes.Run(), std::runtime_error);
  EXPECT_TRUE(fakes.Reports().front().measuring);
  EXPECT_EQ(fakes.Reports().front().kernel, "slow");
  EXPECT_TRUE(std::isinf(fakes.Reports().front().candidates[0].seconds));
}

}  // namespace
}  // namespace subbit
