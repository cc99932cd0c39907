#pragma once

#include <cstdint>

namespace subbit {

/// Loops of one instruction set that do nothing but the steps of kernel_bound.h, on registers, twelve chains at once,
/// so that neither memory nor the latency of an instruction delays them. Each does kStepsOfLoop steps `loops` times.
struct StepLoops {
  static constexpr int kStepsOfLoop = 12;

  void (*add_float)(std::int64_t loops);
  void (*add_int)(std::int64_t loops);
  void (*count_pairs)(std::int64_t loops);  ///< null where no kernel of the instruction set counts
  void (*look_ups)(std::int64_t loops);     ///< null where no kernel of the instruction set looks up
};

const StepLoops& PortableStepLoops();
#ifdef SUBBIT_X86_KERNELS
const StepLoops& Avx2StepLoops();
/// count_pairs needs HasAvx512Popcount().
const StepLoops& Avx512StepLoops();
#endif
#ifdef SUBBIT_NEON_KERNELS
const StepLoops& NeonStepLoops();
#endif

}  // namespace subbit
