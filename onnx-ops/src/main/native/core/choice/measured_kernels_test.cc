#include "core/choice/measured_kernels.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <stdexcept>
#include <thread>

#include "core/choice/measured_conv.h"
#include "core/testing/random_layer.h"

namespace subbit {
namespace {

/// A kernel that works for as long as it is told, and counts its runs. The output is its number.
class FakeKernel : public ConvKernel<float> {
 public:
  struct Counts {
    std::atomic<int> runs{0};
    std::atomic<bool> alive{true};
  };

  FakeKernel(std::string name, int steps, Counts* counts) : name_(std::move(name)), steps_(steps), counts_(*counts) {}
  ~FakeKernel() override { counts_.alive = false; }

  std::string Name() const override { return name_; }
  std::size_t ScratchBytes(const ConvGeometry&) const override { return static_cast<std::size_t>(steps_); }
  KernelBound Bound(const ConvGeometry&) const override {
    return {VectorStep::kAddInt, Isa::kPortable, static_cast<double>(steps_)};
  }

  void Run(const ConvGeometry&, const ConvInputs<float, float>&, float* y, void*,
           ParallelFor parallel_for) const override {
    ++counts_.runs;
    if (steps_ == kThrows) throw std::runtime_error("refused");
    parallel_for(2, [&](std::size_t) {
      for (volatile int i = 0; i < steps_; i = i + 1) {
      }
    });
    if (y != nullptr) *y = static_cast<float>(steps_);
  }

  static constexpr int kThrows = -1;

 private:
  const std::string name_;
  const int steps_;
  Counts& counts_;
};

constexpr int kSlow = 400'000;
constexpr int kFast = 100'000;

ConvGeometry Geometry(std::int64_t height) {
  ConvGeometry geometry;
  geometry.batch = 1;
  geometry.height = height;
  geometry.width = 5;
  return geometry;
}

/// A slow kernel, estimated to be the faster one, and a fast one.
struct Pair {
  FakeKernel::Counts slow;
  FakeKernel::Counts fast;
  std::unique_ptr<TournamentTable> table = std::make_unique<TournamentTable>();

  MeasuredConv<float> Make(int slow_steps = kSlow, int fast_steps = kFast) {
    std::vector<std::unique_ptr<ConvKernel<float>>> candidates;
    candidates.push_back(std::make_unique<FakeKernel>("slow", slow_steps, &slow));
    candidates.push_back(std::make_unique<FakeKernel>("fast", fast_steps, &fast));
    return MeasuredConv<float>(table.get(), ShapeKey(), std::move(candidates));
  }
};

void RunTimes(const ConvKernel<float>& kernel, std::int64_t height, int runs, ParallelFor parallel_for = RunSerially) {
  for (int run = 0; run < runs; ++run) kernel.Run(Geometry(height), {nullptr}, nullptr, nullptr, parallel_for);
}

/// Runs until the measurement has ended, and returns how often.
int Measure(const ConvKernel<float>& kernel, std::int64_t height, ParallelFor parallel_for = RunSerially) {
  int runs = 0;
  for (; kernel.Report(Geometry(height)).measuring; ++runs) RunTimes(kernel, height, 1, parallel_for);
  return runs;
}

void RunOnTwoThreads(std::size_t tasks, Task task) {
  std::thread other([&] { task(0); });
  for (std::size_t i = 1; i < tasks; ++i) task(i);
  other.join();
}

TEST(MeasuredKernels, TheFasterKernelStaysWhateverTheEstimate) {
  Pair pair;
  const MeasuredConv<float> conv = pair.Make();
  EXPECT_EQ(conv.Name(), "slow or fast, as measured");
  const int runs = Measure(conv, 1);
  EXPECT_GE(runs, Tournament::kMostRuns);
  EXPECT_LE(runs, Tournament::kMostRuns + Tournament::kRuns);  // so many may be interrupted
  const int runs_of_slow = pair.slow.runs;
  EXPECT_GE(runs_of_slow, 4);
  RunTimes(conv, 1, 20);
  EXPECT_EQ(pair.slow.runs, runs_of_slow);
  EXPECT_EQ(pair.fast.runs, runs - runs_of_slow + 20);
}

TEST(MeasuredKernels, EachShapeIsMeasured) {
  Pair pair;
  const MeasuredConv<float> conv = pair.Make();
  Measure(conv, 1);
  EXPECT_GE(Measure(conv, 2), Tournament::kRuns);
  ConvGeometry strided = Geometry(1);
  strided.attributes.strides = {2, 2};
  EXPECT_TRUE(conv.Report(strided).measuring);
  EXPECT_FALSE(conv.Report(Geometry(1)).measuring);
}

TEST(MeasuredKernels, EqualLayersShareOneMeasurement) {
  Pair first;
  Pair second;
  std::vector<std::unique_ptr<ConvKernel<float>>> candidates;
  candidates.push_back(std::make_unique<FakeKernel>("slow", kSlow, &second.slow));
  candidates.push_back(std::make_unique<FakeKernel>("fast", kFast, &second.fast));
  const MeasuredConv<float> conv = first.Make();
  const MeasuredConv<float> same(first.table.get(), ShapeKey(), std::move(candidates));
  Measure(conv, 1);
  RunTimes(same, 1, 5);
  EXPECT_EQ(second.slow.runs, 0);
  EXPECT_EQ(second.fast.runs, 5);
}

TEST(MeasuredKernels, TheReportSaysWhatRunsAndWhatWasMeasured) {
  Pair pair;
  const MeasuredConv<float> conv = pair.Make();
  KernelReport report = conv.Report(Geometry(1));
  EXPECT_TRUE(report.measuring);
  EXPECT_EQ(report.kernel, "slow");
  EXPECT_EQ(report.bound.count, kSlow);
  for (; report.kernel == "slow"; report = conv.Report(Geometry(1))) RunTimes(conv, 1, 1);
  EXPECT_EQ(report.kernel, "fast");
  ASSERT_EQ(report.candidates.size(), 2u);
  EXPECT_EQ(report.candidates[0].kernel, "slow");
  EXPECT_GT(report.candidates[0].seconds, 0);
  EXPECT_TRUE(std::isinf(report.candidates[1].seconds));
  RunTimes(conv, 1, 100);  // beyond the point where the slow one is freed
  report = conv.Report(Geometry(1));
  EXPECT_FALSE(report.measuring);
  EXPECT_EQ(report.kernel, "fast");
  EXPECT_EQ(report.bound.count, kFast);
  EXPECT_LT(report.candidates[1].seconds, report.candidates[0].seconds);
}

TEST(MeasuredKernels, TheLoserIsFreedOnceTheWinnerIsSettled) {
  Pair pair;
  const MeasuredConv<float> conv = pair.Make();
  Measure(conv, 1);
  EXPECT_TRUE(pair.slow.alive);
  EXPECT_EQ(conv.ScratchBytes(Geometry(1)), std::size_t{kSlow});
  RunTimes(conv, 1, MeasuredKernels<ConvKernel<float>>::kRunsUntilSettled + 1);
  EXPECT_FALSE(pair.slow.alive);
  EXPECT_TRUE(pair.fast.alive);
  EXPECT_EQ(conv.ScratchBytes(Geometry(1)), std::size_t{kFast});
  const int runs_of_slow = pair.slow.runs;
  RunTimes(conv, 2, 10);  // a new shape: what is left runs
  EXPECT_EQ(pair.slow.runs, runs_of_slow);
  EXPECT_FALSE(conv.Report(Geometry(2)).measuring);
}

TEST(MeasuredKernels, SeveralThreadsRunWhileTheLoserIsFreed) {
  for (int round = 0; round < 10; ++round) {
    Pair pair;
    const MeasuredConv<float> conv = pair.Make(2000, 100);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int run = 0; run < 300; ++run) {
          float y = 0;
          conv.Run(Geometry(1), {nullptr}, &y, nullptr, RunSerially);
          ASSERT_TRUE(y == 2000 || y == 100);
          ASSERT_GE(conv.ScratchBytes(Geometry(1)), 100u);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(pair.slow.runs + pair.fast.runs, 1200);
    EXPECT_FALSE(pair.slow.alive && pair.fast.alive);
  }
}

TEST(MeasuredKernels, SeveralThreadsAreMeasuredApartFromOne) {
  Pair pair;
  const MeasuredConv<float> conv = pair.Make();
  RunTimes(conv, 1, 1, RunOnTwoThreads);  // finds out that there are two, and is not counted
  EXPECT_TRUE(std::isinf(conv.Report(Geometry(1)).candidates[0].seconds));
  const int runs = Measure(conv, 1, RunOnTwoThreads);
  // Where other programs slow down the fast kernel, its times agree with the estimate, and fewer runs suffice.
  EXPECT_GE(runs, Tournament::kRuns);
  EXPECT_LE(runs, Tournament::kMostRuns + Tournament::kRuns);
  EXPECT_GE(pair.slow.runs, 1 + Tournament::kRuns / 2);
  EXPECT_GE(pair.fast.runs, Tournament::kRuns / 2);
  EXPECT_EQ(pair.slow.runs + pair.fast.runs, 1 + runs);
}

TEST(MeasuredKernels, AFailedRunIsNotCounted) {
  Pair pair;
  const MeasuredConv<float> conv = pair.Make(FakeKernel::kThrows);
  for (int run = 0; run < 3; ++run) EXPECT_THROW(RunTimes(conv, 1, 1), std::runtime_error);
  EXPECT_TRUE(conv.Report(Geometry(1)).measuring);
  EXPECT_TRUE(std::isinf(conv.Report(Geometry(1)).candidates[0].seconds));
}

}  // namespace
}  // namespace subbit
