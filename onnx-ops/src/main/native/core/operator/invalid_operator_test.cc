#include "core/operator/invalid_operator.h"

#include <gtest/gtest.h>

namespace subbit {
namespace {

TEST(InvalidOperator, MessageNamesOperatorNodeFieldFoundAndAllowed) {
  const InvalidOperator error({"SubBitConv", "stage1.conv"}, "tau", "10", "1 to 9");
  EXPECT_STREQ(error.what(), "SubBitConv node 'stage1.conv': tau is 10, allowed: 1 to 9");
  EXPECT_EQ(error.field(), "tau");
}

TEST(InvalidOperator, MessageLeavesOutAnUnnamedNode) {
  EXPECT_STREQ(InvalidOperator({"SubBitConv"}, "tau", "0", "1 to 9").what(), "SubBitConv: tau is 0, allowed: 1 to 9");
}

TEST(CheckedProduct, StopsAtTheLimitAndNotAfterAnOverflow) {
  const OpName op{"SubBitConv"};
  EXPECT_EQ(CheckedProduct(op, "size", {3, 4, 5}, 60), 60);
  EXPECT_EQ(CheckedProduct(op, "size", {INT64_MAX, 0, INT64_MAX}, 60), 0);
  EXPECT_THROW(CheckedProduct(op, "size", {3, 4, 5}, 59), InvalidOperator);
  EXPECT_THROW(CheckedProduct(op, "size", {INT64_MAX, INT64_MAX}, INT64_MAX), InvalidOperator);
  EXPECT_THROW(CheckedProduct(op, "size", {-1, 2}, 60), InvalidOperator);
}

}  // namespace
}  // namespace subbit
