#include "driver/binary_tensor.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
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

TEST(BinaryTensor, TurnsPackedSignsIntoRowsOfBits) {
  std::mt19937 random(1);
  for (int run = 0; run < 200; ++run) {
    const SignTensor shape = {1 + random() % 3, 1 + random() % 20, 1 + random() % 4, 1 + random() % 20};
    std::vector<std::uint8_t> packed(shape.packed_bytes());
    for (auto& byte : packed) {
      byte = static_cast<std::uint8_t>(random());
    }
    std::vector<std::uint8_t> bits(shape.bit_bytes(), 0xFF);
    BitsOfPackedSigns(packed.data(), shape, bits.data());
    const std::size_t row_bytes = (shape.width + 7) / 8;
    const std::size_t groups = (shape.channels + 7) / 8;
    std::vector<std::uint8_t> expected(shape.bit_bytes());
    for (std::size_t image = 0; image < shape.images; ++image) {
      for (std::size_t c = 0; c < shape.channels; ++c) {
        for (std::size_t y = 0; y < shape.height; ++y) {
          for (std::size_t x = 0; x < shape.width; ++x) {
            const unsigned byte = packed[((image * groups + c / 8) * shape.height + y) * shape.width + x];
            const unsigned bit = byte >> (c % 8) & 1;
            auto& to = expected[((image * shape.channels + c) * shape.height + y) * row_bytes + x / 8];
            to = static_cast<std::uint8_t>(to | bit << (x % 8));
          }
        }
      }
    }
    ASSERT_EQ(bits, expected) << "run " << run;
    // Back again: unused bits of both are no matter.
    if (shape.width % 8 != 0) {
      bits[row_bytes - 1] |= 0x80;
    }
    for (std::size_t i = 0; i < packed.size(); ++i) {
      const std::size_t group = i / (shape.height * shape.width) % groups;
      if (group == groups - 1 && shape.channels % 8 != 0) {
        packed[i] = static_cast<std::uint8_t>(packed[i] & ((1u << (shape.channels % 8)) - 1));
      }
    }
    std::vector<std::uint8_t> back(shape.packed_bytes(), 0xFF);
    PackedSignsOfBits(bits.data(), shape, back.data());
    ASSERT_EQ(back, packed) << "run " << run;
  }
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
