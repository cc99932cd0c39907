// The AXI4 masters alone, against a memory whose channels all stand still at random.
// (`__SYM__abort` is what Verilator makes of the port `abort`, a name that C has taken.)

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <type_traits>
#include <vector>

#include "Vsubbit_axi_read.h"
#include "Vsubbit_axi_read_narrow.h"
#include "Vsubbit_axi_read_wide.h"
#include "Vsubbit_axi_write.h"
#include "Vsubbit_axi_write_narrow.h"
#include "Vsubbit_axi_write_wide.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

constexpr std::uint32_t kPage = 4096;
/// Where byte 0 of the memory lies on the bus.
constexpr std::uint32_t kBase = 0x00A3B000;

struct Burst {
  std::uint32_t address;
  std::uint32_t beats;
};

std::vector<std::uint8_t> RandomMemory(std::mt19937& random) {
  std::vector<std::uint8_t> memory(1 << 16);
  for (auto& byte : memory) {
    byte = static_cast<std::uint8_t>(random());
  }
  return memory;
}

/// The reading side of a memory, whose channels stand still at random, or, with a latency, never.
template <class Reader>
class ReadSlave {
 public:
  static constexpr std::uint32_t kBytes = sizeof(Reader::m_axi_rdata);

  ReadSlave(Reader& m, const std::vector<std::uint8_t>& memory, std::mt19937& random, int latency = 0)
      : m_(m), memory_(memory), random_(random), latency_(latency) {}

  /// Before the module settles.
  void Drive(bool fails = false) {
    m_.m_axi_arready = Goes();
    if (!m_.m_axi_rvalid && !bursts_.empty() && bursts_.front().from <= cycle_ && Goes()) {
      m_.m_axi_rvalid = 1;
      std::memcpy(&m_.m_axi_rdata, memory_.data() + bursts_.front().address, kBytes);
      m_.m_axi_rlast = bursts_.front().beats == 1;
      m_.m_axi_rresp = fails ? 2 : 0;
    }
  }

  /// When it has settled.
  void Sample() {
    if (m_.m_axi_arvalid && m_.m_axi_arready) {
      const std::uint32_t beats = m_.m_axi_arlen + 1u;
      ASSERT_EQ(m_.m_axi_araddr % kBytes, 0u);
      ASSERT_LE(m_.m_axi_araddr % kPage + beats * kBytes, kPage) << "a burst crosses a page";
      ASSERT_LT(m_.m_axi_araddr - kBase, memory_.size());
      bursts_.push_back({{m_.m_axi_araddr - kBase, beats}, cycle_ + latency_});
    }
    ASSERT_FALSE(m_.m_axi_rvalid && !m_.m_axi_rready) << "the memory has to wait";
    received_ = m_.m_axi_rvalid;
  }

  /// After the edge.
  void Clock() {
    if (received_) {
      m_.m_axi_rvalid = 0;
      bursts_.front().address += kBytes;
      if (--bursts_.front().beats == 0) {
        bursts_.pop_front();
      }
    }
    ++cycle_;
  }

  bool idle() const { return bursts_.empty(); }

 private:
  struct Requested : Burst {
    int from;
  };

  bool Goes() { return latency_ > 0 || Moves(random_); }

  Reader& m_;
  const std::vector<std::uint8_t>& memory_;
  std::mt19937& random_;
  const int latency_;
  std::deque<Requested> bursts_;
  bool received_ = false;
  int cycle_ = 0;
};

/// A run of bytes.
struct ByteRun {
  std::uint32_t address;
  std::uint32_t bytes;
};

ByteRun RandomRun(std::mt19937& random) {
  return {static_cast<std::uint32_t>(random() % 60000),
          static_cast<std::uint32_t>(1 + random() % (random() % 4 == 0 ? 5000 : 40))};
}

/// A reader to which runs are given as soon as it takes them.
template <class Reader>
class ReadBench {
 public:
  static constexpr std::uint32_t kBytes = ReadSlave<Reader>::kBytes;

  /// Without a latency, memory, commands and beats stand still at random.
  explicit ReadBench(unsigned seed, int latency = 0)
      : random_(seed), memory_(RandomMemory(random_)), slave_(m_, memory_, random_, latency), latency_(latency) {
    m_.base = kBase;
    Reset(m_);
  }

  std::mt19937& random() { return random_; }
  bool busy() const { return m_.busy != 0; }
  bool slave_is_idle() const { return slave_.idle(); }

  /// Reads runs and compares their bytes; returns the cycles that this takes. Every response fails, or none.
  void Read(const std::vector<ByteRun>& runs, bool fails, int* cycles) {
    faults_ = 0;
    given_ = 0;
    std::size_t done = 0;
    std::vector<std::uint8_t> taken;
    for (*cycles = 0; done < runs.size(); ++*cycles) {
      ASSERT_LT(*cycles, 100000) << "run " << done << " does not end";
      Step(runs, fails, false);
      if (!beat_.empty()) {
        ASSERT_LT(done, given_) << "a beat of a run that was not asked for";
        taken.insert(taken.end(), beat_.begin(), beat_.end());
      }
      if (!beat_.empty() && last_) {
        const ByteRun& run = runs[done];
        ASSERT_EQ(taken.size(), (run.bytes + kBytes - 1) / kBytes * kBytes) << "run " << done;
        ASSERT_TRUE(std::equal(taken.begin(), taken.begin() + run.bytes, memory_.begin() + run.address))
            << "run " << done;
        taken.clear();
        ++done;
      }
    }
    for (int i = 0; i < 10; ++i) {
      Step({}, fails, false);
      ASSERT_TRUE(beat_.empty() && !m_.busy) << "goes on after the last run";
    }
    ASSERT_EQ(faults_ > 0, fails);
  }

  /// A cycle; the beat that is taken in it is kept.
  void Step(const std::vector<ByteRun>& runs, bool fails, bool abort) {
    slave_.Drive(fails);
    m_.__SYM__abort = abort;
    m_.beat_ready = Goes();
    if (given_ >= runs.size()) {
      m_.command_valid = 0;
    } else if (!m_.command_valid) {
      m_.command_valid = Goes();
      m_.command_address = runs[given_].address;
      m_.command_bytes = runs[given_].bytes;
    }
    Settle(m_);
    slave_.Sample();
    beat_.clear();
    if (m_.beat_valid && m_.beat_ready) {
      for (std::size_t b = 0; b < kBytes; ++b) {
        beat_.push_back(static_cast<std::uint8_t>(GetBits(m_.beat_data, 8 * b, 8)));
      }
      last_ = m_.beat_last != 0;
    }
    beat_offered_ = m_.beat_valid != 0;
    const bool asked = m_.command_valid && m_.command_ready;
    given_ += asked;
    Edge(m_);
    if (asked || abort) {
      m_.command_valid = 0;
    }
    faults_ += m_.fault;
    slave_.Clock();
  }

  void Restart() { given_ = 0; }
  bool beat_offered() const { return beat_offered_; }

 private:
  bool Goes() { return latency_ > 0 || Moves(random_); }

  Reader m_;
  std::mt19937 random_;
  const std::vector<std::uint8_t> memory_;
  ReadSlave<Reader> slave_;
  const int latency_;
  std::size_t given_ = 0;
  int faults_ = 0;
  std::vector<std::uint8_t> beat_;
  bool last_ = false;
  bool beat_offered_ = false;
};

template <class Reader>
void ReadsRuns() {
  ReadBench<Reader> bench(1);
  for (int round = 0; round < 80; ++round) {
    std::vector<ByteRun> runs(1 + bench.random()() % 12);
    std::generate(runs.begin(), runs.end(), [&] { return RandomRun(bench.random()); });
    int cycles = 0;
    bench.Read(runs, round % 16 == 15, &cycles);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "round " << round;
  }
}

TEST(AxiReadModule, HandsOnTheBytesOfARunAlignedTo4Bytes) { ReadsRuns<Vsubbit_axi_read_narrow>(); }
TEST(AxiReadModule, HandsOnTheBytesOfARunAlignedTo8Bytes) { ReadsRuns<Vsubbit_axi_read>(); }
TEST(AxiReadModule, HandsOnTheBytesOfARunAlignedTo16Bytes) { ReadsRuns<Vsubbit_axi_read_wide>(); }

TEST(AxiReadModule, PaysTheLatencyOfMemoryOnceForRunsThatFollowEachOther) {
  constexpr int kLatency = 100;
  ReadBench<Vsubbit_axi_read> bench(3, kLatency);
  std::vector<ByteRun> runs;
  for (std::uint32_t run = 0; run < 20; ++run) {
    runs.push_back({1000 * run + 3, 320});
  }
  int cycles = 0;
  bench.Read(runs, false, &cycles);
  // 41 beats for each, and a few cycles until the first address is out and the first beat is through.
  EXPECT_LE(cycles, kLatency + 20 * 41 + 12);
}

TEST(AxiReadModule, TakesWhatItAskedForBeforeItIsIdleAfterAnAbort) {
  ReadBench<Vsubbit_axi_read> bench(2);
  for (int round = 0; round < 200; ++round) {
    std::vector<ByteRun> runs(1 + bench.random()() % 4);
    std::generate(runs.begin(), runs.end(), [&] { return RandomRun(bench.random()); });
    const int abort_at = Between(bench.random(), 1, 400);
    bench.Restart();
    for (int cycle = 0; cycle <= abort_at || bench.busy(); ++cycle) {
      ASSERT_LT(cycle, 5000) << "round " << round << " stays busy";
      bench.Step(cycle <= abort_at ? runs : std::vector<ByteRun>(), false, cycle == abort_at);
      ASSERT_FALSE(cycle > abort_at && bench.beat_offered()) << "round " << round << ": data after an abort";
    }
    ASSERT_TRUE(bench.slave_is_idle()) << "round " << round << ": idle with a burst on the bus";
    // What is asked for then comes as if nothing had been.
    int cycles = 0;
    bench.Read({RandomRun(bench.random())}, false, &cycles);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "round " << round;
  }
}

/// A writer with its stream of beats and the memory that it writes to.
template <class Writer>
class WriteBench {
 public:
  static constexpr std::uint32_t kBytes = sizeof(Writer::m_axi_wdata);

  explicit WriteBench(unsigned seed) : random_(seed), memory_(RandomMemory(random_)), expected_(memory_) {
    m_.base = kBase;
    Reset(m_);
  }

  /// Writes a run of beats; gives up in cycle `abort_at` where that is not negative.
  void Run(std::uint32_t address, std::uint32_t beats, bool fails, int abort_at) {
    m_.command_valid = 1;
    m_.command_address = address;
    m_.command_beats = beats;
    m_.beat_valid = 0;
    faults_ = 0;
    std::uint32_t handed = 0;
    announced_ = 0;
    sent_ = 0;
    std::size_t sent_before_abort = 0;
    std::vector<Beat> given;
    bool asked = false;
    const auto ended = [&](int cycle) { return abort_at >= 0 ? cycle > abort_at : asked && handed == beats; };
    for (int cycle = 0; !ended(cycle) || m_.busy; ++cycle) {
      ASSERT_LT(cycle, 20000) << "stays busy";
      const bool aborted = abort_at >= 0 && cycle > abort_at;
      m_.__SYM__abort = cycle == abort_at;
      // After an abort the beat that was offered is withdrawn, with its strobes still standing, as the packer leaves
      // them.
      m_.beat_valid = !aborted && asked && handed < beats && (m_.beat_valid || Moves(random_));
      if (m_.beat_valid && fresh_) {
        for (std::size_t b = 0; b < kBytes; ++b) {
          SetBits(m_.beat_data, 8 * b, 8, random_());
          SetBits(m_.beat_strobe, b, 1, random_() % 4 != 0 ? 1 : 0);
        }
        fresh_ = false;
      }
      m_.m_axi_awready = Moves(random_);
      m_.m_axi_wready = Moves(random_);
      if (!m_.m_axi_bvalid && unanswered_ > 0 && Moves(random_)) {
        m_.m_axi_bvalid = 1;
        m_.m_axi_bresp = fails ? 2 : 0;
      }
      Settle(m_);
      asked = asked || (m_.command_valid && m_.command_ready);
      const bool taken = m_.beat_valid && m_.beat_ready;
      if (taken) {
        given.push_back({m_.beat_data, m_.beat_strobe, false});
        ++handed;
        fresh_ = true;
      }
      Bus();
      if (!aborted) {
        sent_before_abort = sent_;
      }
      ASSERT_LE(announced_, handed) << "a burst is announced before its beats are here";
      const bool answered = m_.m_axi_bvalid && m_.m_axi_bready;
      Edge(m_);
      faults_ += m_.fault;
      m_.command_valid = !asked && !aborted;
      if (taken) {
        m_.beat_valid = 0;
      }
      if (answered) {
        m_.m_axi_bvalid = 0;
        --unanswered_;
      }
    }
    m_.__SYM__abort = 0;
    ASSERT_TRUE(bursts_.empty() && beats_.empty() && unanswered_ == 0) << "idle with a burst on the bus";
    // All that was handed over is written. With an abort it is what was on the bus by then, and up to two beats more,
    // which were on their way.
    std::size_t written = abort_at < 0 ? given.size() : sent_before_abort;
    for (std::size_t i = 0; i < written; ++i) {
      Write(expected_, address + static_cast<std::uint32_t>(i) * kBytes, given[i].data, given[i].strobe);
    }
    for (; abort_at >= 0 && memory_ != expected_ && written < std::min(given.size(), sent_before_abort + 2);
         ++written) {
      Write(expected_, address + static_cast<std::uint32_t>(written) * kBytes, given[written].data,
            given[written].strobe);
    }
    const auto different = std::mismatch(memory_.begin(), memory_.end(), expected_.begin()).first;
    ASSERT_TRUE(different == memory_.end())
        << "byte " << different - memory_.begin() << " is not what was handed over, in a run of " << beats
        << " beats at " << address;
    ASSERT_EQ(faults_ > 0, fails && abort_at < 0);
  }

 protected:
  struct Beat {
    // Ports are references to the model.
    std::remove_reference_t<decltype(Writer::m_axi_wdata)> data;
    std::remove_reference_t<decltype(Writer::m_axi_wstrb)> strobe;
    bool last;
  };

  /// Takes what is on the bus; data may come before its address.
  void Bus() {
    if (m_.m_axi_awvalid && m_.m_axi_awready) {
      const std::uint32_t beats = m_.m_axi_awlen + 1u;
      ASSERT_EQ(m_.m_axi_awaddr % kBytes, 0u);
      ASSERT_LE(m_.m_axi_awaddr % kPage + beats * kBytes, kPage) << "a burst crosses a page";
      ASSERT_LT(m_.m_axi_awaddr - kBase, memory_.size());
      bursts_.push_back({m_.m_axi_awaddr - kBase, beats});
      announced_ += beats;
    }
    if (m_.m_axi_wvalid && m_.m_axi_wready) {
      beats_.push_back({m_.m_axi_wdata, m_.m_axi_wstrb, m_.m_axi_wlast != 0});
      ++sent_;
    }
    while (!bursts_.empty() && !beats_.empty()) {
      Burst& burst = bursts_.front();
      Write(memory_, burst.address, beats_.front().data, beats_.front().strobe);
      ASSERT_EQ(beats_.front().last, burst.beats == 1) << "the last beat is marked wrongly";
      beats_.pop_front();
      burst.address += kBytes;
      if (--burst.beats == 0) {
        bursts_.pop_front();
        ++unanswered_;
      }
    }
  }

  template <class Data, class Strobe>
  static void Write(std::vector<std::uint8_t>& memory, std::uint32_t address, const Data& data, const Strobe& strobe) {
    for (std::size_t b = 0; b < kBytes; ++b) {
      if (GetBits(strobe, b, 1) != 0) {
        memory[address + b] = static_cast<std::uint8_t>(GetBits(data, 8 * b, 8));
      }
    }
  }

  Writer m_;
  std::mt19937 random_;
  std::vector<std::uint8_t> memory_;
  std::vector<std::uint8_t> expected_;
  std::deque<Burst> bursts_;
  std::deque<Beat> beats_;
  std::uint32_t announced_ = 0;  ///< beats of the run whose address was taken
  std::size_t sent_ = 0;         ///< beats of the run that were taken from the bus
  int unanswered_ = 0;
  int faults_ = 0;
  bool fresh_ = true;
};

template <class Writer>
void WritesRuns() {
  WriteBench<Writer> bench(3);
  std::mt19937 random(4);
  for (int run = 0; run < 300; ++run) {
    const std::uint32_t address = random() % (40000 / bench.kBytes) * bench.kBytes;
    bench.Run(address, 1 + random() % (run % 4 == 0 ? 600 : 12), run % 16 == 15, -1);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(AxiWriteModule, WritesTheBytesThatAreMarkedOn4Bytes) { WritesRuns<Vsubbit_axi_write_narrow>(); }
TEST(AxiWriteModule, WritesTheBytesThatAreMarkedOn8Bytes) { WritesRuns<Vsubbit_axi_write>(); }
TEST(AxiWriteModule, WritesTheBytesThatAreMarkedOn16Bytes) { WritesRuns<Vsubbit_axi_write_wide>(); }

TEST(AxiWriteModule, WritesNothingMoreAfterAnAbort) {
  WriteBench<Vsubbit_axi_write> bench(5);
  std::mt19937 random(6);
  for (int run = 0; run < 300; ++run) {
    const std::uint32_t address = random() % (40000 / bench.kBytes) * bench.kBytes;
    bench.Run(address, 1 + random() % 600, false, Between(random, 0, 600));
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

}  // namespace
}  // namespace subbit::fpga
