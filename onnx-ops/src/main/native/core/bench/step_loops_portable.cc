#define SUBBIT_VECTOR_BYTES 16
#include "core/bench/step_loops-inl.h"

namespace subbit {

const StepLoops& PortableStepLoops() {
  static constexpr StepLoops kLoops = {AddLoop<float>, AddLoop<std::int32_t>, nullptr, nullptr};
  return kLoops;
}

}  // namespace subbit
