#pragma once

#include <cstddef>
#include <functional>

namespace subbit {

/// Runs task(0) .. task(tasks - 1), in any order and possibly on several threads, and returns when all are done. If a
/// task throws, one of the exceptions is thrown again on the caller's thread after the rest have ended.
using ParallelFor = std::function<void(std::size_t tasks, const std::function<void(std::size_t)>& task)>;

/// Runs the tasks one after the other on the caller's thread.
inline void RunSerially(std::size_t tasks, const std::function<void(std::size_t)>& task) {
  for (std::size_t i = 0; i < tasks; ++i) task(i);
}

}  // namespace subbit
