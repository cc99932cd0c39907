#pragma once

#include <verilated.h>

#include <cstdlib>
#include <string>
#if VM_COVERAGE
#include <unistd.h>
#include <verilated_cov.h>
#endif

namespace subbit::fpga {

/// Writes what a simulation that is about to end has counted (SUBBIT_RTL_COVERAGE of the build) to a new file in the
/// folder that the environment variable of that name gives. Does nothing in other builds.
inline void KeepCoverage([[maybe_unused]] VerilatedContext& context) {
#if VM_COVERAGE
  static int count = 0;
  if (const char* folder = std::getenv("SUBBIT_RTL_COVERAGE"); folder != nullptr) {
    const std::string name = std::to_string(getpid()) + "-" + std::to_string(++count) + ".dat";
    context.coveragep()->write(std::string(folder) + "/" + name);
  }
#endif
}

}  // namespace subbit::fpga
