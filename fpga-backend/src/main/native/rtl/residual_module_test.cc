// The module that fetches residuals, alone: a bus with random stalls on one side, a write-back that takes bytes at
// random on the other.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

#include "Vsubbit_residual.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

constexpr std::uint32_t kBusBytes = 8;
/// Of the module's parameters.
constexpr std::size_t kDepth = 64;

/// A tile's runs and where they lie.
struct Runs {
  std::uint32_t address;
  std::uint32_t stride;
  std::uint32_t pixels;
  std::uint32_t channels;
};

/// Answers one command after the other, aligned to its first byte, as subbit_axi_read does.
class Reader {
 public:
  Reader(const std::vector<std::uint8_t>& memory, std::mt19937& random) : memory_(memory), random_(random) {}

  void Drive(Vsubbit_residual& m) {
    m.read_ready = beats_.empty() && random_() % 4 == 0;
    m.beat_valid = !beats_.empty() && random_() % 3 != 0;
    m.beat_data = m.beat_valid ? beats_.front() : random_();
  }

  void Sample(const Vsubbit_residual& m) {
    if (m.beat_valid) {
      beats_.pop_front();
    }
    if (m.read_valid && m.read_ready) {
      for (std::uint32_t at = 0; at < m.read_bytes; at += kBusBytes) {
        std::uint64_t beat = random_();
        const std::uint32_t bytes = std::min<std::uint32_t>(kBusBytes, m.read_bytes - at);
        for (std::uint32_t b = 0; b < bytes; ++b) {
          beat = (beat & ~(std::uint64_t{0xFF} << (8 * b))) | std::uint64_t{memory_[m.read_address + at + b]}
                                                                  << (8 * b);
        }
        beats_.push_back(beat);
      }
    }
  }

 private:
  const std::vector<std::uint8_t>& memory_;
  std::mt19937& random_;
  std::deque<std::uint64_t> beats_;
};

/// Takes all bytes of a tile; those that are enabled at random, as the write-back's pipeline is.
void TakeTile(Vsubbit_residual& m, Reader& reader, const Runs& runs, const std::vector<std::uint8_t>& memory,
              std::mt19937& random) {
  std::vector<std::uint8_t> expected;
  for (std::uint32_t c = 0; c < runs.channels; ++c) {
    const auto* run = memory.data() + runs.address + c * runs.stride;
    expected.insert(expected.end(), run, run + runs.pixels);
  }
  m.address = runs.address;
  m.stride = runs.stride;
  m.pixels = runs.pixels - 1;
  m.channels = runs.channels;
  std::vector<std::uint8_t> taken;
  std::deque<bool> pipeline = {false, false};
  std::size_t asked_for = 0;
  m.start = 1;
  for (int cycle = 0; taken.size() < expected.size(); ++cycle) {
    ASSERT_LT(cycle, 200000) << "the tile does not end";
    reader.Drive(m);
    m.enable = random() % 4 != 0;
    m.take = 0;
    Settle(m);
    m.take = m.enable && m.available && random() % 4 != 0 && asked_for < expected.size();
    m.take_last = asked_for % runs.pixels == runs.pixels - 1;
    m.eval();
    if (m.enable) {
      if (pipeline.front()) {
        taken.push_back(m.value);
      }
      pipeline.pop_front();
      pipeline.push_back(m.take);
    }
    asked_for += m.take;
    reader.Sample(m);
    Edge(m);
    m.start = 0;
  }
  ASSERT_EQ(taken, expected) << runs.pixels << " pixels of " << runs.channels << " channels at " << runs.address;
}

TEST(ResidualModule, GivesTheBytesOfEveryRunInOrder) {
  std::mt19937 random(1);
  std::vector<std::uint8_t> memory(1 << 20);
  for (auto& byte : memory) {
    byte = static_cast<std::uint8_t>(random());
  }
  Vsubbit_residual m;
  Reset(m);
  Reader reader(memory, random);
  for (int tile = 0; tile < 300; ++tile) {
    Runs runs;
    runs.pixels = 1 + static_cast<std::uint32_t>(random() % (tile % 8 == 0 ? 1024 : 70));
    runs.channels = 1 + static_cast<std::uint32_t>(random() % 12);
    runs.stride = runs.pixels + static_cast<std::uint32_t>(random() % 100);
    runs.address = static_cast<std::uint32_t>(random() % (memory.size() / 2));
    TakeTile(m, reader, runs, memory, random);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "tile " << tile;
  }
}

TEST(ResidualModule, AsksForNoMoreThanItCanHold) {
  // Nobody takes anything: what was asked for must stay within what is held.
  Vsubbit_residual m;
  Reset(m);
  m.start = 1;
  m.pixels = 1023;
  m.channels = 100;
  m.stride = 1024;
  m.enable = 1;
  m.read_ready = 1;
  std::size_t beats = 0;
  for (int cycle = 0; cycle < 1000; ++cycle) {
    Settle(m);
    if (m.read_valid) {
      beats += (m.read_bytes + kBusBytes - 1) / kBusBytes;
    }
    Edge(m);
    m.start = 0;
  }
  EXPECT_EQ(beats, kDepth);
}

}  // namespace
}  // namespace subbit::fpga
