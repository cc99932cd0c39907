#include "driver/device_memory.h"

#include <gtest/gtest.h>

namespace subbit::fpga {
namespace {

TEST(DeviceMemory, GivesOutAlignedBlocksThatDoNotOverlap) {
  DeviceMemory memory(1024);
  EXPECT_EQ(memory.Allocate(1), 64u);
  EXPECT_EQ(memory.Allocate(65), 128u);
  EXPECT_EQ(memory.Allocate(0), 256u) << "an empty block has an address of its own";
  EXPECT_EQ(memory.Allocate(64), 320u);
}

TEST(DeviceMemory, RefusesWhatDoesNotFit) {
  DeviceMemory memory(256);
  EXPECT_EQ(memory.Allocate(257), 0u);
  EXPECT_EQ(memory.Allocate(~std::uint64_t{0}), 0u);
  EXPECT_EQ(memory.Allocate(192), 64u);
  EXPECT_EQ(memory.Allocate(1), 0u);
}

TEST(DeviceMemory, ReusesGaps) {
  DeviceMemory memory(320);
  const std::uint64_t first = memory.Allocate(64);
  const std::uint64_t second = memory.Allocate(64);
  memory.Allocate(64);
  memory.Free(second);
  EXPECT_EQ(memory.Allocate(128), 0u) << "the gap is too small and too little is left behind it";
  EXPECT_EQ(memory.Allocate(60), second);
  memory.Free(first);
  EXPECT_EQ(memory.Allocate(64), first);
}

}  // namespace
}  // namespace subbit::fpga
