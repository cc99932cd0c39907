#define SUBBIT_VECTOR_BYTES 32
#include "core/step_loops-inl.h"

namespace subbit {

const StepLoops& Avx2StepLoops() {
  static constexpr StepLoops kLoops = {AddLoop<float>, AddLoop<std::int32_t>, nullptr};
  return kLoops;
}

}  // namespace subbit
