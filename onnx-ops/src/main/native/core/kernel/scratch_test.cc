#include "core/kernel/scratch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace subbit {
namespace {

/// What a kernel might take.
struct Arrays {
  explicit Arrays(ScratchCutter* cutter)
      : bytes(cutter->Take<char>(3)), numbers(cutter->Take<double>(9)), none(cutter->Take<int>(0)) {}

  char* bytes;
  double* numbers;
  int* none;
};

TEST(ScratchCutter, WithoutMemoryItOnlyCounts) {
  ScratchCutter cutter;
  EXPECT_EQ(cutter.Bytes(), 0u);
  const Arrays arrays(&cutter);
  EXPECT_EQ(arrays.bytes, nullptr);
  EXPECT_EQ(cutter.Bytes(), 64u + 128u + 64u);  // two arrays in whole cache lines, and room to begin at one
}

TEST(ScratchCutter, ArraysLieAtCacheLinesInsideTheMemoryWhereverItBegins) {
  ScratchCutter counting;
  const Arrays counted(&counting);
  for (std::size_t start = 0; start < 70; ++start) {
    std::vector<char> memory(start + counting.Bytes());
    ScratchCutter cutter(memory.data() + start);
    const Arrays arrays(&cutter);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arrays.bytes) % kCacheLine, 0u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arrays.numbers) % kCacheLine, 0u);
    EXPECT_GE(arrays.bytes, memory.data() + start);
    EXPECT_GE(reinterpret_cast<char*>(arrays.numbers), arrays.bytes + 3);
    EXPECT_LE(reinterpret_cast<char*>(arrays.numbers + 9), memory.data() + memory.size());
  }
}

TEST(ScratchSlices, OneThreadWorksInOneSlice) {
  std::vector<std::byte> memory(kMaxTasks * 64);
  ScratchSlices slices(memory.data(), 64);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ScratchSlices::Hold(&slices).get(), memory.data());
}

TEST(ScratchSlices, AsManyAsThereMayBeTasksAreApart) {
  std::vector<std::byte> memory(kMaxTasks * 64);
  ScratchSlices slices(memory.data(), 64);
  std::vector<std::unique_ptr<ScratchSlices::Hold>> holds;
  std::set<void*> starts;
  for (int i = 0; i < kMaxTasks; ++i) {
    holds.push_back(std::make_unique<ScratchSlices::Hold>(&slices));
    starts.insert(holds.back()->get());
  }
  EXPECT_EQ(starts.size(), static_cast<std::size_t>(kMaxTasks));
  EXPECT_EQ(*starts.rbegin(), memory.data() + (kMaxTasks - 1) * 64);
}

TEST(ScratchSlices, TwoThreadsNeverHoldTheSameSlice) {
  std::vector<std::byte> memory(kMaxTasks * sizeof(int), std::byte{0});
  ScratchSlices slices(memory.data(), sizeof(int));
  std::vector<std::thread> threads;
  std::atomic<int> clashes{0};
  for (int t = 1; t <= 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20'000; ++i) {
        const ScratchSlices::Hold hold(&slices);
        int* const mine = static_cast<int*>(hold.get());
        *mine = t;
        if (i % 64 == 0) std::this_thread::yield();
        clashes += *mine == t ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(clashes, 0);
}

}  // namespace
}  // namespace subbit
