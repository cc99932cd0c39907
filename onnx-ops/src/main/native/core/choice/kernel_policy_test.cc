#include "core/choice/kernel_policy.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

namespace subbit {
namespace {

class KernelPolicyTest : public testing::Test {
 protected:
  KernelPolicyTest() { unsetenv("SUBBIT_KERNELS"); }
  ~KernelPolicyTest() override { unsetenv("SUBBIT_KERNELS"); }
};

TEST_F(KernelPolicyTest, TheVariableNamesThePolicy) {
  EXPECT_EQ(ChosenKernelPolicy(), KernelPolicy::kMeasure);
  setenv("SUBBIT_KERNELS", "", 1);
  EXPECT_EQ(ChosenKernelPolicy(), KernelPolicy::kMeasure);
  for (KernelPolicy policy :
       {KernelPolicy::kMeasure, KernelPolicy::kEstimate, KernelPolicy::kMaps, KernelPolicy::kDense,
        KernelPolicy::kPopcount, KernelPolicy::kLookUp, KernelPolicy::kNibbles}) {
    setenv("SUBBIT_KERNELS", ToString(policy), 1);
    EXPECT_EQ(ChosenKernelPolicy(), policy);
  }
}

TEST_F(KernelPolicyTest, AnUnknownNameIsAnErrorThatListsThePolicies) {
  setenv("SUBBIT_KERNELS", "fastest", 1);
  try {
    ChosenKernelPolicy();
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(),
                 "The environment variable SUBBIT_KERNELS is 'fastest', allowed: measure, estimate, maps, dense, "
                 "popcount, look-up, nibbles");
  }
}

}  // namespace
}  // namespace subbit
