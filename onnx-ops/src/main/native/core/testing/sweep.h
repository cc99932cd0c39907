#pragma once

#include <cstdlib>

namespace subbit {

/// Whether this program runs only a quarter of each sweep over random layers: those of the sanitized build and of the
/// one that is emulated, and of simulated hardware, where tests take ten times as long and more. The environment
/// variable SUBBIT_FULL_SWEEPS, set to anything, has them run whole.
inline bool SweepsAreShort() {
#ifdef SUBBIT_SHORT_SWEEPS
  static const bool is_short = std::getenv("SUBBIT_FULL_SWEEPS") == nullptr;
  return is_short;
#else
  return false;
#endif
}

/// How many of a sweep's rounds run here.
inline int SweepRounds(int all) { return SweepsAreShort() ? (all + 3) / 4 : all; }

}  // namespace subbit
