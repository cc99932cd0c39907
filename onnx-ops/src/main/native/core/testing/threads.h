#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "core/kernel/parallel_for.h"

namespace subbit {

/// A ParallelFor that runs tasks on so many threads, of which the caller is one.
class Threads {
 public:
  explicit Threads(int count) : count_(count) {}

  void operator()(std::size_t tasks, Task task) const {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i = next++; i < tasks; i = next++) task(i);
    };
    std::vector<std::thread> pool;
    for (int t = 1; t < count_; ++t) pool.emplace_back(work);
    work();
    for (std::thread& thread : pool) thread.join();
  }

 private:
  const int count_;
};

}  // namespace subbit
