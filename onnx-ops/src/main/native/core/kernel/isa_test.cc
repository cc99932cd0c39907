#include "core/kernel/isa.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

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

}  // namespace
}  // namespace subbit
