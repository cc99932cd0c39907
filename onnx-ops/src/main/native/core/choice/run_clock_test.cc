#include "core/choice/run_clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace subbit {
namespace {

TEST(RunClock, WaitingTakesTimeButNoProcessorTime) {
  const RunClock clock;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double thread = clock.Thread();
  const double wall = clock.Wall();
  EXPECT_GE(wall, 0.02);
  EXPECT_LT(thread, wall / 2);
  EXPECT_TRUE(RunClock::WasInterrupted(wall, thread));
  EXPECT_FALSE(RunClock::WasInterrupted(1.05, 1));
}

TEST(RunClock, WorkOfAFewMicrosecondsIsNotInterruptedByTheClocksThemselves) {
  EXPECT_FALSE(RunClock::WasInterrupted(4.6e-6, 4e-6));
  EXPECT_TRUE(RunClock::WasInterrupted(14e-6, 4e-6));
}

}  // namespace
}  // namespace subbit
