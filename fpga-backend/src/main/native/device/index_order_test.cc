#include "device/index_order.h"

#include <gtest/gtest.h>

#include <random>

#include "device/element.h"

namespace subbit::fpga {
namespace {

/// Bit planes of random indices.
std::vector<std::uint8_t> RandomPlanes(const LayerShape& shape, std::mt19937& random) {
  std::vector<std::uint8_t> planes(shape.index_bytes());
  for (auto& byte : planes) {
    byte = static_cast<std::uint8_t>(random());
  }
  return planes;
}

TEST(IndexOrder, LeavesBitPlanesAsTheyAre) {
  std::mt19937 random(1);
  LayerShape shape;
  shape.tau = 3;
  shape.in_channels = 5;
  shape.out_channels = 7;
  const auto planes = RandomPlanes(shape, random);
  EXPECT_EQ(IndexBytes(shape, IndexOrder::kBitPlanes), planes.size());
  EXPECT_EQ(InOrder(shape, IndexOrder::kBitPlanes, planes), planes);
}

TEST(IndexOrder, PutsBlocksGroupsOutputsAndBitsOneAfterTheOther) {
  LayerShape shape;
  shape.tau = 2;
  shape.in_channels = 66;
  shape.out_channels = 130;
  // Index 1 everywhere but in kernel (129, 65), the last one, which has index 2.
  const std::size_t plane = (shape.kernels() + 7) / 8;
  std::vector<std::uint8_t> planes(2 * plane);
  for (std::size_t kernel = 0; kernel < shape.kernels(); ++kernel) {
    const bool last = kernel == 129 * 66 + 65;
    auto& byte = planes[(last ? plane : 0) + kernel / 8];
    byte = static_cast<std::uint8_t>(byte | 1 << kernel % 8);
  }
  const auto ordered = InOrder(shape, IndexOrder::kTables, planes);
  ASSERT_EQ(ordered.size(), std::size_t{2} * 2 * 130 * 8);
  const auto word = [&](std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      value |= std::uint64_t{ordered[8 * at + i]} << 8 * i;
    }
    return value;
  };
  EXPECT_EQ(word(0), ~std::uint64_t{0}) << "bit 0 of output 0's first group";
  EXPECT_EQ(word(1), 0u) << "bit 1";
  EXPECT_EQ(word(2 * 128), 3u) << "output 0's second group has two channels";
  // The second block has two outputs.
  EXPECT_EQ(word(2 * (2 * 128 + 3)), 1u) << "bit 0 of output 129's second group";
  EXPECT_EQ(word(2 * (2 * 128 + 3) + 1), 2u) << "bit 1";
}

TEST(IndexOrder, GivesTheSameIndicesInBothOrders) {
  std::mt19937 random(2);
  for (int run = 0; run < 50; ++run) {
    LayerShape shape;
    shape.tau = static_cast<std::uint8_t>(1 + random() % 5);
    shape.in_channels = 1 + static_cast<std::uint32_t>(random() % 150);
    shape.out_channels = 1 + static_cast<std::uint32_t>(random() % 300);
    const auto planes = RandomPlanes(shape, random);
    const auto ordered = InOrder(shape, IndexOrder::kTables, planes);
    EXPECT_EQ(ordered.size(), IndexBytes(shape, IndexOrder::kTables));
    EXPECT_EQ(IndicesOf(shape, IndexOrder::kTables, ordered.data()),
              IndicesOf(shape, IndexOrder::kBitPlanes, planes.data()));
  }
}

TEST(IndexOrder, IsThatOfTheResponseUnit) {
  EXPECT_EQ(IndexOrderOf(RtlCapabilities("tables")), IndexOrder::kTables);
  EXPECT_EQ(IndexOrderOf(RtlCapabilities("shared")), IndexOrder::kBitPlanes);
}

}  // namespace
}  // namespace subbit::fpga
