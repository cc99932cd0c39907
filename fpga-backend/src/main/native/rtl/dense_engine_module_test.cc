// The engine of stems and shortcuts alone: weights, zero pixels and images come from a model of memory that stalls at
// random, and bands of a shortcut's sums, and units of a stem's, are taken away at random. Compared with sums by their
// definition.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "Vsubbit_dense_engine.h"
#include "Vsubbit_dense_engine_narrow.h"
#include "core/integer/integer_arithmetic.h"
#include "device/dense_order.h"
#include "device/stem_taps.h"
#include "rtl/layer_fields.h"
#include "rtl/layer_port.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

/// Of the module's parameters.
constexpr std::uint32_t kSet = 16;
constexpr std::uint32_t kBlock = 32;
constexpr std::uint32_t kTaps = 64;
constexpr std::uint32_t kStemTaps = 128;
constexpr std::uint32_t kMaxChannels = 64;
constexpr std::uint32_t kSums = 128;
constexpr std::uint32_t kStep = 14;
constexpr std::uint32_t kMaxWidth = 56;

constexpr int kNothing = 1 << 20;

/// A layer with an output, and whose rows stay on chip.
bool Fits(const LayerShape& d) {
  return d.out_height >= 1 && d.out_width >= 1 && d.out_width <= kMaxWidth &&
         d.dense_taps() <= (d.integer->kind == Kind::kStem ? kStemTaps : kTaps) &&
         (d.stride_w != contract::kMaxKernel || d.pad_left % 2 == 0) &&
         d.in_channels * ((d.out_width + 1) / 2) <= contract::kShortcutPairs;
}

LayerShape RandomShortcut(std::mt19937& random) {
  LayerShape d;
  IntegerStage& stage = d.integer.emplace();
  stage.kind = Kind::kShortcut;
  stage.pool[0] = stage.pool[1] = static_cast<std::uint8_t>(Between(random, 1, 2));
  stage.pool_strides = stage.pool;
  stage.shift = static_cast<std::uint8_t>(Between(random, 1, 23));
  d.in_channels = static_cast<std::uint32_t>(Between(random, 1, random() % 4 == 0 ? kTaps : 5));
  d.in_height = static_cast<std::uint32_t>(Between(random, 1, 7));
  d.in_width = static_cast<std::uint32_t>(Between(random, 1, random() % 4 == 0 ? kMaxWidth : 9));
  return d;
}

LayerShape RandomStem(std::mt19937& random) {
  LayerShape d;
  IntegerStage& stage = d.integer.emplace();
  stage.kind = Kind::kStem;
  stage.kernel = static_cast<std::uint8_t>(Between(random, 1, random() % 2 == 0 ? 8 : 3));
  stage.shift = static_cast<std::uint8_t>(Between(random, 1, 17));
  d.in_channels = static_cast<std::uint32_t>(Between(random, 1, 4));
  d.in_height = static_cast<std::uint32_t>(Between(random, 1, 40));
  d.in_width = static_cast<std::uint32_t>(Between(random, 1, random() % 8 == 0 ? 256 : random() % 4 == 0 ? 50 : 12));
  const int widest = random() % 4 == 0 ? stage.kernel : std::min<int>(2, stage.kernel);
  for (auto* stride : {&d.stride_h, &d.stride_w}) {
    *stride = static_cast<std::uint16_t>(Between(random, 1, widest));
  }
  for (auto* pad : {&d.pad_top, &d.pad_left, &d.pad_bottom, &d.pad_right}) {
    *pad = static_cast<std::uint16_t>(Between(random, 0, stage.kernel - 1));
  }
  stage.taps = static_cast<std::uint16_t>(StemTaps(d).size());
  for (std::size_t axis = 0; random() % 4 != 0 && axis < 2; ++axis) {
    stage.pool[axis] = static_cast<std::uint8_t>(Between(random, 1, 3));
    stage.pool_strides[axis] =
        static_cast<std::uint8_t>(Between(random, std::max(1, stage.pool[axis] - 1), stage.pool[axis]));
    stage.pool_pads[axis] = static_cast<std::uint8_t>(Between(random, 0, stage.pool[axis] - 1));
    stage.pool_pads[axis + 2] = static_cast<std::uint8_t>(Between(random, 0, stage.pool[axis] - 1));
  }
  return d;
}

template <class Module>
class DenseEngineBench {
 public:
  explicit DenseEngineBench(unsigned seed) : random_(seed) { Reset(m_); }

  void Run() {
    Choose();
    Load();
    stored_[0].assign(kSums * kStep, kNothing);
    stored_[1] = stored_[0];
    image_ = first_ = row_ = held_ = stored_half_ = 0;
    done_ = 0;
    unit_.assign(std::size_t{kSet} * d_.out_width, kNothing);
    ended_ = false;
    m_.start_i = 1;
    Step();
    m_.start_i = 0;
    const int reset_at = random_() % 8 == 0 ? Between(random_, 0, 2000) : -1;
    for (int cycle = 0; m_.busy_o; ++cycle) {
      ASSERT_LT(cycle, 1000000) << "does not end: " << Describe();
      if (cycle == reset_at) {
        Reset(m_);
        beats_.clear();
        m_.read_beat_valid_i = 0;
        for (int i = 0; i < 20; ++i) {
          Cycle(m_);
          ASSERT_FALSE(m_.busy_o || m_.read_valid_o || m_.store_o || m_.band_begin_o || m_.band_done_o ||
                       m_.unit_begin_o || m_.sum_valid_o || m_.unit_done_o);
        }
        return;
      }
      Step();
      ASSERT_FALSE(::testing::Test::HasFatalFailure());
    }
    ASSERT_TRUE(ended_) << "bands are missing: " << Describe();
    ASSERT_TRUE(beats_.empty()) << "not busy, with a run on the bus";
  }

 private:
  static constexpr std::size_t kBytes = sizeof(Module::read_beat_data_i);

  std::string Describe() const {
    const IntegerStage& stage = *d_.integer;
    std::string text = stage.kind == Kind::kStem ? "stem" : "shortcut";
    for (const auto number : {int{stage.kernel}, int{stage.pool[0]}, int{stage.pool[1]}, int{stage.pool_strides[0]},
                              int{stage.pool_strides[1]}, int{d_.stride_h}, int{d_.stride_w}}) {
      text += " " + std::to_string(number);
    }
    return text + ", " + std::to_string(d_.in_channels) + " to " + std::to_string(d_.out_channels) + " channels, " +
           std::to_string(d_.in_height) + "x" + std::to_string(d_.in_width) + " to " + std::to_string(d_.out_height) +
           "x" + std::to_string(d_.out_width) + ", batch " + std::to_string(d_.batch);
  }

  void Choose() {
    LayerShape shape;
    do {
      shape = random_() % 2 == 0 ? RandomShortcut(random_) : RandomStem(random_);
      const ImageSize out = shape.OutputSize({shape.in_height, shape.in_width});
      shape.out_height = out.height;
      shape.out_width = out.width;
    } while (!Fits(shape));
    shape.output_format = OutputFormat::kI32;
    shape.batch = static_cast<std::uint32_t>(Between(random_, 1, 2));
    shape.out_channels = static_cast<std::uint32_t>(Between(random_, 1, random_() % 2 == 0 ? kMaxChannels : 3));
    d_ = LayerDescriptor(shape);
    memory_.resize(1 << 19);
    std::generate(memory_.begin(), memory_.end(), [&] { return static_cast<std::uint8_t>(random_()); });
    d_.input_address = 64 * (random_() % 4);
    d_.index_address = (1 << 18) + 64 * (random_() % 4);
    d_.codebook_address = (1 << 18) + (1 << 17) + 64 * (random_() % 4);
    if (d_.integer->kind == Kind::kStem) {
      LoadList();
    }
    pieces_ = (d_.out_width + kStep - 1) / kStep;
    const std::uint32_t block = std::min(kBlock, d_.out_channels);
    band_rows_ = static_cast<std::uint32_t>(Between(random_, 1, static_cast<int>(kSums / block / pieces_)));
    SetLayer(m_.layer_i, LayerFields(d_, {14, 64, 128}));
    m_.band_rows_i = static_cast<std::uint16_t>(band_rows_);
    m_.pieces_i = static_cast<std::uint8_t>(pieces_);
    m_.lend_i = 0;
    stall_ = random_() % 3 == 0 ? 0 : random_() % 8;
  }

  /// The list of a stem's taps, and its weights, in sets of the module's size.
  void LoadList() {
    const std::size_t kernel = d_.integer->kernel;
    stem_weights_.resize(d_.out_channels * d_.in_channels * kernel * kernel);
    std::generate(stem_weights_.begin(), stem_weights_.end(), [&] { return static_cast<std::int8_t>(random_()); });
    const std::vector<std::uint8_t> zero_pixels(memory_.begin(), memory_.begin() + d_.in_channels);
    const auto codebook = StemCodebook(d_, zero_pixels);
    std::copy(codebook.begin(), codebook.end(), memory_.begin() + static_cast<std::ptrdiff_t>(d_.codebook_address));
    const auto weights = StemWeights(d_, stem_weights_);
    for (std::uint32_t o = 0; o < d_.out_channels; ++o) {
      for (std::uint64_t tap = 0; tap < d_.dense_taps(); ++tap) {
        std::memcpy(&memory_[d_.index_address + 2 * PlaceOf(o, tap)], &weights[DensePlace(d_, o, tap)], 2);
      }
    }
  }

  /// Of a weight in memory: sets, in them taps, in them outputs.
  std::size_t PlaceOf(std::uint32_t o, std::uint64_t tap) const {
    return (o / kSet * d_.dense_taps() + tap) * kSet + o % kSet;
  }

  /// The signs of multipliers.
  void Load() {
    negative_.resize(d_.out_channels);
    m_.parameters_store_i = 1;
    for (std::size_t o = 0; o < negative_.size(); ++o) {
      negative_[o] = random_() % 2 == 0;
      for (std::size_t at = 0; at < 16; at += kBytes) {
        m_.parameters_address_i = static_cast<std::uint8_t>((16 * o + at) / kBytes);
        m_.parameters_sign_i = at == 0 ? negative_[o] : random_() % 2;
        Cycle(m_);
      }
    }
    m_.parameters_store_i = 0;
  }

  std::int32_t Moved(std::int64_t sum) const {
    return Saturate(RoundedShift(static_cast<std::int32_t>(sum), d_.integer->shift), 16);
  }

  std::int32_t Mean(std::uint32_t image, std::uint32_t c, std::uint32_t y, std::uint32_t x) const {
    const std::uint32_t pool = d_.integer->pool[0];
    std::int32_t sum = 0;
    int count = 0;
    for (std::uint32_t r = y * pool; r < std::min((y + 1) * pool, d_.in_height); ++r) {
      for (std::uint32_t s = x * pool; s < std::min((x + 1) * pool, d_.in_width); ++s, ++count) {
        const std::size_t at =
            d_.input_address + ((std::size_t{image} * d_.in_height + r) * d_.in_channels + c) * d_.input_row_bytes();
        std::int16_t value = 0;
        std::memcpy(&value, &memory_[at + 2 * s], sizeof value);
        sum += value;
      }
    }
    return RoundedShift(sum, count / 2);
  }

  /// A sum of a stem, moved down.
  std::int32_t StemSum(std::uint32_t image, std::uint32_t o, std::int64_t row, std::int64_t column) const {
    const int kernel = d_.integer->kernel;
    std::int64_t sum = 0;
    const std::int8_t* weight =
        stem_weights_.data() + std::size_t{o} * d_.in_channels * static_cast<std::size_t>(kernel * kernel);
    for (std::uint32_t c = 0; c < d_.in_channels; ++c) {
      for (int i = 0; i < kernel; ++i) {
        for (int j = 0; j < kernel; ++j, ++weight) {
          const std::int64_t y = row * d_.stride_h - d_.pad_top + i;
          const std::int64_t x = column * d_.stride_w - d_.pad_left + j;
          if (y >= 0 && y < d_.in_height && x >= 0 && x < d_.in_width) {
            const std::size_t at =
                d_.input_address +
                ((std::size_t{image} * d_.in_channels + c) * d_.in_height + static_cast<std::size_t>(y)) * d_.in_width;
            sum += *weight * (memory_[at + static_cast<std::size_t>(x)] - memory_[d_.codebook_address + c]);
          }
        }
      }
    }
    return Moved(2 * sum);
  }

  std::int32_t Expected(std::uint32_t image, std::uint32_t o, std::uint32_t y, std::uint32_t x) const {
    const IntegerStage& stage = *d_.integer;
    if (stage.kind == Kind::kShortcut) {
      std::int64_t sum = 0;
      for (std::uint32_t c = 0; c < d_.in_channels; ++c) {
        sum += static_cast<std::int8_t>(memory_[d_.index_address + PlaceOf(o, c)]) * Mean(image, c, y, x);
      }
      return Moved(sum);
    }
    const std::int64_t height = (std::int64_t{d_.in_height} + d_.pad_top + d_.pad_bottom - stage.kernel) / d_.stride_h;
    const std::int64_t width = (std::int64_t{d_.in_width} + d_.pad_left + d_.pad_right - stage.kernel) / d_.stride_w;
    std::int32_t least = 32767;
    std::int32_t most = -32768;
    for (std::int64_t r = 0; r < stage.pool[0]; ++r) {
      for (std::int64_t s = 0; s < stage.pool[1]; ++s) {
        const std::int64_t row = std::int64_t{y} * stage.pool_strides[0] - stage.pool_pads[0] + r;
        const std::int64_t column = std::int64_t{x} * stage.pool_strides[1] - stage.pool_pads[1] + s;
        if (row >= 0 && row <= height && column >= 0 && column <= width) {
          const std::int32_t sum = StemSum(image, o, row, column);
          least = std::min(least, sum);
          most = std::max(most, sum);
        }
      }
    }
    // Of a window that has nothing in it, the largest number of 16 bits is the smallest of nothing.
    return negative_[o] ? least : most;
  }

  bool Goes() { return random_() % 8 >= stall_; }

  void Step() {
    m_.read_ready_i = beats_.empty() && Goes();
    if (!m_.read_beat_valid_i && !beats_.empty() && Goes()) {
      m_.read_beat_valid_i = 1;
      std::memcpy(&m_.read_beat_data_i, &memory_[beats_.front()], kBytes);
      m_.read_beat_last_i = beats_.size() == 1;
    }
    m_.band_ready_i = m_.band_ready_i || random_() % 4 == 0;
    m_.band_room_i = held_ < 2;
    m_.unit_room_i = held_ < 2;
    Settle(m_);
    const bool taken = m_.read_beat_valid_i && m_.read_beat_ready_o;
    if (taken) {
      beats_.pop_front();
    }
    if (m_.read_valid_o && m_.read_ready_i) {
      ASSERT_GT(m_.read_bytes_o, 0u);
      ASSERT_LE(m_.read_address_o + m_.read_bytes_o, memory_.size());
      for (std::size_t at = 0; at < m_.read_bytes_o; at += kBytes) {
        beats_.push_back(m_.read_address_o + at);
      }
    }
    if (m_.band_begin_o || m_.unit_begin_o) {
      ASSERT_LT(held_, 2) << "a band or unit begins for which there is no room";
      ASSERT_EQ(d_.integer->kind == Kind::kStem, m_.unit_begin_o) << "what it begins does not go with its kind";
      ++held_;
    }
    if (m_.sum_valid_o) {
      ASSERT_EQ(m_.sum_channel_o, first_ + m_.sum_place_o) << Describe();
      ASSERT_LT(m_.sum_column_o, d_.out_width) << Describe();
      int& sum = unit_[std::size_t{m_.sum_place_o} * d_.out_width + m_.sum_column_o];
      ASSERT_EQ(sum, kNothing) << "a second sum: " << Describe();
      sum = static_cast<std::int16_t>(m_.sum_o);
    }
    if (m_.store_o) {
      for (std::uint32_t lane = 0; lane < kStep; ++lane) {
        if ((m_.store_lanes_o >> lane & 1) != 0) {
          stored_[m_.store_half_o][m_.store_address_o * kStep + lane] =
              static_cast<int>(GetSigned(m_.store_data_o, 16 * lane, 16));
        }
      }
    }
    if (m_.band_done_o) {
      TakeBand();
    }
    if (m_.unit_done_o) {
      TakeUnit();
    }
    // The halves are given back some time later.
    if (done_ > 0 && random_() % 32 == 0) {
      --done_;
      --held_;
    }
    Edge(m_);
    if (taken) {
      m_.read_beat_valid_i = 0;
    }
  }

  void TakeBand() {
    ASSERT_FALSE(ended_) << "one band too many";
    ++done_;
    const std::uint32_t outputs = std::min(kBlock, d_.out_channels - first_);
    const std::uint32_t rows = std::min(band_rows_, d_.out_height - row_);
    auto& half = stored_[stored_half_];
    for (std::uint32_t r = 0; r < rows; ++r) {
      for (std::uint32_t x = 0; x < d_.out_width; ++x) {
        for (std::uint32_t o = 0; o < outputs; ++o) {
          const std::uint32_t address = (r * pieces_ + x / kStep) * outputs + o;
          ASSERT_EQ(half[address * kStep + x % kStep], Expected(image_, first_ + o, row_ + r, x))
              << "image " << image_ << ", channel " << first_ + o << ", row " << row_ + r << ", column " << x << ": "
              << Describe();
        }
      }
    }
    half.assign(half.size(), kNothing);
    stored_half_ = 1 - stored_half_;
    EndRows(rows);
  }

  /// A row of a set of a stem's channels, which are a block.
  void TakeUnit() {
    ASSERT_FALSE(ended_) << "one unit too many";
    ++done_;
    for (std::uint32_t o = 0; o < std::min(kSet, d_.out_channels - first_); ++o) {
      for (std::uint32_t x = 0; x < d_.out_width; ++x) {
        ASSERT_EQ(unit_[std::size_t{o} * d_.out_width + x], Expected(image_, first_ + o, row_, x))
            << "image " << image_ << ", channel " << first_ + o << ", row " << row_ << ", column " << x << ": "
            << Describe();
      }
    }
    unit_.assign(unit_.size(), kNothing);
    EndRows(1);
  }

  void EndRows(std::uint32_t rows) {
    row_ += rows;
    if (row_ == d_.out_height) {
      row_ = 0;
      first_ += d_.integer->kind == Kind::kStem ? kSet : kBlock;
      if (first_ >= d_.out_channels) {
        first_ = 0;
        ended_ = ++image_ == d_.batch;
      }
    }
  }

  Module m_;
  std::mt19937 random_;
  LayerDescriptor d_;
  std::vector<std::uint8_t> memory_;
  std::vector<std::int8_t> stem_weights_;  ///< [output][channel][row][column]
  std::vector<bool> negative_;
  std::uint32_t pieces_ = 0;
  std::uint32_t band_rows_ = 0;
  unsigned stall_ = 0;
  std::deque<std::size_t> beats_;  ///< addresses of those that were asked for
  std::vector<int> stored_[2];     ///< [sum][pixel of a step] of either half
  int stored_half_ = 0;
  std::vector<int> unit_;  ///< [channel of a set][column], of a stem
  int held_ = 0;           ///< halves, or units, that are in use
  int done_ = 0;           ///< of them, those that are complete
  std::uint32_t image_ = 0;
  std::uint32_t first_ = 0;
  std::uint32_t row_ = 0;
  bool ended_ = false;
};

template <class Module>
void ComputesStemsAndShortcuts(unsigned seed) {
  DenseEngineBench<Module> bench(seed);
  for (int run = 0; run < 150; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(DenseEngineModule, ComputesStemsAndShortcuts) { ComputesStemsAndShortcuts<Vsubbit_dense_engine>(1); }
TEST(DenseEngineModule, ComputesStemsAndShortcutsOn32Bits) {
  ComputesStemsAndShortcuts<Vsubbit_dense_engine_narrow>(2);
}

}  // namespace
}  // namespace subbit::fpga
