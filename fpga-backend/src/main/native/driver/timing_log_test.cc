#include "driver/timing_log.h"

#include <gtest/gtest.h>

namespace subbit::fpga {
namespace {

NodeTiming Numbered(std::size_t number) { return {std::to_string(number), "op", 5, number, 0, TimingKind::kModelled}; }

TEST(TimingLog, HandsOutOldestFirstAndForgets) {
  TimingLog log;
  log.Add(Numbered(1));
  log.Add(Numbered(2));
  const std::vector<NodeTiming> drained = log.Drain();
  ASSERT_EQ(drained.size(), 2u);
  EXPECT_EQ(drained[0].node, "1");
  EXPECT_EQ(drained[1].node, "2");
  EXPECT_TRUE(log.Drain().empty());
}

TEST(TimingLog, KeepsTheNewestWhereNobodyReads) {
  TimingLog log;
  for (std::size_t i = 0; i < TimingLog::kCapacity + 3; ++i) {
    log.Add(Numbered(i));
  }
  const std::vector<NodeTiming> drained = log.Drain();
  ASSERT_EQ(drained.size(), TimingLog::kCapacity);
  EXPECT_EQ(drained.front().cycles, 3u);
  EXPECT_EQ(drained.back().cycles, TimingLog::kCapacity + 2);
}

}  // namespace
}  // namespace subbit::fpga
