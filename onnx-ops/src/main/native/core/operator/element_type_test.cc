#include "core/operator/element_type.h"

#include <gtest/gtest.h>

namespace subbit {
namespace {

TEST(ElementType, HasTheNamesOfOnnx) {
  EXPECT_EQ(ElementTypeName(1), "FLOAT");
  EXPECT_EQ(ElementTypeName(3), "INT8");
  EXPECT_EQ(ElementTypeName(7), "INT64");
  EXPECT_EQ(ElementTypeName(16), "BFLOAT16");
  EXPECT_EQ(ElementTypeName(23), "FLOAT4E2M1");
}

TEST(ElementType, SaysTheNumberOfWhatIsUnknown) {
  EXPECT_EQ(ElementTypeName(24), "type 24");
  EXPECT_EQ(ElementTypeName(-1), "type -1");
}

}  // namespace
}  // namespace subbit
