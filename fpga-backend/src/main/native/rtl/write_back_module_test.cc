// The write-back alone: random tiles of sums in models of the accumulators, residuals from a model of memory, and a bus
// that stalls at random; the final contents of memory are compared with the emulator's output stage.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <vector>

#include "Vsubbit_write_back.h"
#include "Vsubbit_write_back_narrow.h"
#include "Vsubbit_write_back_wide.h"
#include "emulator/output_stage.h"
#include "rtl/layer_port.h"
#include "rtl/module_bench.h"
#include "rtl/write_back_results.h"

namespace subbit::fpga {
namespace {

template <class Back>
class WriteBackBench {
 public:
  explicit WriteBackBench(unsigned seed) : random_(seed) { Reset(m_); }

  std::mt19937& random() { return random_; }

  void Run(const Results& results) {
    Begin(results);
    const std::size_t tiles = r_.images * r_.tiles.size();
    for (int cycle = 0; tile_ < tiles || m_.busy; ++cycle) {
      ASSERT_LT(cycle, 200000) << "the layer does not end";
      if (tile_ < tiles && !m_.tile_valid && Moves(random_)) {
        OfferTile();
      }
      Step();
      if (::testing::Test::HasFailure()) {
        return;
      }
    }
    ASSERT_TRUE(beats_left_ == 0) << "not busy, with a run on the bus";
    const auto different = std::mismatch(memory_.begin(), memory_.end(), expected_.begin());
    ASSERT_TRUE(different.first == memory_.end())
        << "byte " << different.first - memory_.begin() - static_cast<std::ptrdiff_t>(r_.output_address)
        << " of the output is " << int{*different.first} << ", not " << int{*different.second} << "; " << r_.images
        << " images, " << r_.channels << " channels, " << r_.height << "x" << r_.width << " pixels, format "
        << static_cast<int>(r_.format) << ", residual " << r_.has_residual;
    for (int i = 0; i < 30; ++i) {
      Cycle(m_);
      ASSERT_FALSE(m_.command_valid || m_.beat_valid || m_.read_valid || m_.tile_taken || m_.busy);
    }
  }

 private:
  static constexpr std::size_t kBytes = sizeof(Back::beat_data);

  void Begin(const Results& results) {
    r_ = results;
    tile_ = 0;
    memory_.resize(kResultsMemoryBytes);
    for (auto& byte : memory_) {
      byte = static_cast<std::uint8_t>(random_());
    }
    expected_ = memory_;
    for (std::size_t plane = 0; plane < r_.images * r_.channels; ++plane) {
      const std::size_t o = plane % r_.channels;
      ChannelOutput channel{};
      channel.format = r_.format;
      channel.bias = r_.has_bias ? r_.bias[o] : 0;
      std::memcpy(&channel.multiplier, &r_.multiplier[o], sizeof channel.multiplier);
      channel.zero_point = r_.zero_point;
      channel.rule = SignRule::Decode(static_cast<std::int32_t>(r_.multiplier[o]));
      Residual residual{};
      residual.multiplier = r_.residual_multiplier;
      residual.zero_point = r_.residual_zero_point;
      for (std::size_t row = plane * r_.height; row < (plane + 1) * r_.height; ++row) {
        residual.values = r_.has_residual ? &memory_[r_.residual_address + row * r_.row_bytes()] : nullptr;
        WriteOutput(channel, residual, &r_.sums[row * r_.width], r_.width,
                    &expected_[r_.output_address + row * r_.row_bytes()]);
      }
    }
    for (std::size_t o = 0; o < kMaxChannels; ++o) {
      m_.parameter_channel = static_cast<std::uint8_t>(o);
      m_.bias_write = 1;
      m_.parameter_value = static_cast<std::uint32_t>(r_.bias[o]);
      Cycle(m_);
      m_.bias_write = 0;
      m_.multiplier_write = 1;
      m_.parameter_value = r_.multiplier[o];
      Cycle(m_);
      m_.multiplier_write = 0;
    }
    std::uint32_t residual_multiplier = 0;
    std::memcpy(&residual_multiplier, &r_.residual_multiplier, sizeof residual_multiplier);
    SetLayer(m_.layer, {{"output_format", static_cast<std::int64_t>(r_.format)},
                        {"output_zero", r_.zero_point},
                        {"out_channels", static_cast<std::int64_t>(r_.channels)},
                        {"slots", static_cast<std::int64_t>(r_.slots())},
                        {"has_bias", r_.has_bias},
                        {"out_width", static_cast<std::int64_t>(r_.width)},
                        {"out_plane_bytes", static_cast<std::int64_t>(r_.height * r_.row_bytes())},
                        {"output_address", static_cast<std::int64_t>(r_.output_address)},
                        {"has_residual", r_.has_residual},
                        {"residual_zero", r_.residual_zero_point},
                        {"residual_address", static_cast<std::int64_t>(r_.residual_address)},
                        {"residual_multiplier", residual_multiplier}});
    m_.layer_start = 1;
    Cycle(m_);
    m_.layer_start = 0;
  }

  /// The next tile's sums lie in its half of the accumulators.
  void OfferTile() {
    const std::size_t image = tile_ / r_.tiles.size();
    const std::size_t part = tile_ % r_.tiles.size();
    std::size_t first = 0;
    for (std::size_t i = 0; i < part; ++i) {
      first += r_.tiles[i].pixels;
    }
    auto& half = halves_[tile_ % 2];
    Scramble(half);
    for (std::size_t p = 0; p < r_.tiles[part].pixels; ++p) {
      for (std::size_t o = 0; o < r_.channels; ++o) {
        half[p * r_.slots() + o / kLanes][o % kLanes] =
            static_cast<std::uint32_t>(r_.sums[(image * r_.channels + o) * r_.pixels() + first + p]);
      }
    }
    m_.tile_valid = 1;
    m_.tile_half = tile_ % 2;
    m_.tile_pixels = static_cast<std::uint8_t>(r_.tiles[part].pixels - 1);
    m_.tile_bytes = static_cast<std::uint8_t>(r_.tiles[part].bytes);
    m_.tile_last = part == r_.tiles.size() - 1;
  }

  void Step() {
    // A run is commanded when the one before has been written.
    m_.command_ready = beats_left_ == 0 && Moves(random_);
    m_.beat_ready = beats_left_ > 0 && Moves(random_);
    m_.read_ready = residuals_.empty() && random_() % 4 == 0;
    m_.read_beat_valid = !residuals_.empty() && Moves(random_);
    if (m_.read_beat_valid) {
      std::memcpy(&m_.read_beat_data, residuals_.front().data(), kBytes);
      residuals_.pop_front();
    }
    Settle(m_);
    if (m_.beat_valid && m_.beat_ready) {
      for (std::size_t b = 0; b < kBytes; ++b) {
        if (GetBits(m_.beat_strobe, b, 1) != 0) {
          memory_[write_at_ + b] = static_cast<std::uint8_t>(GetBits(m_.beat_data, 8 * b, 8));
        }
      }
      write_at_ += kBytes;
      --beats_left_;
    }
    if (m_.command_valid && m_.command_ready) {
      ASSERT_EQ(m_.command_address % kBytes, 0u);
      ASSERT_LE(m_.command_address + m_.command_beats * kBytes, kResultsMemoryBytes);
      write_at_ = m_.command_address;
      beats_left_ = m_.command_beats;
    }
    if (m_.read_valid && m_.read_ready) {
      ASSERT_TRUE(r_.has_residual);
      for (std::size_t at = 0; at < m_.read_bytes; at += kBytes) {
        // Aligned to the run's first byte, as subbit_axi_read hands it on.
        residuals_.emplace_back();
        std::memcpy(residuals_.back().data(), &memory_[m_.read_address + at], kBytes);
      }
    }
    const bool taken = m_.tile_taken;
    const std::size_t half = m_.drain_half;
    const std::size_t address = m_.drain_address;
    const bool draining = m_.draining;
    const bool drain = m_.drain;
    ASSERT_FALSE(taken && !m_.tile_valid);
    Edge(m_);
    // The accumulators: a sum follows two cycles with `drain` after its address; where nothing drains, the element
    // reads.
    if (drain) {
      std::memcpy(&m_.drain_sums, found_[half].data(), sizeof found_[half]);
    }
    if (!draining || drain) {
      found_[half] = halves_[half][draining ? address : random_() % kSumDepth];
    }
    found_[1 - half] = halves_[1 - half][random_() % kSumDepth];
    if (taken) {
      Scramble(halves_[half]);
      m_.tile_valid = 0;
      ++tile_;
    }
  }

  using Sums = std::array<std::uint32_t, kLanes>;
  using Half = std::array<Sums, kSumDepth>;

  void Scramble(Half& half) {
    for (auto& sums : half) {
      std::generate(sums.begin(), sums.end(), [&] { return random_(); });
    }
  }

  Back m_;
  std::mt19937 random_;
  Results r_{};
  std::size_t tile_ = 0;
  std::vector<std::uint8_t> memory_;
  std::vector<std::uint8_t> expected_;
  std::array<Half, 2> halves_{};
  std::array<Sums, 2> found_{};
  /// Beats of residuals that were asked for.
  std::deque<std::array<std::uint8_t, kBytes>> residuals_;
  std::size_t write_at_ = 0;
  std::size_t beats_left_ = 0;
};

template <class Back>
void WritesLayers(unsigned seed) {
  WriteBackBench<Back> bench(seed);
  for (int run = 0; run < 500; ++run) {
    bench.Run(RandomResults(bench.random()));
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(WriteBackModule, WritesLayersOnABusOf4Bytes) { WritesLayers<Vsubbit_write_back_narrow>(1); }
TEST(WriteBackModule, WritesLayersOnABusOf8Bytes) { WritesLayers<Vsubbit_write_back>(2); }
TEST(WriteBackModule, WritesLayersOnABusOf16Bytes) { WritesLayers<Vsubbit_write_back_wide>(3); }

}  // namespace
}  // namespace subbit::fpga
