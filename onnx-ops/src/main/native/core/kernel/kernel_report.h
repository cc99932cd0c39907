#pragma once

#include <string>
#include <vector>

#include "core/kernel/kernel_bound.h"

namespace subbit {

/// A kernel that a layer could run on, and how long it took: the mean of the two fastest of the runs that were timed.
struct CandidateTime {
  std::string kernel;
  double seconds;  ///< infinite if none was timed
};

/// What a layer runs on, for logs.
struct KernelReport {
  std::string kernel;  ///< algorithm and instruction set
  KernelBound bound;
  bool measuring = false;                   ///< whether runs are still timed, to choose among the candidates
  std::vector<CandidateTime> candidates{};  ///< empty where nothing is chosen by measurement
};

}  // namespace subbit
