// A channel lane alone: codebook, indices and windows go in, sums come out as the write-back takes them, and rows come
// back as pixels. All of it at once, since the lane's parts share nothing but the clock.

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "Vsubbit_channel_lane.h"
#include "Vsubbit_channel_lane_shared.h"
#include "rtl/core_bench.h"

namespace subbit::fpga {
namespace {

constexpr std::size_t kRowBits = 6;
constexpr std::size_t kBytes = 8;

template <class Lane, int kLanes>
class ChannelLaneBench {
 public:
  explicit ChannelLaneBench(unsigned seed) : random_(seed) { Reset(m_); }

  /// One layer: tile after tile, each read out while the next is computed in the other half.
  void Run() {
    walk_ = RandomWalk(random_, kLanes);
    slots_ = (walk_.out_channels + kLanes - 1) / kLanes;
    SetLayer(m_.layer, {{"direct", walk_.direct},
                        {"tau", walk_.tau},
                        {"stride_w", walk_.stride},
                        {"out_channels", walk_.out_channels},
                        {"slots", slots_},
                        {"in_width", kWidth},
                        {"input_format", 1},
                        {"input_zero", 0}});
    WriteCodebook();
    for (int tile = 0; tile < walk_.tiles; ++tile) {
      std::vector<std::uint32_t> sums(static_cast<std::size_t>(walk_.pixels() * walk_.out_channels));
      for (int channel = 0; channel < walk_.channels; ++channel) {
        WriteIndices(channel % 2 != 0);
        FillRows();
        SendWindows(tile, channel, sums);
        if (::testing::Test::HasFailure()) {
          return;
        }
      }
      CheckSums(tile % 2, sums);
    }
  }

 private:
  static constexpr int kWidth = 7;

  void Step() {
    steps_done_ += m_.step_done;
    tiles_done_ += m_.tile_done;
    Cycle(m_);
  }

  void WriteCodebook() {
    codebook_.resize(std::size_t{1} << walk_.tau);
    m_.codebook_write = 1;
    for (std::size_t i = 0; i < codebook_.size(); ++i) {
      m_.codebook_index = static_cast<std::uint16_t>(i);
      m_.codebook_codeword = codebook_[i] = random_() % 512;
      Step();
    }
    m_.codebook_write = 0;
  }

  void WriteIndices(bool half) {
    kernels_.resize(static_cast<std::size_t>(walk_.out_channels));
    m_.index_write = 1;
    m_.index_write_half = half;
    for (int o = 0; o < walk_.out_channels; ++o) {
      m_.index_write_channel = static_cast<std::uint16_t>(o);
      m_.index_write_index = kernels_[static_cast<std::size_t>(o)] =
          static_cast<std::uint16_t>(random_() % codebook_.size());
      Step();
    }
    m_.index_write = 0;
  }

  /// Rows of a channel, and every pixel of them read back.
  void FillRows() {
    const int rows = Between(random_, 1, 6);
    std::vector<std::uint8_t> bytes((static_cast<std::size_t>(rows * kWidth) + kBytes - 1) / kBytes * kBytes);
    for (auto& byte : bytes) {
      byte = static_cast<std::uint8_t>(random_());
    }
    fill_half_ = !fill_half_;
    m_.fill = 1;
    m_.fill_half = fill_half_;
    m_.fill_lead_rows = 0;
    m_.fill_rows = static_cast<std::uint16_t>(rows);
    Step();
    m_.fill = 0;
    for (std::size_t at = 0; m_.filling;) {
      m_.beat_valid = at < bytes.size() && Moves(random_);
      if (m_.beat_valid) {
        std::memcpy(&m_.beat_data, &bytes[at], kBytes);
      }
      Settle(m_);
      at += m_.beat_valid && m_.beat_ready ? kBytes : 0;
      Step();
    }
    m_.beat_valid = 0;
    m_.row_read = 1;
    m_.row_read_half = fill_half_;
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const auto bank = static_cast<std::size_t>(y % 3);
        SetBits(m_.row_read_address, kRowBits * bank, kRowBits, static_cast<std::uint64_t>(y / 3 * kWidth + x));
        Step();
        ASSERT_EQ(GetSigned(m_.row_read_pixels, 9 * bank, 9), bytes[static_cast<std::size_t>(y * kWidth + x)])
            << "row " << y << ", column " << x;
      }
    }
    m_.row_read = 0;
  }

  void SendWindows(int tile, int channel, std::vector<std::uint32_t>& sums) {
    const ChannelImage image(walk_, random_);
    const int steps = steps_done_;
    for (int w = 0; w < walk_.pixels(); ++w) {
      const bool last = w == walk_.pixels() - 1;
      for (int t = 0; t < 9; ++t) {
        SetBits(m_.window, static_cast<std::size_t>(9 * t), 9, static_cast<std::uint64_t>(image.Tap(w, t)));
      }
      m_.window_fresh = w % walk_.columns == 0;
      m_.window_first = channel == 0;
      m_.window_half = tile % 2;
      m_.window_index_half = channel % 2;
      m_.window_ends_step = last;
      m_.window_ends_tile = last && channel == walk_.channels - 1;
      m_.window_address = static_cast<std::uint8_t>(w * slots_);
      while (!Moves(random_)) {
        Step();
      }
      m_.window_valid = 1;
      Settle(m_);
      for (int cycle = 0; !m_.window_ready; ++cycle) {
        ASSERT_LT(cycle, 1000) << "a window is not taken";
        Step();
        Settle(m_);
      }
      Step();
      m_.window_valid = 0;
      for (int o = 0; o < walk_.out_channels; ++o) {
        sums[static_cast<std::size_t>(w * walk_.out_channels + o)] +=
            static_cast<std::uint32_t>(image.Response(w, codebook_[kernels_[static_cast<std::size_t>(o)]]));
      }
    }
    for (int cycle = 0; steps_done_ == steps; ++cycle) {
      ASSERT_LT(cycle, 1000) << "the step does not end";
      Step();
    }
    for (int i = 0; i < kGatherDelay; ++i) {
      Step();
    }
  }

  /// A sum follows two cycles after its address.
  void CheckSums(int half, const std::vector<std::uint32_t>& sums) {
    for (int i = 0; i < kDrainDelay + 10; ++i) {
      Step();
    }
    ASSERT_EQ(tiles_done_, ++tiles_) << "a tile ends once";
    m_.draining = m_.drain = 1;
    m_.drain_half = half != 0;
    for (int w = 0; w < walk_.pixels(); ++w) {
      for (int o = 0; o < walk_.out_channels; ++o) {
        m_.drain_address = static_cast<std::uint8_t>(w * slots_ + o / kLanes);
        Step();
        Step();
        ASSERT_EQ(GetSigned(m_.drain_sums, static_cast<std::size_t>(32 * (o % kLanes)), 32),
                  static_cast<std::int32_t>(sums[static_cast<std::size_t>(w * walk_.out_channels + o)]))
            << "pixel " << w << ", channel " << o << ", tau " << walk_.tau << (walk_.direct ? ", direct" : ", table");
      }
    }
    m_.draining = m_.drain = 0;
  }

  Lane m_;
  std::mt19937 random_;
  Walk walk_{};
  int slots_ = 1;
  std::vector<std::uint16_t> codebook_;
  std::vector<std::uint16_t> kernels_;
  bool fill_half_ = false;
  int steps_done_ = 0;
  int tiles_done_ = 0;
  int tiles_ = 0;
};

template <class Bench>
void SumsUpChannels(unsigned seed) {
  Bench bench(seed);
  for (int run = 0; run < 100; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(ChannelLaneModule, SumsUpChannelsWithADotUnit) { SumsUpChannels<ChannelLaneBench<Vsubbit_channel_lane, 4>>(1); }
TEST(ChannelLaneModule, SumsUpChannelsWithSharedAdders) {
  SumsUpChannels<ChannelLaneBench<Vsubbit_channel_lane_shared, 8>>(2);
}

}  // namespace
}  // namespace subbit::fpga
