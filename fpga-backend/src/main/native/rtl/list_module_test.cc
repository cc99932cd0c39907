// The list of descriptors alone, between models of the bus, the checks, the weight loader and the engine, all with
// random delays: what it requests from which module, in which order, and what it writes back.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "Vsubbit_list.h"
#include "Vsubbit_list_narrow.h"
#include "Vsubbit_list_wide.h"
#include "rtl/list_course.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

template <class List>
class ListBench {
 public:
  explicit ListBench(unsigned seed) : random_(seed) { Reset(m_); }

  /// A random list, with a transfer that fails or a reset at random.
  void Run() {
    Fill();
    const Course expected = ExpectedCourse(list_, count_, entries_);
    const bool faulty = random_() % 8 == 0 && expected.error != ErrorCode::kDescriptorList;
    const int reset_at = random_() % 8 == 0 ? Between(random_, 1, 600) : -1;
    fault_in_ = faulty ? Between(random_, 1, 100) : -1;
    m_.list_address = list_;
    m_.list_count = count_;
    m_.start = 1;
    bool finished = false;
    for (int cycle = 0; !finished; ++cycle) {
      ASSERT_LT(cycle, 20000) << "the list does not end";
      if (cycle == reset_at) {
        Reset(m_);
        ASSERT_FALSE(m_.running || m_.read_valid || m_.write_valid || m_.write_beat_valid) << "goes on after a reset";
        Forget();
        return;
      }
      Step(cycle);
      finished = m_.finished;
      m_.start = 0;
    }
    if (fault_at_ >= 0) {
      ASSERT_EQ(m_.error, static_cast<int>(ErrorCode::kInternal));
    } else {
      ASSERT_EQ(events_, expected.events);
      ASSERT_EQ(m_.error, static_cast<int>(expected.error));
      ASSERT_EQ(m_.error_descriptor, expected.error_descriptor);
    }
    // What is waited for at the end counts, too.
    ASSERT_NEAR(static_cast<double>(m_.cycles), static_cast<double>(cycles_ + late_), beside_ ? 3 : 0)
        << "of all layers that did not fail";
    ASSERT_EQ(array_in_ + array_answer_in_, 0) << "ends before the layer that has the array";
    ASSERT_EQ(memory_, expected_memory_) << "memory that is not the status changed";
    for (int i = 0; i < 10; ++i) {
      Cycle(m_);
      ASSERT_FALSE(m_.finished || m_.running || m_.read_valid || m_.write_valid || m_.write_beat_valid);
    }
    Forget();
  }

 private:
  static constexpr std::size_t kBytes = sizeof(List::read_beat_data);

  /// Random entries at a random place, sometimes where they cannot be.
  void Fill() {
    memory_.resize(kListMemoryBytes);
    for (auto& byte : memory_) {
      byte = static_cast<std::uint8_t>(random_());
    }
    count_ = static_cast<std::uint32_t>(Between(random_, 1, 6));
    list_ = 64 * (random_() % 2 == 0 ? random_() % 900 : kListMemoryBytes / 64 - 1 - random_() % 16);
    entries_.assign(count_, Entry{});
    std::uint64_t at = list_;
    for (Entry& entry : entries_) {
      const std::uint16_t versions[] = {1, 2, 1, 2, 1, 2, 3, 0x102};
      entry.version = versions[random_() % 8];
      entry.verdict = random_() % 8 == 0 ? static_cast<ErrorCode>(Between(random_, 2, 8)) : ErrorCode::kNone;
      entry.decoded = entry.verdict == ErrorCode::kNone || random_() % 2 == 0;
      entry.needs_array = random_() % 3 == 0;
      entry.load_error = random_() % 8 == 0 ? static_cast<ErrorCode>(Between(random_, 6, 7)) : ErrorCode::kNone;
      if (at + 6 <= kListMemoryBytes) {
        std::memcpy(&memory_[at + 4], &entry.version, 2);
      }
      at += entry.bytes();
    }
    switch (random_() % 20) {
      case 0:
        count_ = 0;
        break;
      case 1:
        count_ = 0xFFFFFFFF - random_() % 4;
        break;
      case 2:
        list_ += 1 + random_() % 63;
        break;
      case 3:
        list_ |= std::uint64_t{1} << Between(random_, 16, 63);
        break;
      case 4:
        // It would end at the start of memory.
        list_ = std::uint64_t{0} - 64 * (random_() % count_ + 1);
        break;
      default:
        break;
    }
    expected_memory_ = memory_;
  }

  void Forget() {
    events_.clear();
    beats_.clear();
    m_.read_beat_valid = m_.check_done = m_.load_done = m_.run_busy = m_.writes_busy = m_.fault = 0;
    check_in_ = load_in_ = run_in_ = answer_in_ = array_in_ = array_answer_in_ = 0;
    m_.array_busy = 0;
    late_ = 0;
    at_end_ = beside_ = false;
    status_.clear();
    status_beats_ = 0;
    descriptor_ = 0;
    cycles_ = 0;
    fault_at_ = -1;
    m_.start = 0;
  }

  void Step(int cycle) {
    m_.read_ready = beats_.empty() && Moves(random_);
    if (!m_.read_beat_valid && !beats_.empty() && Moves(random_)) {
      m_.read_beat_valid = 1;
      std::memcpy(&m_.read_beat_data, &memory_[beats_.front()], kBytes);
      m_.read_beat_last = beats_.size() == 1;
    }
    m_.check_done = check_in_ == 1;
    m_.load_done = load_in_ == 1;
    m_.run_busy = run_in_ > 0;
    m_.array_busy = array_in_ > 0;
    m_.writes_busy = answer_in_ > 0 || status_beats_ > 0 || (array_in_ == 0 && array_answer_in_ > 0);
    m_.write_ready = status_beats_ == 0 && answer_in_ == 0 && Moves(random_);
    m_.write_beat_ready = status_beats_ > 0 && Moves(random_);
    // A transfer can fail only while one is under way.
    const bool transfers = m_.read_beat_valid || load_in_ > 1 || m_.run_busy || answer_in_ > 0 || status_beats_ > 0;
    m_.fault = transfers && fault_in_ > 0 && --fault_in_ == 0;
    fault_at_ = m_.fault ? cycle : fault_at_;
    Settle(m_);
    CheckTurns();
    // It says that it waits for writes, of a layer or of a status, but for the first cycles; and not while it reads.
    ASSERT_TRUE(m_.writes_end || waits_ <= 3);
    ASSERT_FALSE(m_.writes_end && m_.read_beat_valid);
    // A status waits for no other write.
    waits_for_status_ = m_.write_valid ? waits_for_status_ + 1 : 0;
    ASSERT_TRUE(m_.writes_end || waits_for_status_ <= 1);
    waits_ = answer_in_ > 0 && run_in_ == 0 ? waits_ + 1 : 0;
    ASSERT_FALSE(fault_at_ >= 0 && cycle > fault_at_ + 1 && (m_.load_start || m_.run_start)) << "starts after a fault";
    Hear(cycle);
    const bool beat_taken = m_.read_beat_valid && m_.read_beat_ready;
    Edge(m_);
    if (beat_taken) {
      beats_.pop_front();
      m_.read_beat_valid = 0;
    }
  }

  void CheckTurns() {
    ASSERT_FALSE(m_.weights_turn && m_.engine_turn);
    ASSERT_TRUE(m_.weights_turn || load_in_ == 0) << "the loader has not the bus";
    ASSERT_TRUE(m_.engine_turn || run_in_ == 0) << "the engine has not the bus";
    if (m_.read_valid || m_.read_beat_valid || m_.write_valid || m_.write_beat_valid) {
      ASSERT_FALSE(m_.weights_turn || m_.engine_turn) << "the list has not the bus";
    }
  }

  /// What the list says in this cycle.
  void Hear(int cycle) {
    check_in_ -= check_in_ > 0;
    load_in_ -= load_in_ > 0;
    run_in_ -= run_in_ > 0;
    answer_in_ -= answer_in_ > 0 && run_in_ == 0;
    const bool rests = check_in_ + load_in_ + run_in_ + answer_in_ + status_beats_ == 0 && beats_.empty();
    if (!rests || m_.read_valid || m_.write_valid) {
      late_ = 0;
      at_end_ = false;
    } else {
      // A status is in memory when no write is on the bus.
      at_end_ = at_end_ || !m_.writes_busy || (!events_.empty() && events_.back() == "check");
      late_ += at_end_ && array_in_ + array_answer_in_ > 0;
    }
    array_answer_in_ -= array_answer_in_ > 0 && array_in_ == 0;
    array_in_ -= array_in_ > 0;
    load_at_ = m_.check_done ? cycle + 1 : load_at_;
    if (m_.engine_turn && ran_ && run_in_ == 0 && answer_in_ == 0 && !m_.writes_busy && !m_.run_busy) {
      took_ = cycle - load_at_;
      ran_ = false;
    }
    if (m_.read_valid && m_.read_ready) {
      ASSERT_FALSE(answer_in_ > 0 || status_beats_ > 0) << "reads before the layer before has been written";
      ASSERT_LE(m_.read_address + m_.read_bytes, kListMemoryBytes);
      events_.push_back(ReadOf(m_.read_address, m_.read_bytes));
      if (m_.read_bytes == 128) {
        descriptor_ = m_.read_address;
      }
      for (std::size_t at = 0; at < m_.read_bytes; at += kBytes) {
        beats_.push_back(m_.read_address + at);
      }
    }
    if (m_.check_start) {
      events_.push_back("check");
      const Entry& entry = entries_[Number()];
      ASSERT_EQ(std::memcmp(&m_.descriptor, &memory_[descriptor_], entry.bytes()), 0) << "another descriptor";
      check_in_ = Between(random_, 2, 30);
      m_.needs_array = entry.needs_array;
      m_.check_error = static_cast<std::uint8_t>(entry.verdict);
      m_.check_decoded = entry.decoded;
    }
    if (m_.load_start) {
      events_.push_back("load");
      load_in_ = Between(random_, 2, 30);
      ASSERT_FALSE(m_.needs_array && (m_.array_busy || m_.writes_busy)) << "loads while another layer has the array";
      m_.load_error = static_cast<std::uint8_t>(entries_[Number()].load_error);
    }
    if (m_.run_start) {
      events_.push_back("run");
      run_in_ = Between(random_, 2, 60);
      answer_in_ = Between(random_, 0, 20);
      ran_ = true;
      if (m_.needs_array && random_() % 2 == 0) {
        // It goes on beside the layers after it.
        beside_ = true;
        array_in_ = Between(random_, run_in_, 300);
        array_answer_in_ = Between(random_, 0, 20);
      }
    }
    if (m_.write_valid && m_.write_ready) {
      ASSERT_EQ(m_.write_address, descriptor_ + kStatusAt);
      ASSERT_EQ(m_.write_beats, 16 / kBytes);
      status_beats_ = static_cast<int>(m_.write_beats);
      layer_failed_ = fault_at_ >= 0;
    }
    if (m_.write_beat_valid && m_.write_beat_ready) {
      ASSERT_EQ(m_.write_beat_strobe, (1u << kBytes) - 1);
      for (std::size_t b = 0; b < kBytes; ++b) {
        status_.push_back(static_cast<std::uint8_t>(GetBits(m_.write_beat_data, 8 * b, 8)));
      }
      if (--status_beats_ == 0) {
        answer_in_ = Between(random_, 1, 20);
        TakeStatus();
      }
    }
  }

  void TakeStatus() {
    ASSERT_EQ(status_.size(), 16u);
    for (auto* memory : {&memory_, &expected_memory_}) {
      std::copy(status_.begin(), status_.end(), memory->begin() + static_cast<std::ptrdiff_t>(descriptor_ + kStatusAt));
    }
    std::array<std::uint32_t, 2> words{};
    std::uint64_t cycles = 0;
    std::memcpy(words.data(), status_.data(), 8);
    std::memcpy(&cycles, &status_[8], 8);
    status_.clear();
    events_.push_back(StatusOf(descriptor_, static_cast<ErrorCode>(words[0])));
    ASSERT_EQ(words[1], 0u) << "the reserved word";
    ASSERT_EQ(words[0] == static_cast<std::uint32_t>(ErrorCode::kInternal), layer_failed_) << "a transfer failed";
    if (words[0] == 0) {
      ASSERT_NEAR(static_cast<double>(cycles), took_, 3) << "from the first weight to the last answer";
      cycles_ += cycles;
    } else {
      ASSERT_EQ(cycles, 0u) << "cycles of a layer that failed";
    }
  }

  /// Of the descriptor that was read last.
  std::size_t Number() const {
    std::uint64_t at = list_;
    std::size_t number = 0;
    while (at < descriptor_) {
      at += entries_[number++].bytes();
    }
    return number;
  }

  List m_;
  std::mt19937 random_;
  std::vector<std::uint8_t> memory_;
  std::vector<std::uint8_t> expected_memory_;
  std::uint64_t list_ = 0;
  std::uint32_t count_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::string> events_;

  /// Addresses of the beats to come.
  std::deque<std::uint64_t> beats_;
  std::uint64_t descriptor_ = 0;
  // Cycles until each is done; 0: it is idle.
  int check_in_ = 0;
  int load_in_ = 0;
  int run_in_ = 0;
  int answer_in_ = 0;
  int array_in_ = 0;
  int array_answer_in_ = 0;
  bool beside_ = false;
  int waits_for_status_ = 0;
  int waits_ = 0;  ///< cycles for which the last write of a layer or a status has been on its way
  bool at_end_ = false;
  int late_ = 0;  ///< cycles for which nothing but the layer that has the array has been waited for
  int status_beats_ = 0;
  std::vector<std::uint8_t> status_;
  int fault_in_ = -1;
  int fault_at_ = -1;
  int load_at_ = 0;
  int took_ = 0;
  bool ran_ = false;
  bool layer_failed_ = false;
  std::uint64_t cycles_ = 0;
};

template <class List>
void WorksThroughLists(unsigned seed) {
  ListBench<List> bench(seed);
  for (int run = 0; run < 600; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(ListModule, WorksThroughListsOnABusOf4Bytes) { WorksThroughLists<Vsubbit_list_narrow>(1); }
TEST(ListModule, WorksThroughListsOnABusOf8Bytes) { WorksThroughLists<Vsubbit_list>(2); }
TEST(ListModule, WorksThroughListsOnABusOf16Bytes) { WorksThroughLists<Vsubbit_list_wide>(3); }

}  // namespace
}  // namespace subbit::fpga
