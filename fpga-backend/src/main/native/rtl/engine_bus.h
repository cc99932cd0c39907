#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "rtl/module_bench.h"

namespace subbit::fpga {

/// An engine alone, and device memory behind its two streams of runs, as the bus masters are; each stream stands still
/// at random.
template <class Engine>
class EngineBus {
 public:
  static constexpr std::size_t kBytes = sizeof(Engine::read_beat_data);

  EngineBus(unsigned seed, std::size_t memory_bytes) : random_(seed), memory_(memory_bytes) { Reset(m_); }

 protected:
  /// Device memory holds anything, and from now on both streams stand still as often as chance has it.
  void Scramble() {
    for (auto& byte : memory_) {
      byte = static_cast<std::uint8_t>(random_());
    }
    read_stall_ = Stall();
    write_stall_ = Stall();
  }

  /// Puts bytes into device memory.
  void Store(std::uint64_t address, const std::vector<std::uint8_t>& bytes) {
    std::copy(bytes.begin(), bytes.end(), memory_.begin() + static_cast<std::ptrdiff_t>(address));
  }

  /// What is on its way is forgotten, as after a reset.
  void Forget() {
    beats_.clear();
    beats_left_ = 0;
    m_.read_beat_valid = 0;
  }

  bool rests() const { return beats_.empty() && beats_left_ == 0; }

  /// A clock cycle.
  void Step() {
    // One run after the other, as the masters of the bus take them.
    m_.read_ready = beats_.empty() && Goes(read_stall_);
    if (!m_.read_beat_valid && !beats_.empty() && Goes(read_stall_)) {
      m_.read_beat_valid = 1;
      std::memcpy(&m_.read_beat_data, &memory_[beats_.front()], kBytes);
      m_.read_beat_last = beats_.size() == 1;
    }
    m_.write_ready = beats_left_ == 0 && Goes(write_stall_);
    m_.write_beat_ready = beats_left_ > 0 && Goes(write_stall_);
    Settle(m_);
    if (m_.write_beat_valid && m_.write_beat_ready) {
      for (std::size_t b = 0; b < kBytes; ++b) {
        if ((m_.write_beat_strobe >> b & 1) != 0) {
          memory_[write_at_ + b] = static_cast<std::uint8_t>(m_.write_beat_data >> 8 * b);
        }
      }
      write_at_ += kBytes;
      --beats_left_;
    }
    if (m_.write_valid && m_.write_ready) {
      ASSERT_LE(m_.write_address + m_.write_beats * kBytes, memory_.size());
      write_at_ = m_.write_address;
      beats_left_ = m_.write_beats;
    }
    const bool taken = m_.read_beat_valid && m_.read_beat_ready;
    const bool asks = m_.read_valid && m_.read_ready;
    if (taken) {
      beats_.pop_front();
    }
    if (asks) {
      ASSERT_GT(m_.read_bytes, 0u);
      ASSERT_LE(m_.read_address + m_.read_bytes, memory_.size());
      for (std::size_t at = 0; at < m_.read_bytes; at += kBytes) {
        beats_.push_back(m_.read_address + at);
      }
    }
    Edge(m_);
    if (taken) {
      m_.read_beat_valid = 0;
    }
  }

  /// Runs the layer that is set up: from `start` to the end of `busy`, or to `reset_at`, where it is reset in the
  /// middle. Compares device memory with what it must be then.
  void RunLayer(const std::vector<std::uint8_t>& expected, int reset_at, const std::string& layer) {
    // For some cycles after a reset.
    for (int cycle = 0; m_.busy; ++cycle) {
      ASSERT_LT(cycle, 30) << "busy before it is started";
      Step();
    }
    m_.start = 1;
    Step();
    m_.start = 0;
    for (int cycle = 0; m_.busy; ++cycle) {
      ASSERT_LT(cycle, 1000000) << "the layer does not end: " << layer;
      if (cycle == reset_at) {
        Reset(m_);
        Forget();
        ASSERT_FALSE(m_.read_valid || m_.write_valid || m_.write_beat_valid) << "goes on after a reset";
        return;
      }
      Step();
    }
    ASSERT_TRUE(rests()) << "not busy, with a run on the bus";
    const auto different = std::mismatch(memory_.begin(), memory_.end(), expected.begin());
    ASSERT_TRUE(different.first == memory_.end())
        << "byte " << different.first - memory_.begin() << " is " << int{*different.first} << ", not "
        << int{*different.second} << ": " << layer;
    for (int i = 0; i < 30; ++i) {
      Cycle(m_);
      ASSERT_FALSE(m_.busy || m_.read_valid || m_.write_valid || m_.write_beat_valid);
    }
  }

  Engine m_;
  std::mt19937 random_;
  std::vector<std::uint8_t> memory_;

 private:
  /// How often of eight a stream stands still.
  unsigned Stall() { return random_() % 3 == 0 ? 0 : random_() % 8; }
  bool Goes(unsigned stall) { return random_() % 8 >= stall; }

  /// Addresses of the beats that were asked for.
  std::deque<std::size_t> beats_;
  std::size_t write_at_ = 0;
  std::size_t beats_left_ = 0;
  unsigned read_stall_ = 0;
  unsigned write_stall_ = 0;
};

}  // namespace subbit::fpga
