// The end of an integer convolution alone: accumulators are stored band by band as the core gives them; residuals,
// values and the writing of signs stand still at random. Compared with the emulator's output of the same sums.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "Vsubbit_table_values.h"
#include "Vsubbit_table_values_narrow.h"
#include "emulator/integer_output.h"
#include "rtl/layer_fields.h"
#include "rtl/layer_port.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

/// Of the module's parameters.
constexpr int kPixels = 7;
constexpr int kStep = 2 * kPixels;
constexpr std::uint32_t kOutputs = 16;
constexpr int kMaxChannels = 32;
constexpr int kSums = 64;
constexpr int kAccBits = 10;
constexpr int kWidth = 56;

template <class Module>
class ValuesBench {
 public:
  explicit ValuesBench(unsigned seed) : random_(seed) { Reset(m_); }

  void Run() {
    Choose();
    m_.start_i = 1;
    Step();
    m_.start_i = 0;
    bool half = false;
    for (std::uint32_t image = 0; image < d_.batch; ++image) {
      for (std::uint32_t first = 0; first < d_.out_channels; first += kOutputs) {
        for (std::uint32_t row = 0; row < d_.out_height; row += band_rows_) {
          Band(image, first, row, half);
          half = !half;
        }
      }
    }
    for (int cycle = 0; m_.busy_o; ++cycle) {
      ASSERT_LT(cycle, 100000) << "does not end: " << Describe();
      Step();
    }
    ASSERT_EQ(held_, 0);
    ASSERT_EQ(beats_left_, 0u) << "a run is not complete";
    ASSERT_TRUE(residual_beats_.empty());
    ASSERT_EQ(memory_, expected_) << Describe();
  }

 private:
  static constexpr std::size_t kBytes = sizeof(Module::beat_data_o);

  void Choose() {
    LayerShape shape;
    shape.output_format = OutputFormat::kI32;
    IntegerStage& stage = shape.integer.emplace();
    stage.shift = static_cast<std::uint8_t>(Between(random_, 0, 6));
    stage.value_bits = static_cast<std::uint8_t>(Between(random_, 9, 16));
    stage.gives_signs = random_() % 3 != 0;
    shape.adds_residual = random_() % 3 != 0;
    stage.slope_shift = static_cast<std::uint8_t>(shape.adds_residual ? Between(random_, 0, 3) : 0);
    shape.batch = static_cast<std::uint32_t>(Between(random_, 1, 2));
    shape.out_channels = static_cast<std::uint32_t>(Between(random_, 1, random_() % 2 == 0 ? kMaxChannels : 3));
    shape.out_height = static_cast<std::uint32_t>(Between(random_, 1, 8));
    shape.out_width = static_cast<std::uint32_t>(Between(random_, 1, random_() % 2 == 0 ? kWidth : 9));
    d_ = LayerDescriptor(shape);
    d_.output_address = 64 * (random_() % 4);
    d_.residual_address = d_.output_address + (d_.batch * d_.output_image_bytes() + 63) / 64 * 64;
    d_.signs_address = d_.residual_address + (d_.batch * d_.output_image_bytes() + 63) / 64 * 64;
    memory_.resize(d_.signs_address + d_.batch * d_.signs_image_bytes() + 64);
    std::generate(memory_.begin(), memory_.end(), [&] { return static_cast<std::uint8_t>(random_()); });
    expected_ = memory_;
    pairs_ = d_.out_width > kPixels || random_() % 2 == 0;
    pieces_ = pairs_ ? (static_cast<int>(d_.out_width) + kStep - 1) / kStep : 1;
    const auto outputs = static_cast<int>(std::min(kOutputs, d_.out_channels));
    band_rows_ = static_cast<std::uint32_t>(Between(random_, 1, kSums / outputs / pieces_) * (pairs_ ? 1 : 2));
    sign_rows_ = band_rows_ *
                 static_cast<std::uint32_t>(Between(random_, 1, 2 * kSums / outputs / static_cast<int>(band_rows_)));
    sums_.resize(std::size_t{d_.batch} * d_.out_channels * d_.out_height * d_.out_width);
    std::generate(sums_.begin(), sums_.end(), [&] { return Between(random_, -511, 511); });
    Load();
    IntegerOutput output(d_, parameters_, expected_.data());
    for (std::uint32_t image = 0; image < d_.batch; ++image) {
      for (std::uint32_t o = 0; o < d_.out_channels; ++o) {
        for (std::uint32_t y = 0; y < d_.out_height; ++y) {
          output.WriteSums(image, y, o, &sums_[SumAt(image, o, y)]);
        }
      }
    }
    SetLayer(m_.layer_i, LayerFields(d_, {2 * kPixels, 64, 128}));
    m_.pairs_i = pairs_;
    m_.pieces_i = static_cast<std::uint8_t>(pieces_);
    m_.band_rows_i = static_cast<std::uint16_t>(band_rows_);
    m_.band_bytes_i = band_rows_ * d_.out_channels * d_.output_row_bytes();
    m_.sign_rows_i = static_cast<std::uint16_t>(sign_rows_);
    m_.store_i = m_.band_done_i = 0;
    stall_ = random_() % 3 == 0 ? 0 : random_() % 8;
  }

  void Load() {
    parameters_.resize(d_.out_channels);
    m_.parameters_store_i = 1;
    for (std::size_t o = 0; o < parameters_.size(); ++o) {
      const auto number = [&](int limit) { return static_cast<std::int16_t>(Between(random_, -limit, limit)); };
      parameters_[o] = {number(32767), number(2000), number(32767), number(300), number(300), {}};
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(&parameters_[o]);
      for (std::size_t at = 0; at < sizeof parameters_[o]; at += kBytes) {
        m_.parameters_address_i = static_cast<std::uint8_t>((o * sizeof parameters_[o] + at) / kBytes);
        std::memcpy(&m_.parameters_data_i, bytes + at, kBytes);
        Cycle(m_);
      }
    }
    m_.parameters_store_i = 0;
  }

  std::size_t SumAt(std::uint32_t image, std::uint32_t o, std::uint32_t y) const {
    return ((std::size_t{image} * d_.out_channels + o) * d_.out_height + y) * d_.out_width;
  }

  /// The sum of a pixel of a step, or anything where there is none.
  int Sum(std::uint32_t image, std::uint32_t o, std::uint32_t row, std::uint32_t rows, int step, int piece, int pixel) {
    const auto y = static_cast<std::uint32_t>(pairs_ ? step : 2 * step + pixel / kPixels);
    const auto x = static_cast<std::uint32_t>(pairs_ ? kStep * piece + pixel : pixel % kPixels);
    return y < rows && x < d_.out_width ? sums_[SumAt(image, o, row + y) + x] : Between(random_, -511, 511);
  }

  void Band(std::uint32_t image, std::uint32_t first, std::uint32_t row, bool half) {
    for (int cycle = 0; held_ == 2; ++cycle) {
      ASSERT_LT(cycle, 100000) << "no half is given back: " << Describe();
      Step();
    }
    ++held_;
    const std::uint32_t outputs = std::min(kOutputs, d_.out_channels - first);
    const std::uint32_t rows = std::min(band_rows_, d_.out_height - row);
    int address = 0;
    for (int step = 0; step < static_cast<int>(pairs_ ? rows : (rows + 1) / 2); ++step) {
      for (int piece = 0; piece < pieces_; ++piece) {
        for (std::uint32_t o = first; o < first + outputs; ++o) {
          m_.store_half_i = half;
          m_.store_address_i = static_cast<std::uint8_t>(address++);
          // At times in two parts; what is not stored may be anything.
          const int lanes = random_() % 4 == 0 ? Between(random_, 0, (1 << kStep) - 1) : 0;
          for (const int part : {lanes, (1 << kStep) - 1 - lanes}) {
            m_.store_i = part != 0;
            m_.store_lanes_i = static_cast<std::uint16_t>(part);
            for (int p = 0; p < kStep; ++p) {
              const int sum =
                  (part >> p & 1) != 0 ? Sum(image, o, row, rows, step, piece, p) : Between(random_, -511, 511);
              SetBits(m_.store_data_i, static_cast<std::size_t>(p * kAccBits), kAccBits,
                      static_cast<std::uint64_t>(sum));
            }
            Step();
          }
          m_.store_i = 0;
          while (random_() % 8 == 0) {
            Step();
          }
        }
      }
    }
    m_.band_done_i = 1;
    Step();
    m_.band_done_i = 0;
  }

  bool Goes() { return random_() % 8 >= stall_; }

  void Step() {
    m_.read_ready_i = residual_beats_.empty() && Goes();
    m_.read_beat_valid_i = !residual_beats_.empty() && Goes();
    if (m_.read_beat_valid_i) {
      std::memcpy(&m_.read_beat_data_i, &memory_[residual_beats_.front()], kBytes);
    }
    m_.command_ready_i = beats_left_ == 0 && Goes();
    m_.beat_ready_i = beats_left_ > 0 && Goes();
    m_.signs_busy_i = signs_busy_ > 0;
    Settle(m_);
    if (m_.beat_valid_o && m_.beat_ready_i) {
      ASSERT_FALSE(m_.signs_turn_o);
      std::memcpy(&memory_[write_at_], &m_.beat_data_o, kBytes);
      write_at_ += kBytes;
      --beats_left_;
    }
    if (m_.command_valid_o && m_.command_ready_i) {
      ASSERT_FALSE(m_.signs_turn_o);
      ASSERT_LE(m_.command_address_o + m_.command_beats_o * kBytes, memory_.size());
      write_at_ = m_.command_address_o;
      beats_left_ = m_.command_beats_o;
    }
    if (m_.read_beat_valid_i && m_.read_beat_ready_o) {
      residual_beats_.pop_front();
    }
    if (m_.read_valid_o && m_.read_ready_i) {
      ASSERT_TRUE(d_.adds_residual);
      ASSERT_LE(m_.read_address_o + m_.read_bytes_o, memory_.size());
      for (std::size_t at = 0; at < m_.read_bytes_o; at += kBytes) {
        residual_beats_.push_back(m_.read_address_o + at);
      }
    }
    held_ -= m_.band_read_o;
    signs_busy_ -= signs_busy_ > 0 ? 1 : 0;
    TakeSigns();
    Edge(m_);
  }

  /// As subbit_table_writer: rows in order of rows and channels, written when the band is complete.
  void TakeSigns() {
    if (!d_.integer->gives_signs) {
      ASSERT_FALSE(m_.signs_done_o || m_.signs_turn_o);
      return;
    }
    if (m_.signs_store_o) {
      ASSERT_EQ(signs_busy_, 0) << "signs of a band that is not yet written are lost";
      ASSERT_EQ(m_.signs_address_o, signs_.size());
      std::vector<bool> row;
      for (std::uint32_t x = 0; x < d_.out_width; ++x) {
        row.push_back(GetBits(m_.signs_o, x, 1) != 0);
      }
      signs_.push_back(row);
    }
    if (!m_.signs_done_o) {
      return;
    }
    ASSERT_TRUE(m_.signs_turn_o);
    ASSERT_EQ(signs_.size(), RowsHere()) << Describe();
    const std::size_t row_bytes = RowBytes(ElementFormat::kBits, d_.out_width);
    const std::uint32_t outputs = OutputsHere();
    for (std::size_t i = 0; i < signs_.size(); ++i) {
      const std::size_t channel = sign_image_ * d_.out_channels + sign_first_ + i % outputs;
      std::uint8_t* to = &memory_[d_.signs_address + (channel * d_.out_height + sign_row_ + i / outputs) * row_bytes];
      std::fill_n(to, row_bytes, std::uint8_t{0});
      for (std::size_t x = 0; x < signs_[i].size(); ++x) {
        to[x / 8] = static_cast<std::uint8_t>(to[x / 8] | (signs_[i][x] ? 1u : 0u) << x % 8);
      }
    }
    signs_.clear();
    NextBandOfSigns();
    // From the next cycle on, at least one.
    signs_busy_ = Between(random_, 2, 60);
  }

  std::uint32_t OutputsHere() const { return std::min(kOutputs, d_.out_channels - sign_first_); }
  std::size_t RowsHere() const { return std::size_t{OutputsHere()} * std::min(sign_rows_, d_.out_height - sign_row_); }

  void NextBandOfSigns() {
    sign_row_ += sign_rows_;
    if (sign_row_ >= d_.out_height) {
      sign_row_ = 0;
      sign_first_ += kOutputs;
    }
    if (sign_first_ >= d_.out_channels) {
      sign_first_ = 0;
      sign_image_ = (sign_image_ + 1) % d_.batch;
    }
  }

  std::string Describe() const {
    return std::to_string(d_.batch) + " images, " + std::to_string(d_.out_channels) + " channels, " +
           std::to_string(d_.out_height) + "x" + std::to_string(d_.out_width) + ", bands of " +
           std::to_string(band_rows_) + " and " + std::to_string(sign_rows_) + (pairs_ ? ", pairs" : "") +
           (d_.adds_residual ? ", residuals" : "") + (d_.integer->gives_signs ? ", signs" : "");
  }

  Module m_;
  std::mt19937 random_;
  LayerDescriptor d_;
  std::vector<IntegerParameters> parameters_;
  std::vector<std::int32_t> sums_;  ///< [image, channel, row, column]
  std::vector<std::uint8_t> memory_;
  std::vector<std::uint8_t> expected_;
  std::uint32_t band_rows_ = 1;
  std::uint32_t sign_rows_ = 1;
  int pieces_ = 1;
  bool pairs_ = false;
  unsigned stall_ = 0;
  int held_ = 0;
  std::deque<std::size_t> residual_beats_;
  std::size_t write_at_ = 0;
  std::size_t beats_left_ = 0;
  std::vector<std::vector<bool>> signs_;  ///< of a band, in order
  std::size_t sign_image_ = 0;
  std::uint32_t sign_first_ = 0;
  std::uint32_t sign_row_ = 0;
  int signs_busy_ = 0;
};

template <class Module>
void FinishesBands(unsigned seed) {
  ValuesBench<Module> bench(seed);
  for (int run = 0; run < 150; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "run " << run;
  }
}

TEST(TableValuesModule, FinishesBandsOfAccumulators) { FinishesBands<Vsubbit_table_values>(3); }
TEST(TableValuesModule, FinishesBandsOfAccumulatorsOn32Bits) { FinishesBands<Vsubbit_table_values_narrow>(4); }

}  // namespace
}  // namespace subbit::fpga
