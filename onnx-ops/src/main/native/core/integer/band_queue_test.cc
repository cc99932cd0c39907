#include "core/integer/band_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <vector>

namespace subbit {
namespace {

/// A queue with its memory.
class Queue {
 public:
  Queue(std::int64_t bands, std::int64_t ring) : memory_(Bytes(ring)), queue_(bands, ring, Cut(ring)) {}
  BandQueue* operator->() { return &queue_; }

 private:
  static std::size_t Bytes(std::int64_t ring) {
    ScratchCutter cutter;
    BandQueue::Take(ring, &cutter);
    return cutter.Bytes();
  }
  void* Cut(std::int64_t ring) {
    ScratchCutter cutter(memory_.data());
    return BandQueue::Take(ring, &cutter);
  }

  std::vector<std::byte> memory_;
  BandQueue queue_;
};

TEST(BandQueue, OneThreadDoesEveryBandInOrderAndNeverWaits) {
  Queue queue(100, 100);
  std::vector<std::int64_t> done;
  queue->Work([&](std::int64_t band) {
    queue->WaitFor(0, band);
    done.push_back(band);
  });
  ASSERT_EQ(done.size(), 100u);
  for (std::size_t i = 0; i < done.size(); ++i) EXPECT_EQ(done[i], static_cast<std::int64_t>(i));
}

TEST(BandQueue, ATaskThatComesLateFindsNothingToDo) {
  Queue queue(5, 5);
  int bands = 0;
  for (int task = 0; task < 16; ++task) queue->Work([&](std::int64_t) { ++bands; });
  EXPECT_EQ(bands, 5);
}

/// Many short bands, each of which adds up what some bands before it have written, by so many threads. Whoever did not
/// wait would read a wrong sum, or what another thread is writing.
void AddUpBands(int threads, std::int64_t bands, std::int64_t ring) {
  constexpr std::int64_t kBack = 7;
  Queue queue(bands, ring);
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(bands));
  const auto work = [&] {
    queue->Work([&](std::int64_t band) {
      std::uint64_t sum = 1;
      // All but the last few bands of this ring are long done; those of the one before must be.
      const std::int64_t first = std::max<std::int64_t>(0, band - kBack);
      queue->WaitFor(first, band - band % 3);
      if (band >= ring) queue->WaitFor(band - ring, band - ring + 1);
      for (std::int64_t i = first; i < band - band % 3; ++i) sum += sums[static_cast<std::size_t>(i)];
      sums[static_cast<std::size_t>(band)] = sum;
    });
  };
  std::vector<std::thread> pool;
  for (int t = 1; t < threads; ++t) pool.emplace_back(work);
  work();
  for (std::thread& thread : pool) thread.join();
  std::vector<std::uint64_t> expected(sums.size());
  for (std::int64_t band = 0; band < bands; ++band) {
    std::uint64_t sum = 1;
    for (std::int64_t i = std::max<std::int64_t>(0, band - kBack); i < band - band % 3; ++i) {
      sum += expected[static_cast<std::size_t>(i)];
    }
    expected[static_cast<std::size_t>(band)] = sum;
  }
  EXPECT_EQ(sums, expected) << threads << " threads";
}

TEST(BandQueue, SeveralThreadsReadOnlyWhatIsDone) {
  for (int threads = 1; threads <= 8; ++threads) {
    AddUpBands(threads, 3000, 3000);
    AddUpBands(threads, 3000, 64);
  }
}

TEST(BandQueue, AfterAFailureSeveralThreadsStopAndNoneWaitsForever) {
  for (int threads = 1; threads <= 8; ++threads) {
    Queue queue(1000, 1000);
    std::atomic<int> failures{0};
    const auto work = [&] {
      try {
        queue->Work([&](std::int64_t band) {
          queue->WaitFor(0, band);
          if (band == 100) throw std::runtime_error("band 100");
        });
      } catch (const std::runtime_error&) {
        ++failures;
      }
    };
    std::vector<std::thread> pool;
    for (int t = 1; t < threads; ++t) pool.emplace_back(work);
    work();
    for (std::thread& thread : pool) thread.join();
    EXPECT_EQ(failures, 1);
  }
}

}  // namespace
}  // namespace subbit
