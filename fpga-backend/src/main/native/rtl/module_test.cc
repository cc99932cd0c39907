// Modules of the hardware description alone, against what they are to compute, with random stalls on their streams.

#include <gtest/gtest.h>
#include <verilated.h>

#include <cstring>
#include <deque>
#include <random>
#include <vector>

#include "Vsubbit_axi_read.h"
#include "Vsubbit_dot9.h"

// A failed assertion of a module fails the test that runs it.
void vl_stop(const char* filename, int line, const char*) { ADD_FAILURE() << filename << ":" << line; }
void vl_finish(const char* filename, int line, const char*) { ADD_FAILURE() << filename << ":" << line; }
void vl_fatal(const char* filename, int line, const char*, const char* message) {
  ADD_FAILURE() << filename << ":" << line << ": " << message;
}

namespace subbit::fpga {
namespace {

template <class Model>
void Cycle(Model& m) {
  m.clk = 0;
  m.eval();
  m.clk = 1;
  m.eval();
}

TEST(Dot9Module, AddsNinePixelsWithTheirSigns) {
  Vsubbit_dot9 m;
  std::mt19937 random(2);
  std::deque<int> expected;
  for (int cycle = 0; cycle < 100000; ++cycle) {
    std::memset(&m.window, 0, sizeof m.window);
    m.codeword = random() % 512;
    int sum = 0;
    for (int t = 0; t < 9; ++t) {
      const int extremes[] = {-255, 255};
      const int v = random() % 3 == 0 ? extremes[random() % 2] : static_cast<int>(random() % 511) - 255;
      sum += (m.codeword >> t & 1) != 0 ? v : -v;
      for (int bit = 0; bit < 9; ++bit) {
        const int at = 9 * t + bit;
        m.window.m_storage[at / 32] |= static_cast<std::uint32_t>(v >> bit & 1) << (at % 32);
      }
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

TEST(AxiReadModule, HandsOnTheBytesOfARunAligned) {
  Vsubbit_axi_read m;
  std::mt19937 random(3);
  std::vector<std::uint8_t> memory(1 << 16);
  for (auto& byte : memory) {
    byte = static_cast<std::uint8_t>(random());
  }
  m.rst = 1;
  Cycle(m);
  m.rst = 0;
  struct Burst {
    std::uint32_t address;
    std::uint32_t beats;
  };
  std::deque<Burst> bursts;
  for (int run = 0; run < 400; ++run) {
    const std::uint32_t address = random() % 60000;
    const std::uint32_t bytes = 1 + random() % (run % 4 == 0 ? 5000 : 40);
    std::vector<std::uint8_t> taken;
    bool asked = false;
    bool last = false;
    m.command_valid = 1;
    m.command_address = address;
    m.command_bytes = bytes;
    for (int cycle = 0; !last; ++cycle) {
      ASSERT_LT(cycle, 50000) << "run " << run << " does not end";
      m.m_axi_arready = random() % 3 != 0;
      m.beat_ready = random() % 3 != 0;
      if (!m.m_axi_rvalid && !bursts.empty() && random() % 3 != 0) {
        m.m_axi_rvalid = 1;
        std::memcpy(&m.m_axi_rdata, memory.data() + bursts.front().address, 8);
        m.m_axi_rlast = bursts.front().beats == 1;
      }
      m.clk = 0;
      m.eval();
      if (m.m_axi_arvalid && m.m_axi_arready) {
        ASSERT_EQ(m.m_axi_araddr % 8, 0u);
        ASSERT_LE(m.m_axi_araddr % 4096 + (m.m_axi_arlen + 1u) * 8, 4096u) << "a burst crosses a page";
        bursts.push_back({m.m_axi_araddr, m.m_axi_arlen + 1u});
      }
      const bool received = m.m_axi_rvalid && m.m_axi_rready;
      asked = asked || (m.command_valid && m.command_ready);
      if (m.beat_valid && m.beat_ready) {
        const auto* data = reinterpret_cast<const std::uint8_t*>(&m.beat_data);
        taken.insert(taken.end(), data, data + 8);
        last = m.beat_last;
      }
      m.clk = 1;
      m.eval();
      if (asked) {
        m.command_valid = 0;
      }
      if (received) {
        m.m_axi_rvalid = 0;
        bursts.front().address += 8;
        if (--bursts.front().beats == 0) {
          bursts.pop_front();
        }
      }
    }
    ASSERT_EQ(taken.size(), (bytes + 7) / 8 * 8) << "run " << run;
    ASSERT_TRUE(std::equal(taken.begin(), taken.begin() + bytes, memory.begin() + address)) << "run " << run;
  }
}

}  // namespace
}  // namespace subbit::fpga
