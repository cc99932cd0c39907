#include "core/kernel/isa.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

#include "core/kernel/x86_features.h"

namespace subbit {
namespace {

class IsaTest : public testing::Test {
 protected:
  IsaTest() { unsetenv("SUBBIT_ISA"); }
  ~IsaTest() override { unsetenv("SUBBIT_ISA"); }
};

TEST_F(IsaTest, TheVariableLowersTheLevelAndNeverRaisesIt) {
  EXPECT_EQ(ChosenIsa(), DetectIsa());
  setenv("SUBBIT_ISA", "reference", 1);
  EXPECT_EQ(ChosenIsa(), Isa::kReference);
  setenv("SUBBIT_ISA", "portable", 1);
  EXPECT_EQ(ChosenIsa(), Isa::kPortable);
  setenv("SUBBIT_ISA", "neon", 1);
  EXPECT_EQ(ChosenIsa(), DetectIsa() == Isa::kNeon ? Isa::kNeon : Isa::kPortable);  // no level between on x86
  setenv("SUBBIT_ISA", "avx512", 1);
  EXPECT_EQ(ChosenIsa(), DetectIsa());
}

TEST_F(IsaTest, AnUnknownNameIsAnError) {
  setenv("SUBBIT_ISA", "avx3", 1);
  EXPECT_THROW(ChosenIsa(), std::invalid_argument);
}

#ifdef SUBBIT_X86_KERNELS
TEST(X86Features, AreThoseThatTheRuntimeLibraryOfGccSees) {
  const X86Features features = DetectX86Features();
  EXPECT_EQ(features.avx2, __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0);
  const bool avx512 = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                      __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  EXPECT_EQ(features.avx512, avx512);
  EXPECT_EQ(features.avx512_popcount, avx512 && __builtin_cpu_supports("avx512vpopcntdq") != 0);
  EXPECT_EQ(features.avx512_vnni, avx512 && __builtin_cpu_supports("avx512vnni") != 0);
  EXPECT_EQ(features.avx512_vbmi, avx512 && __builtin_cpu_supports("avx512vbmi") != 0);
}
#endif

}  // namespace
}  // namespace subbit
