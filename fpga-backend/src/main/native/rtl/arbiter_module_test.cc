// The arbiter of the bus alone: two clients ask for runs at random, between models of reader and writer that stall.
// Runs of the list are cut into pieces at times.

#include <gtest/gtest.h>

#include <array>
#include <deque>

#include "Vsubbit_arbiter.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

constexpr std::size_t kClients = 2;
/// Of the module's parameters.
constexpr std::uint32_t kPiece = 4;

/// A run of reads or writes: whose it is, and its beats. Their data say where they come from.
struct Run {
  std::size_t client;
  std::uint32_t address;
  std::uint32_t beats;
  int asked_at = 0;   ///< the cycle of its command
  bool more = false;  ///< it is a piece, and others follow
};

class ArbiterBench {
 public:
  explicit ArbiterBench(unsigned seed) : random_(seed) { Reset(m_); }

  void Step() {
    for (std::size_t c = 0; c < kClients; ++c) {
      Client& client = clients_[c];
      if (!client.asks && client.expected.size() < 3 && random_() % 4 == 0) {
        client.asks = true;
        client.run = {c, static_cast<std::uint32_t>(random_()) & ~7u,
                      static_cast<std::uint32_t>(Between(random_, 1, 15))};
      }
      // Beats of a write are there some time after its command.
      if (!client.writes && client.asked.empty() && random_() % 4 == 0) {
        client.writes = true;
        client.command = {c, static_cast<std::uint32_t>(random_()) & ~7u,
                          static_cast<std::uint32_t>(Between(random_, 1, 15))};
      }
      if (client.left == 0 && !client.asked.empty()) {
        client.write = client.asked.front();
        client.left = client.write.beats;
        client.asked.pop_front();
      }
      client.beat_here = client.left > 0 && (client.beat_here || random_() % 4 != 0);
      client.takes = random_() % 4 != 0;
    }
    m_.hold_i = random_() % 16 == 0 ? 1 - m_.hold_i : m_.hold_i;
    m_.beside_i = random_() % 64 == 0 ? 1 - m_.beside_i : m_.beside_i;
    Apply();
    m_.read_ready_i = runs_.size() < 6 && Moves(random_);
    // A run's first beat comes some cycles after its command.
    beat_here_ = !runs_.empty() && cycle_ > runs_.front().asked_at + 4 && (beat_here_ || random_() % 4 != 0);
    m_.read_beat_valid_i = beat_here_;
    m_.read_beat_last_i = !runs_.empty() && runs_.front().beats == 1;
    m_.write_ready_i = write_.beats == 0 && Moves(random_);
    m_.write_beat_ready_i = Moves(random_);
    Settle(m_);
    Reads();
    Writes();
    Edge(m_);
    ++cycle_;
  }

  /// How many runs of each client have come to their end.
  std::array<int, kClients> reads{};
  std::array<int, kClients> writes{};

 private:
  struct Client {
    bool asks = false;
    Run run{};
    std::deque<Run> expected;  ///< runs that were asked for and have not come
    bool takes = false;
    bool writes = false;
    Run command{};          ///< of the write that is asked for
    std::deque<Run> asked;  ///< writes whose commands were taken, behind the one whose beats come
    Run write{};
    std::uint32_t left = 0;  ///< its beats
    bool beat_here = false;
  };

  std::uint64_t DataOf(std::size_t client, const Client& of) const {
    return (std::uint64_t{of.write.address} << 16) + of.left * 2 + client;
  }

  void Apply() {
    m_.list_read_valid_i = clients_[0].asks;
    m_.list_read_address_i = clients_[0].run.address;
    m_.list_read_bytes_i = 8 * clients_[0].run.beats;
    m_.list_read_beat_ready_i = clients_[0].takes;
    m_.list_write_valid_i = clients_[0].writes;
    m_.list_write_address_i = clients_[0].command.address;
    m_.list_write_beats_i = clients_[0].command.beats;
    m_.list_write_beat_valid_i = clients_[0].beat_here;
    m_.list_write_beat_data_i = DataOf(0, clients_[0]);
    m_.list_write_beat_strobe_i = 0x0F;
    m_.beside_read_valid_i = clients_[1].asks;
    m_.beside_read_address_i = clients_[1].run.address;
    m_.beside_read_bytes_i = 8 * clients_[1].run.beats;
    m_.beside_read_beat_ready_i = clients_[1].takes;
    m_.beside_write_valid_i = clients_[1].writes;
    m_.beside_write_address_i = clients_[1].command.address;
    m_.beside_write_beats_i = clients_[1].command.beats;
    m_.beside_write_beat_valid_i = clients_[1].beat_here;
    m_.beside_write_beat_data_i = DataOf(1, clients_[1]);
    m_.beside_write_beat_strobe_i = 0xF0;
  }

  void Reads() {
    const bool taken = m_.list_read_ready_o && clients_[0].asks;
    ASSERT_FALSE(m_.list_read_ready_o && read_held_.beats != 0) << "a run is held until all of it is asked for";
    ASSERT_EQ(m_.beside_read_ready_o, m_.read_ready_i);
    ASSERT_EQ(m_.read_valid_o, clients_[1].asks || read_held_.beats != 0);
    if (m_.read_valid_o && m_.read_ready_i) {
      // What is beside the list goes first.
      const Run run = clients_[1].asks ? clients_[1].run : read_held_;
      ASSERT_NO_FATAL_FAILURE(Begin(run, m_.read_address_o, m_.read_bytes_o / 8));
      runs_.push_back({run.client, m_.read_address_o, m_.read_bytes_o / 8, cycle_, run.beats > m_.read_bytes_o / 8});
      if (run.client == 1) {
        clients_[1].asks = false;
        clients_[1].expected.push_back(run);
      } else {
        read_held_ = Rest(run, m_.read_bytes_o / 8);
      }
    }
    if (taken) {
      read_held_ = clients_[0].run;
      clients_[0].asks = false;
      clients_[0].expected.push_back(read_held_);
    }
    const std::array<bool, kClients> valid = {m_.list_read_beat_valid_o != 0, m_.beside_read_beat_valid_o != 0};
    ASSERT_EQ(valid[0] + valid[1], beat_here_) << "a beat goes to one client";
    if (!beat_here_) {
      return;
    }
    Run& run = runs_.front();
    ASSERT_TRUE(valid[run.client]) << "a beat of client " << run.client << " goes to the other one";
    ASSERT_EQ(m_.read_beat_ready_o, clients_[run.client].takes);
    if (run.client == 0) {
      ASSERT_EQ(m_.list_read_beat_last_o, run.beats == 1 && !run.more);
    }
    if (m_.read_beat_ready_o) {
      beat_here_ = false;
      if (--run.beats == 0) {
        if (!run.more) {
          ++reads[run.client];
          clients_[run.client].expected.pop_front();
        }
        runs_.pop_front();
      }
    }
  }

  void Writes() {
    const std::array<bool, kClients> beat_ready = {m_.list_write_beat_ready_o != 0, m_.beside_write_beat_ready_o != 0};
    for (std::size_t c = 0; c < kClients; ++c) {
      Client& client = clients_[c];
      if (client.beat_here && beat_ready[c]) {
        ASSERT_TRUE(m_.write_beat_valid_o);
        ASSERT_EQ(write_.client, c) << "a beat in the other client's turn";
        ASSERT_GT(write_.beats, 0u);
        ASSERT_EQ(m_.write_beat_data_o, DataOf(c, client));
        ASSERT_EQ(m_.write_beat_strobe_o, c == 0 ? 0x0F : 0xF0);
        --write_.beats;
        --client.left;
        client.beat_here = false;
        writes[c] += client.left == 0;
      }
    }
    // While the list waits for the end of all writes, none is begun beside it.
    const bool beside = clients_[1].writes && !m_.hold_i;
    const bool taken = m_.list_write_ready_o && clients_[0].writes;
    ASSERT_EQ(m_.list_write_ready_o, write_held_.beats == 0) << "a run is held until the last piece of it is begun";
    ASSERT_EQ(m_.beside_write_ready_o && clients_[1].writes, beside && m_.write_ready_i);
    ASSERT_EQ(m_.write_valid_o, beside || write_held_.beats != 0);
    if (m_.write_valid_o && m_.write_ready_i) {
      const Run run = beside ? clients_[1].command : write_held_;
      ASSERT_NO_FATAL_FAILURE(Begin(run, m_.write_address_o, m_.write_beats_o));
      write_ = {run.client, run.address, m_.write_beats_o};
      if (run.client == 1) {
        clients_[1].writes = false;
        clients_[1].asked.push_back(run);
      } else {
        write_held_ = Rest(run, m_.write_beats_o);
      }
    }
    if (taken) {
      write_held_ = clients_[0].command;
      clients_[0].writes = false;
      clients_[0].asked.push_back(write_held_);
    }
  }

  /// A run, or what is left of it, begins with so many beats.
  void Begin(const Run& run, std::uint32_t address, std::uint32_t beats) {
    ASSERT_EQ(address, run.address) << "of client " << run.client;
    ASSERT_EQ(beats, run.client == 0 && m_.beside_i && run.beats > kPiece ? kPiece : run.beats);
  }

  /// What follows the first `beats` of a run of the list.
  static Run Rest(const Run& run, std::uint32_t beats) { return {0, run.address + 8 * beats, run.beats - beats}; }

  Vsubbit_arbiter m_;
  std::mt19937 random_;
  std::array<Client, kClients> clients_;
  std::deque<Run> runs_;  ///< that the reader has taken
  int cycle_ = 0;
  bool beat_here_ = false;
  Run write_{};  ///< what the writer has taken
  // Runs of the list that are not asked for, or not begun, or what is left of them.
  Run read_held_{};
  Run write_held_{};
};

TEST(ArbiterModule, GivesEachClientItsRuns) {
  ArbiterBench bench(1);
  for (int cycle = 0; cycle < 100000; ++cycle) {
    bench.Step();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "cycle " << cycle;
  }
  for (std::size_t c = 0; c < kClients; ++c) {
    EXPECT_GT(bench.reads[c], 1000);
    EXPECT_GT(bench.writes[c], 1000);
  }
}

}  // namespace
}  // namespace subbit::fpga
