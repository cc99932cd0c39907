// Modules of the hardware description alone, compared with what they should compute, with random stalls on their
// streams.

#include <gtest/gtest.h>
#include <verilated.h>

#include <deque>
#include <random>
#include <vector>

#include "Vsubbit_dot9.h"
#include "rtl/module_bench.h"

// A failed assertion of a module fails the test that runs it.
void vl_stop(const char* filename, int line, const char*) { ADD_FAILURE() << filename << ":" << line; }
void vl_finish(const char* filename, int line, const char*) { ADD_FAILURE() << filename << ":" << line; }
void vl_fatal(const char* filename, int line, const char*, const char* message) {
  ADD_FAILURE() << filename << ":" << line << ": " << message;
}

namespace subbit::fpga {
namespace {

TEST(Dot9Module, AddsNinePixelsWithTheirSigns) {
  Vsubbit_dot9 m;
  std::mt19937 random(2);
  std::deque<int> expected;
  for (int cycle = 0; cycle < 100000; ++cycle) {
    m.codeword = random() % 512;
    int sum = 0;
    for (int t = 0; t < 9; ++t) {
      const int extremes[] = {-255, 255};
      const int v = random() % 3 == 0 ? extremes[random() % 2] : static_cast<int>(random() % 511) - 255;
      sum += (m.codeword >> t & 1) != 0 ? v : -v;
      SetBits(m.window, static_cast<std::size_t>(9 * t), 9, static_cast<std::uint64_t>(v));
    }
    expected.push_back(sum);
    Cycle(m);
    if (expected.size() == 2) {
      const int value = static_cast<std::int32_t>(static_cast<std::uint32_t>(m.value) << 19) >> 19;
      ASSERT_EQ(m.negative ? -value : value, expected.front()) << "cycle " << cycle;
      expected.pop_front();
    }
  }
}

}  // namespace
}  // namespace subbit::fpga
