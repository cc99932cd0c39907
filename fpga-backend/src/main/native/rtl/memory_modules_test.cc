// The memories of the engine alone: what was written is read, in the cycle that their headers promise.

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "Vsubbit_accumulator.h"
#include "Vsubbit_beat_queue.h"
#include "Vsubbit_channel_indices.h"
#include "Vsubbit_codebook.h"
#include "Vsubbit_copy.h"
#include "Vsubbit_index_memory.h"
#include "Vsubbit_index_memory_six.h"
#include "Vsubbit_memory.h"
#include "Vsubbit_queue.h"
#include "Vsubbit_response_table.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

TEST(MemoryModule, ReadsWhatWasWrittenBefore) {
  constexpr std::size_t kDepth = 16;
  Vsubbit_memory m;
  std::mt19937 random(8);
  std::array<std::uint8_t, kDepth> memory{};
  std::uint8_t expected = 0;
  int kept = 0;
  int collisions = 0;
  for (int cycle = 0; cycle < 20000; ++cycle) {
    const bool first = cycle < static_cast<int>(kDepth);
    m.write = first || Moves(random);
    m.write_address = static_cast<std::uint8_t>(first ? cycle : static_cast<int>(random() % kDepth));
    m.write_data = static_cast<std::uint8_t>(random());
    m.read = cycle > static_cast<int>(kDepth) && Moves(random);
    m.read_address = static_cast<std::uint8_t>(random() % kDepth);
    const bool collides = m.read && m.write && m.read_address == m.write_address;
    if (m.read) {
      // In simulation what must not be used is wrong for sure.
      expected = collides ? static_cast<std::uint8_t>(~memory[m.read_address]) : memory[m.read_address];
    }
    const bool known = cycle > static_cast<int>(kDepth) + 20;
    kept += known && !m.read ? 1 : 0;
    collisions += collides ? 1 : 0;
    Cycle(m);
    if (m.write) {
      memory[m.write_address] = m.write_data;
    }
    if (known) {
      ASSERT_EQ(m.read_data, expected) << "cycle " << cycle;
    }
  }
  EXPECT_GT(kept, 1000);
  EXPECT_GT(collisions, 100);
}

TEST(AccumulatorModule, KeepsTheHalvesApart) {
  constexpr int kDepth = 16;
  Vsubbit_accumulator m;
  std::mt19937 random(1);
  std::array<std::array<std::uint32_t, kDepth>, 2> memory{};
  for (int at = 0; at < 2 * kDepth; ++at) {
    m.write = 1;
    m.write_half = static_cast<std::uint8_t>(at / kDepth);
    m.write_address = static_cast<std::uint8_t>(at % kDepth);
    m.write_sum = memory[m.write_half][m.write_address] = random();
    Cycle(m);
  }
  std::optional<std::uint32_t> found;  // on its way: a sum follows two draining cycles after its address
  std::optional<std::uint32_t> drained;
  for (int cycle = 0; cycle < 20000; ++cycle) {
    // Write-back takes one half for a while; the core works on the other.
    if (cycle % 50 == 0) {
      m.draining = random() % 4 != 0;
      m.drain_half = random() % 2;
      found.reset();
      drained.reset();
    }
    m.drain = Moves(random);
    m.drain_address = random() % kDepth;
    m.half = m.write_half = m.draining ? !m.drain_half : random() % 2;
    m.read_address = random() % kDepth;
    m.write = Moves(random);
    m.write_address = random() % 4 == 0 ? m.read_address : random() % kDepth;
    m.write_sum = random();
    const std::uint32_t read = memory[m.half][m.read_address];
    if (m.draining && m.drain) {
      drained = found;
      found = memory[m.drain_half][m.drain_address];
    }
    Cycle(m);
    if (m.write) {
      memory[m.write_half][m.write_address] = m.write_sum;
    }
    if (!m.write || m.write_address != m.read_address) {
      ASSERT_EQ(m.read_sum, read) << "cycle " << cycle;
    }
    if (drained) {
      ASSERT_EQ(m.drain_sum, *drained) << "cycle " << cycle;
    }
  }
}

TEST(CodebookModule, GivesEveryReaderItsCodeword) {
  constexpr int kReaders = 2;
  Vsubbit_codebook m;
  std::mt19937 random(2);
  std::array<std::uint32_t, 512> codewords{};
  for (std::uint32_t index = 0; index < codewords.size(); ++index) {
    m.write = 1;
    m.write_index = static_cast<std::uint16_t>(index);
    m.write_codeword = static_cast<std::uint16_t>(codewords[index] = random() % 512);
    Cycle(m);
  }
  m.write = 0;
  for (int cycle = 0; cycle < 5000; ++cycle) {
    std::array<std::uint32_t, kReaders> indices{};
    for (int r = 0; r < kReaders; ++r) {
      indices[static_cast<std::size_t>(r)] = random() % 512;
      SetBits(m.read_indices, static_cast<std::size_t>(9 * r), 9, indices[static_cast<std::size_t>(r)]);
    }
    Cycle(m);
    for (int r = 0; r < kReaders; ++r) {
      ASSERT_EQ(GetBits(m.read_codewords, static_cast<std::size_t>(9 * r), 9),
                codewords[indices[static_cast<std::size_t>(r)]]);
    }
  }
}

TEST(ResponseTableModule, LooksUpWhileTheOtherBankIsFilled) {
  constexpr int kDepth = 16;
  constexpr int kWrites = 4;
  constexpr int kBits = 14;
  Vsubbit_response_table m;
  std::mt19937 random(3);
  std::array<std::array<std::uint32_t, kDepth>, 2> banks{};
  for (int cycle = 0; cycle < 20000; ++cycle) {
    const bool first = cycle < 2 * kDepth / kWrites;
    m.write = first || Moves(random);
    m.write_bank = first ? cycle % 2 : random() % 2;
    m.write_row = static_cast<std::uint8_t>(first ? cycle / 2 : random() % (kDepth / kWrites));
    std::array<std::uint32_t, kWrites> responses{};
    for (int w = 0; w < kWrites; ++w) {
      responses[static_cast<std::size_t>(w)] = random() % (1u << kBits);
      SetBits(m.write_responses, static_cast<std::size_t>(kBits * w), kBits, responses[static_cast<std::size_t>(w)]);
    }
    m.read_bank = random() % 2;
    m.read_index = random() % kDepth;
    Settle(m);
    if (!first) {
      ASSERT_EQ(m.read_response, banks[m.read_bank][m.read_index]) << "cycle " << cycle;
    }
    Edge(m);
    for (int w = 0; m.write && w < kWrites; ++w) {
      banks[m.write_bank][static_cast<std::size_t>(m.write_row * kWrites + w)] = responses[static_cast<std::size_t>(w)];
    }
  }
}

/// Stores the bit planes of random indices as the weight loader does, and gathers those of one input channel after
/// the other.
template <class Memory, int kPlanes>
void GathersIndices(unsigned seed) {
  constexpr int kMaxChannels = 32;
  constexpr int kWordBits = 32;
  Memory m;
  std::mt19937 random(seed);
  Reset(m);
  for (int layer = 0; layer < 60; ++layer) {
    const int in_channels = Between(random, 1, kMaxChannels);
    const int out_channels = Between(random, 1, kMaxChannels);
    const int tau = Between(random, 1, kPlanes);
    const int kernels = in_channels * out_channels;
    std::vector<std::uint32_t> indices(static_cast<std::size_t>(kernels));
    for (auto& index : indices) {
      index = random() % (1u << tau);
    }
    m.in_channels = static_cast<std::uint16_t>(in_channels);
    m.out_channels = static_cast<std::uint16_t>(out_channels);
    m.tau = static_cast<std::uint8_t>(tau);
    for (int plane = 0; plane < tau; ++plane) {
      for (int word = 0; word * kWordBits < kernels; ++word) {
        m.store = 1;
        m.store_plane = static_cast<std::uint8_t>(plane);
        m.store_address = static_cast<std::uint8_t>(word);
        m.store_data = random();
        for (int i = 0; i < kWordBits && word * kWordBits + i < kernels; ++i) {
          SetBits(m.store_data, static_cast<std::size_t>(i), 1,
                  indices[static_cast<std::size_t>(word * kWordBits + i)] >> plane & 1);
        }
        Cycle(m);
      }
    }
    m.store = 0;
    for (int step = 0; step < 6; ++step) {
      const int channel = Between(random, 0, in_channels - 1);
      m.gather = 1;
      m.gather_half = step % 2;
      m.gather_channel = static_cast<std::uint16_t>(channel);
      int cycles = 0;
      int seen = 0;
      do {
        Cycle(m);
        m.gather = 0;
        if (m.gathered) {
          ASSERT_EQ(m.gathered_half, step % 2);
          ASSERT_EQ(m.gathered_channel, seen);
          ASSERT_EQ(m.gathered_index, indices[static_cast<std::size_t>(seen * in_channels + channel)])
              << "layer " << layer << ", channel " << channel << " to " << seen;
          ++seen;
        }
        ASSERT_LT(++cycles, out_channels + 10) << "an output channel a cycle";
      } while (m.gathering);
      ASSERT_EQ(seen, out_channels);
    }
  }
}

TEST(IndexMemoryModule, GathersTheIndicesOfAChannel) { GathersIndices<Vsubbit_index_memory, 9>(4); }
TEST(IndexMemoryModule, GathersIndicesOfSixBits) { GathersIndices<Vsubbit_index_memory_six, 6>(5); }

TEST(ChannelIndicesModule, GivesTheLanesTheirIndicesTogether) {
  constexpr int kLanes = 4;
  constexpr int kSlots = 8;
  Vsubbit_channel_indices m;
  std::mt19937 random(6);
  std::array<std::array<std::uint32_t, kLanes * kSlots>, 2> halves{};
  for (int cycle = 0; cycle < 20000; ++cycle) {
    const bool first = cycle < 2 * kLanes * kSlots;
    m.write = first || Moves(random);
    m.write_half = static_cast<std::uint8_t>(first ? cycle % 2 : random() % 2);
    m.write_channel = static_cast<std::uint16_t>(first ? cycle / 2 : random() % (kLanes * kSlots));
    m.write_index = random() % 512;
    m.read_half = random() % 2;
    m.read_slot = random() % kSlots;
    const auto expected = halves[m.read_half];
    Cycle(m);
    for (int l = 0; !first && l < kLanes; ++l) {
      if (m.write && m.write_half == m.read_half && m.write_channel == m.read_slot * kLanes + l) {
        continue;  // not defined
      }
      ASSERT_EQ(GetBits(m.read_indices, static_cast<std::size_t>(9 * l), 9),
                expected[static_cast<std::size_t>(m.read_slot * kLanes + l)])
          << "cycle " << cycle << ", lane " << l;
    }
    if (m.write) {
      halves[m.write_half][m.write_channel] = m.write_index;
    }
  }
}

TEST(CopyModule, FollowsACycleLater) {
  Vsubbit_copy m;
  std::mt19937 random(7);
  for (int cycle = 0; cycle < 1000; ++cycle) {
    const std::uint64_t source = (std::uint64_t{random()} << 32 | random()) >> 24;
    m.source = source;
    Cycle(m);
    m.source = ~source & 0xFFFFFFFFFF;
    Settle(m);
    ASSERT_EQ(m.copy, source);
  }
}

TEST(QueueModule, GivesWhatItGotInOrder) {
  constexpr std::size_t kDepth = 4;
  Vsubbit_queue m;
  std::mt19937 random(5);
  Reset(m);
  std::deque<std::uint32_t> held;
  std::size_t most = 0;
  for (int cycle = 0; cycle < 20000; ++cycle) {
    m.in_valid = Moves(random);
    m.in_data = random() % 256;
    // Long waits fill the queue, long calms empty it.
    m.out_ready = cycle / 20 % 2 == 0 ? Moves(random) : random() % 8 == 0;
    Settle(m);
    ASSERT_EQ(m.out_valid, held.empty() ? 0 : 1);
    ASSERT_EQ(m.in_ready, held.size() < kDepth ? 1 : 0);
    if (m.out_valid && m.out_ready) {
      ASSERT_EQ(m.out_data, held.front());
      held.pop_front();
    }
    if (m.in_valid && m.in_ready) {
      held.push_back(m.in_data);
    }
    most = std::max(most, held.size());
    Edge(m);
  }
  EXPECT_EQ(most, kDepth);
}

TEST(BeatQueueModule, TakesABeatInEveryCycleAndGivesThemInOrder) {
  constexpr std::size_t kDepth = 16;
  Vsubbit_beat_queue m;
  std::mt19937 random(9);
  Reset(m);
  std::deque<std::uint64_t> held;
  std::size_t most = 0;
  for (int cycle = 0; cycle < 20000; ++cycle) {
    if (random() % 500 == 0) {
      Reset(m);
      held.clear();
    }
    m.in_valid = held.size() < kDepth && Moves(random);
    m.in_data = (std::uint64_t{random()} << 32 | random()) & 0xFFFFFFFFFF;
    m.out_ready = cycle / 40 % 2 == 0 ? Moves(random) : random() % 8 == 0;
    Settle(m);
    ASSERT_FALSE(m.out_valid && held.empty());
    if (m.out_valid && m.out_ready) {
      ASSERT_EQ(m.out_data, held.front());
      held.pop_front();
    }
    if (m.in_valid) {
      held.push_back(m.in_data);
    }
    most = std::max(most, held.size());
    Edge(m);
  }
  EXPECT_EQ(most, kDepth);
  // What is in it leaves one beat per cycle, the first two cycles after it entered.
  Reset(m);
  m.out_ready = 1;
  for (int cycle = 0; cycle < 8; ++cycle) {
    m.in_valid = cycle < 4;
    m.in_data = static_cast<std::uint64_t>(cycle);
    Settle(m);
    ASSERT_EQ(m.out_valid, cycle >= 2 && cycle < 6 ? 1 : 0) << "cycle " << cycle;
    ASSERT_TRUE(!m.out_valid || m.out_data == static_cast<std::uint64_t>(cycle - 2));
    Edge(m);
  }
}

}  // namespace
}  // namespace subbit::fpga
