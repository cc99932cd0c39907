#include "core/choice/kernel_policy.h"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace subbit {
namespace {

constexpr KernelPolicy kPolicies[] = {KernelPolicy::kMeasure, KernelPolicy::kEstimate, KernelPolicy::kMaps,
                                      KernelPolicy::kDense,   KernelPolicy::kPopcount, KernelPolicy::kLookUp,
                                      KernelPolicy::kNibbles};

}  // namespace

const char* ToString(KernelPolicy policy) {
  switch (policy) {
    case KernelPolicy::kMeasure:
      return "measure";
    case KernelPolicy::kEstimate:
      return "estimate";
    case KernelPolicy::kMaps:
      return "maps";
    case KernelPolicy::kDense:
      return "dense";
    case KernelPolicy::kPopcount:
      return "popcount";
    case KernelPolicy::kLookUp:
      return "look-up";
    case KernelPolicy::kNibbles:
      return "nibbles";
  }
  return "unknown";
}

KernelPolicy ChosenKernelPolicy() {
  const char* name = std::getenv("SUBBIT_KERNELS");
  if (name == nullptr || *name == '\0') return KernelPolicy::kMeasure;
  std::string allowed;
  for (KernelPolicy policy : kPolicies) {
    if (std::string(name) == ToString(policy)) return policy;
    allowed += (allowed.empty() ? "" : ", ") + std::string(ToString(policy));
  }
  throw std::invalid_argument("The environment variable SUBBIT_KERNELS is '" + std::string(name) +
                              "', allowed: " + allowed);
}

}  // namespace subbit
