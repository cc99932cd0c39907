#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <deque>
#include <random>
#include <vector>

#include "rtl/core_walk.h"
#include "rtl/layer_port.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {

/// What the modules around an element promise it, in cycles. From an address to its data: the working memory of
/// subbit_channel_indices, subbit_codebook, subbit_accumulator.
constexpr std::size_t kIndexLatency = 1;
constexpr std::size_t kCodewordLatency = 1;
constexpr std::size_t kSumLatency = 1;
/// From step_done until subbit_index_memory writes the first index of a later step to the half.
constexpr int kGatherDelay = 5;
/// From tile_done until subbit_write_back reads the first sum.
constexpr int kDrainDelay = 2;
/// From the last window of a step to the first of the next, which subbit_window has to fill with three columns.
constexpr int kFillDelay = 3;

/// The data that leaves a memory a fixed number of cycles after it was found.
template <class Data, std::size_t kLatency>
class Delay {
 public:
  /// `found` is what this cycle's address names; returns what is there after the clock edge.
  Data Shift(const Data& found) {
    line_.push_back(found);
    const Data data = line_.front();
    line_.pop_front();
    return data;
  }

 private:
  std::deque<Data> line_ = std::deque<Data>(kLatency - 1);
};

/// A processing element alone, of `kLanes` accumulators that reads `kReaders` codewords a cycle: windows of random
/// tiles come in with random stalls, the memories around the element are models, and the sums that it leaves in them
/// are compared with the definition of the convolution.
template <class Core, std::size_t kLanes, std::size_t kReaders>
class CoreBench {
 public:
  explicit CoreBench(unsigned seed) : random_(seed) { Reset(m_); }

  std::mt19937& random() { return random_; }

  /// Sends a layer through the element and checks every tile's sums when tile_done says that they are complete.
  void Run(const Walk& walk) {
    Begin(walk);
    int idle = 0;
    for (int cycle = 0; idle < 20; ++cycle) {
      ASSERT_LT(cycle, 100000) << "the layer does not end";
      Offer();
      Settle(m_);
      const bool taken = m_.window_valid && m_.window_ready;
      steps_done_ += m_.step_done;
      tiles_done_ += m_.tile_done;
      ASSERT_LE(steps_done_, steps_begun_) << "a step ends that has not begun";
      ASSERT_LE(tiles_done_, tiles_begun_) << "a tile ends that has not begun";
      if (m_.step_done) {
        // Counted down at the end of this cycle too.
        gathers_.push_back(kGatherDelay + 1);
      }
      if (m_.tile_done) {
        drains_.push_back(kDrainDelay);
      }
      for (int& drain : drains_) {
        if (drain-- == 0) {
          CheckTile();
        }
      }
      if (::testing::Test::HasFailure()) {
        return;
      }
      Memories();
      m_.window_valid = m_.window_valid && !taken;
      if (taken) {
        NextWindow();
      }
      --fill_;
      idle = tiles_taken_ == walk_.tiles && steps_done_ == walk_.steps() ? idle + 1 : 0;
    }
    ASSERT_EQ(tiles_done_, walk_.tiles);
  }

 private:
  using Indices = std::array<std::uint32_t, kLanes>;

  void Begin(const Walk& walk) {
    walk_ = walk;
    slots_ = (walk.out_channels + static_cast<int>(kLanes) - 1) / static_cast<int>(kLanes);
    codebook_.resize(std::size_t{1} << walk.tau);
    for (auto& codeword : codebook_) {
      codeword = random_() % 512;
    }
    kernels_.clear();
    expected_.assign(static_cast<std::size_t>(walk.tiles), std::vector<std::uint32_t>(kSumDepth * kLanes));
    for (int half = 0; half < 2; ++half) {
      Scramble(half);
      open_[static_cast<std::size_t>(half)] = false;
    }
    steps_begun_ = steps_done_ = tiles_begun_ = tiles_done_ = tiles_checked_ = tiles_taken_ = gathered_ = 0;
    step_ = window_ = fill_ = 0;
    Gather();
    Gather();
    SetLayer(m_.layer, {{"direct", walk.direct},
                        {"tau", walk.tau},
                        {"stride_w", walk.stride},
                        {"out_channels", walk.out_channels},
                        {"slots", slots_}});
    m_.window_valid = 0;
    // The layer is there some cycles before its first window.
    for (int i = 0; i < 4; ++i) {
      Cycle(m_);
    }
  }

  /// The indices of the next step, at random, take the place of the oldest.
  void Gather() {
    std::vector<std::uint32_t> kernels(kMaxSlots * kLanes);
    for (auto& index : kernels) {
      index = static_cast<std::uint32_t>(random_() % codebook_.size());
    }
    indices_[static_cast<std::size_t>(gathered_ % 2)] = kernels;
    kernels_.push_back(kernels);
    ++gathered_;
  }

  /// Whatever stood in a half of the sums.
  void Scramble(int half) {
    auto& sums = sums_[static_cast<std::size_t>(half)];
    sums.resize(kSumDepth * kLanes);
    for (auto& sum : sums) {
      sum = random_();
    }
  }

  /// Raises the next window, unless its indices or its half of the sums are not there yet, or it stalls at random.
  void Offer() {
    const int tile = step_ / walk_.channels;
    if (tiles_taken_ < tiles_checked_ && random_() % 8 == 0) {
      Scramble(tiles_taken_++ % 2);
    }
    if (m_.window_valid || step_ == walk_.steps() || fill_ > 0 || step_ >= gathered_ || tile >= tiles_taken_ + 2 ||
        random_() % 8 < stall_) {
      return;
    }
    const int channel = step_ % walk_.channels;
    const auto half = static_cast<std::size_t>(tile % 2);
    if (window_ == 0) {
      Paint();
      ++steps_begun_;
      tiles_begun_ += channel == 0;
      open_[half] = true;
      stall_ = random_() % 2 == 0 ? 0 : random_() % 8;
    }
    for (int t = 0; t < 9; ++t) {
      SetBits(m_.window, static_cast<std::size_t>(9 * t), 9, static_cast<std::uint64_t>(image_.Tap(window_, t)));
    }
    const bool last = window_ == walk_.pixels() - 1;
    m_.window_fresh = window_ % walk_.columns == 0;
    m_.window_first = channel == 0;
    m_.window_half = half != 0;
    m_.window_index_half = step_ % 2;
    m_.window_ends_step = last;
    m_.window_ends_tile = last && channel == walk_.channels - 1;
    m_.window_address = static_cast<std::uint8_t>(window_ * slots_);
    m_.window_valid = 1;
  }

  /// A random channel of a tile, and what its windows add to the sums.
  void Paint() {
    image_ = ChannelImage(walk_, random_);
    auto& sums = expected_[static_cast<std::size_t>(step_ / walk_.channels)];
    const auto& kernels = kernels_[static_cast<std::size_t>(step_)];
    for (int w = 0; w < walk_.pixels(); ++w) {
      for (int o = 0; o < walk_.out_channels; ++o) {
        const unsigned codeword = codebook_[kernels[static_cast<std::size_t>(o)]];
        sums[SumAt(w, o)] += static_cast<std::uint32_t>(image_.Response(w, codeword));
      }
    }
  }

  std::size_t SumAt(int pixel, int channel) const {
    return static_cast<std::size_t>(pixel * slots_) * kLanes + static_cast<std::size_t>(channel);
  }

  void NextWindow() {
    if (++window_ == walk_.pixels()) {
      window_ = 0;
      ++step_;
      fill_ = kFillDelay;
    }
  }

  void CheckTile() {
    const auto half = static_cast<std::size_t>(tiles_checked_ % 2);
    const auto& sums = expected_[static_cast<std::size_t>(tiles_checked_)];
    for (int w = 0; w < walk_.pixels(); ++w) {
      for (int o = 0; o < walk_.out_channels; ++o) {
        ASSERT_EQ(static_cast<std::int32_t>(sums_[half][SumAt(w, o)]), static_cast<std::int32_t>(sums[SumAt(w, o)]))
            << "tile " << tiles_checked_ << " of " << walk_.tiles << ", pixel " << w << " of " << walk_.pixels()
            << ", channel " << o << " of " << walk_.out_channels << ", " << walk_.channels << " input channels, tau "
            << walk_.tau << (walk_.direct ? ", direct" : ", table") << ", stride " << walk_.stride;
      }
    }
    open_[half] = false;
    ++tiles_checked_;
  }

  /// The clock edge, and what the memories make of it: a read that meets a write finds what stood there before.
  void Memories() {
    const auto& indices = indices_[m_.index_half];
    Indices found{};
    for (std::size_t l = 0; l < kLanes; ++l) {
      found[l] = indices[m_.index_slot * kLanes + l];
    }
    std::array<std::uint32_t, kReaders> codewords{};
    for (std::size_t r = 0; r < kReaders; ++r) {
      const auto index = static_cast<std::size_t>(GetBits(m_.codebook_indices, 9 * r, 9));
      codewords[r] = index < codebook_.size() ? codebook_[index] : random_() % 512;
    }
    Indices sums{};
    std::memcpy(sums.data(), &sums_[m_.sum_read_half][m_.sum_read_address * kLanes], sizeof sums);
    Indices written{};
    std::memcpy(written.data(), &m_.sums_written, sizeof written);
    for (std::size_t l = 0; l < kLanes; ++l) {
      if ((m_.sum_write >> l & 1) != 0) {
        ASSERT_TRUE(open_[m_.sum_write_half]) << "writes to sums that belong to no tile";
        ASSERT_LT(m_.sum_write_address, walk_.pixels() * slots_);
        sums_[m_.sum_write_half][m_.sum_write_address * kLanes + l] = written[l];
      }
    }
    for (int& gather : gathers_) {
      if (--gather == 0) {
        Gather();
      }
    }
    while (!gathers_.empty() && gathers_.front() <= 0) {
      gathers_.pop_front();
    }
    while (!drains_.empty() && drains_.front() < 0) {
      drains_.pop_front();
    }
    Edge(m_);
    found = index_line_.Shift(found);
    codewords = codeword_line_.Shift(codewords);
    sums = sum_line_.Shift(sums);
    for (std::size_t l = 0; l < kLanes; ++l) {
      SetBits(m_.indices, 9 * l, 9, found[l]);
    }
    for (std::size_t r = 0; r < kReaders; ++r) {
      SetBits(m_.codewords, 9 * r, 9, codewords[r]);
    }
    std::memcpy(&m_.sums_read, sums.data(), sizeof sums);
  }

  Core m_;
  std::mt19937 random_;
  Walk walk_{};
  int slots_ = 1;
  std::vector<std::uint16_t> codebook_;
  /// Of every step, [output channel].
  std::vector<std::vector<std::uint32_t>> kernels_;
  /// Of every tile, as SumAt says.
  std::vector<std::vector<std::uint32_t>> expected_;

  // What comes next: the channel of a tile and its window, and how many cycles until it may be there.
  int step_ = 0;
  int window_ = 0;
  int fill_ = 0;
  unsigned stall_ = 0;
  ChannelImage image_;

  // The memories, two halves each.
  std::array<std::vector<std::uint32_t>, 2> indices_;
  std::array<std::vector<std::uint32_t>, 2> sums_;
  std::array<bool, 2> open_{};
  Delay<Indices, kIndexLatency> index_line_;
  Delay<std::array<std::uint32_t, kReaders>, kCodewordLatency> codeword_line_;
  Delay<Indices, kSumLatency> sum_line_;

  int steps_begun_ = 0;
  int steps_done_ = 0;
  int tiles_begun_ = 0;
  int tiles_done_ = 0;
  int tiles_checked_ = 0;
  int tiles_taken_ = 0;
  int gathered_ = 0;
  std::deque<int> gathers_;
  std::deque<int> drains_;
};

}  // namespace subbit::fpga
