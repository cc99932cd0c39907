#include "core/fuzz/targets.h"

namespace subbit {

std::vector<FuzzTarget> FuzzTargets() {
  return {{"operators", FuzzOperators}, {"kernels", FuzzKernels}, {"integer_network", FuzzIntegerNetwork}};
}

}  // namespace subbit
