#include "core/operator/bit_planes.h"

#include <gtest/gtest.h>

namespace subbit {
namespace {

TEST(BitPlanes, DecodesLittleEndianWithinAByte) {
  // Ten indices of two bits: plane 0 marks 0 and 9, plane 1 marks 8 and 9.
  const std::uint8_t planes[] = {0x01, 0x02, 0x00, 0x03};
  const std::vector<std::uint16_t> expected = {1, 0, 0, 0, 0, 0, 0, 0, 2, 3};
  EXPECT_EQ(DecodeBitPlanes(planes, 2, 10), expected);
}

}  // namespace
}  // namespace subbit
