#pragma once

#include <gtest/gtest.h>

#include "tables/device.h"

namespace subbit::fpga {

/// Expects every register of an idle device to be where the table has it, with the access that the table says, and
/// nothing beyond. Leaves the registers as after a reset.
template <typename Read, typename Write>
void ExpectRegisterFile(const Read& read, const Write& write) {
  constexpr std::uint32_t kAll = 0xFFFFFFFF;
  EXPECT_EQ(read(registers::kId), contract::kIdValue);
  EXPECT_EQ(read(registers::kVersion), contract::kVersionValue);
  for (const RegisterRow& row : registers::kAll) {
    SCOPED_TRACE(row.name);
    const std::uint32_t before = read(row.offset);
    // As many bits as the engine's bus needs, perhaps none.
    const bool of_memory_base = row.offset == registers::kMemoryBaseLow || row.offset == registers::kMemoryBaseHigh;
    if (row.access == Access::kRead) {
      write(row.offset, ~before);
      EXPECT_EQ(read(row.offset), before) << "is only read";
    } else if (row.access == Access::kReadToggle) {
      write(row.offset, kAll);
      const std::uint32_t toggled = read(row.offset);
      EXPECT_NE(toggled, before);
      write(row.offset, toggled);
      EXPECT_EQ(read(row.offset), before);
    } else if (row.access == Access::kReadWrite && row.offset != registers::kControl) {
      write(row.offset, kAll);
      EXPECT_TRUE(read(row.offset) != 0 || of_memory_base);
      write(row.offset, 0);
      EXPECT_EQ(read(row.offset), 0u);
    }
  }
  EXPECT_EQ(read(registers::kControl), registers::kControlIdle);
  EXPECT_EQ(read(registers::kReset), 0u);
  for (std::uint32_t offset = registers::kBytes; offset < 0x1000; offset += 4) {
    ASSERT_EQ(read(offset), 0u) << "at offset " << offset;
  }
}

}  // namespace subbit::fpga
