#include "driver/binary_tensor.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace subbit::fpga {
namespace {

TEST(BinaryTensor, PacksSignsRowByRow) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float x[] = {1,  -1, 0.0f, -0.0f, nan, -1e-40f, 1e-40f, -2, 3,  //
                     -1, -1, -1,   -1,    -1,  -1,      -1,     -1, -1};
  std::vector<std::uint8_t> bits(4, 0xFF);
  PackSigns(x, 2, 9, bits.data());
  EXPECT_EQ(bits, (std::vector<std::uint8_t>{0x4D, 0x01, 0x00, 0x00}));
}

TEST(BinaryTensor, RoundsProductAndSumApart) {
  // With a fused multiply-add this would be 1 + 2^-25 - 1 rather than 0.
  const std::int32_t accumulator = 3;
  const float third = 1.0f / 3.0f;
  float y = 0;
  ScaleAccumulators(&accumulator, 1, third, -1.0f, &y);
  EXPECT_EQ(y, 0.0f);
}

}  // namespace
}  // namespace subbit::fpga
