#include "core/integer/pool_window.h"

#include <gtest/gtest.h>

namespace subbit {
namespace {

TEST(PoolWindow, CountsWindowsAsMaxPoolDoes) {
  const PoolWindow pool{{3, 2}, {2, 2}, {1, 0, 1, 1}};
  EXPECT_EQ(pool.OutputLength(0, 112), 56);
  EXPECT_EQ(pool.OutputLength(0, 1), 1);
  EXPECT_EQ(pool.OutputLength(1, 5), 3);
  EXPECT_EQ(pool.OutputLength(1, 0), 0);
}

TEST(PoolWindow, LeavesPaddingOut) {
  const PoolWindow pool{{3, 2}, {2, 2}, {1, 0, 1, 1}};
  EXPECT_EQ(pool.At(0, 0, 5).begin, 0);
  EXPECT_EQ(pool.At(0, 0, 5).end, 2);
  EXPECT_EQ(pool.At(0, 1, 5).begin, 1);
  EXPECT_EQ(pool.At(0, 1, 5).end, 4);
  EXPECT_EQ(pool.At(0, 2, 5).begin, 3);
  EXPECT_EQ(pool.At(0, 2, 5).end, 5);
}

TEST(PoolWindow, EveryWindowHoldsAPositionIfPadsAreLessThanTheWindow) {
  for (std::int64_t shape = 1; shape <= 4; ++shape) {
    for (std::int64_t stride = 1; stride <= 6; ++stride) {
      for (std::int64_t before = 0; before < shape; ++before) {
        for (std::int64_t after = 0; after < shape; ++after) {
          const PoolWindow pool{{shape, 1}, {stride, 1}, {before, 0, after, 0}};
          for (std::int64_t length = 1; length <= 9; ++length) {
            for (std::int64_t i = 0; i < pool.OutputLength(0, length); ++i) {
              EXPECT_LT(pool.At(0, i, length).begin, pool.At(0, i, length).end);
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace subbit
