#include "core/bench/step_times.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "core/bench/step_loops.h"

namespace subbit {
namespace {

using Loop = void (*)(std::int64_t);

const StepLoops& LoopsOf(Isa isa) {
#ifdef SUBBIT_X86_KERNELS
  if (isa == Isa::kAvx512) return Avx512StepLoops();
  if (isa == Isa::kAvx2) return Avx2StepLoops();
#endif
#ifdef SUBBIT_NEON_KERNELS
  if (isa == Isa::kNeon) return NeonStepLoops();
#endif
  static_cast<void>(isa);
  return PortableStepLoops();
}

Loop LoopOf(const KernelBound& bound) {
  const StepLoops& loops = LoopsOf(bound.isa);
  switch (bound.step) {
    case VectorStep::kNone:
      return nullptr;
    case VectorStep::kAddFloat:
      return loops.add_float;
    case VectorStep::kAddInt:
      return loops.add_int;
    case VectorStep::kCountPairs:
      return loops.count_pairs;
    case VectorStep::kLookUps:
      return loops.look_ups;
  }
  return nullptr;
}

/// The shortest of several times, since other load on the machine only makes them longer.
double SecondsOfStep(Loop loop) {
  constexpr std::int64_t kLoops = 2000;
  constexpr int kTimes = 50;
  double shortest = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kTimes; ++i) {
    const auto start = std::chrono::steady_clock::now();
    loop(kLoops);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    shortest = std::min(shortest, took.count());
  }
  return shortest / (kLoops * StepLoops::kStepsOfLoop);
}

}  // namespace

double Seconds(const KernelBound& bound) {
  const Loop loop = LoopOf(bound);
  if (loop == nullptr) return std::numeric_limits<double>::quiet_NaN();
  return bound.count * SecondsOfStep(loop);
}

}  // namespace subbit
