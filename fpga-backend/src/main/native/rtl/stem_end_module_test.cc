// The end of stems alone: sums come unit by unit, with gaps, and a model of memory takes runs of beats that stall at
// random. Compared with the values and signs that the emulator writes.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "Vsubbit_stem_end.h"
#include "Vsubbit_stem_end_narrow.h"
#include "core/integer/integer_arithmetic.h"
#include "emulator/integer_output.h"
#include "rtl/layer_fields.h"
#include "rtl/layer_port.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

/// Of the module's parameters.
constexpr std::uint32_t kUnit = 8;
constexpr std::uint32_t kMaxChannels = 32;
constexpr std::uint32_t kMaxWidth = 56;

constexpr std::size_t kMemoryBytes = 1 << 16;

template <class Module>
class StemEndBench {
 public:
  explicit StemEndBench(unsigned seed) : random_(seed) { Reset(m_); }

  void Run() {
    Choose();
    Load();
    const int reset_at = random_() % 8 == 0 ? Between(random_, 0, 1500) : -1;
    m_.start_i = 1;
    Step();
    m_.start_i = 0;
    for (int cycle = 0; m_.busy_o; ++cycle) {
      ASSERT_LT(cycle, 200000) << "does not end: " << Describe();
      if (cycle == reset_at) {
        m_.valid_i = m_.done_i = m_.begin_i = 0;
        Reset(m_);
        beats_left_ = 0;
        for (int i = 0; i < 20; ++i) {
          Cycle(m_);
          ASSERT_FALSE(m_.busy_o || m_.write_valid_o || m_.write_beat_valid_o) << "goes on after a reset";
        }
        return;
      }
      Step();
      ASSERT_FALSE(::testing::Test::HasFatalFailure());
    }
    ASSERT_EQ(next_, sums_.size()) << "ends before its last sum: " << Describe();
    ASSERT_EQ(beats_left_, 0u) << "not busy, with a run on the bus";
    const auto different = std::mismatch(memory_.begin(), memory_.end(), expected_.begin());
    ASSERT_TRUE(different.first == memory_.end())
        << "byte " << different.first - memory_.begin() << " is " << int{*different.first} << ", not "
        << int{*different.second} << ": " << Describe();
  }

 private:
  static constexpr std::size_t kBytes = sizeof(Module::write_beat_data_o);

  /// A sum, or the end of a unit behind its last one.
  struct Sum {
    bool begins;  ///< a unit, for which there must be room
    bool valid;
    bool ends;
    std::uint32_t channel;
    std::uint32_t place;
    std::uint32_t column;
    std::int16_t sum;
  };

  std::string Describe() const {
    return std::to_string(d_.out_channels) + " channels, " + std::to_string(d_.out_height) + "x" +
           std::to_string(d_.out_width) + ", batch " + std::to_string(d_.batch) +
           (d_.integer->gives_signs ? ", signs" : "");
  }

  void Choose() {
    LayerShape shape;
    IntegerStage& stage = shape.integer.emplace();
    stage.kind = Kind::kStem;
    stage.kernel = 1;
    stage.value_bits = static_cast<std::uint8_t>(Between(random_, 9, 16));
    stage.gives_signs = random_() % 4 != 0;
    shape.batch = static_cast<std::uint32_t>(Between(random_, 1, 3));
    shape.in_height = shape.out_height = static_cast<std::uint32_t>(Between(random_, 1, 5));
    shape.in_width = shape.out_width =
        static_cast<std::uint32_t>(Between(random_, 1, random_() % 2 == 0 ? kMaxWidth : 9));
    shape.out_channels = static_cast<std::uint32_t>(Between(random_, 1, random_() % 2 == 0 ? kMaxChannels : 5));
    d_ = LayerDescriptor(shape);
    d_.output_address = 64 * (random_() % 4);
    d_.signs_address = stage.gives_signs ? kMemoryBytes / 8 * 7 + 64 * (random_() % 4) : 0;
    SetLayer(m_.layer_i, LayerFields(d_, {14, 64, 128}));
    memory_.resize(kMemoryBytes);
    std::generate(memory_.begin(), memory_.end(), [&] { return static_cast<std::uint8_t>(random_()); });
    parameters_.assign(d_.out_channels, {});
    const auto number = [&](int limit) { return static_cast<std::int16_t>(Between(random_, -limit, limit)); };
    for (IntegerParameters& p : parameters_) {
      p = {number(32767), number(random_() % 4 == 0 ? 32767 : 500), 0, 0, number(3000), {}};
    }
    stall_ = random_() % 3 == 0 ? 0 : random_() % 8;
    gaps_ = random_() % 3 == 0 ? 0 : random_() % 8;
    MakeSums();
  }

  /// The sums of all units, and what memory is to hold when they are written.
  void MakeSums() {
    expected_ = memory_;
    IntegerOutput output(d_, parameters_, expected_.data());
    sums_.clear();
    next_ = 0;
    std::vector<std::int16_t> values(std::size_t{kUnit} * d_.out_width);
    for (std::uint32_t image = 0; image < d_.batch; ++image) {
      for (std::uint32_t set = 0; set < d_.out_channels; set += kUnit) {
        const std::uint32_t outputs = std::min(kUnit, d_.out_channels - set);
        for (std::uint32_t row = 0; row < d_.out_height; ++row) {
          AddUnit(set, outputs, values);
          for (std::uint32_t o = 0; o < outputs; ++o) {
            output.WriteValues(image, row, set + o, &values[std::size_t{o} * d_.out_width]);
          }
        }
      }
    }
  }

  /// Pairs of columns, in them channels, as they come out of the array.
  void AddUnit(std::uint32_t set, std::uint32_t outputs, std::vector<std::int16_t>& values) {
    const std::size_t first = sums_.size();
    for (std::uint32_t x = 0; x < d_.out_width; x += 2) {
      for (std::uint32_t o = 0; o < outputs; ++o) {
        for (std::uint32_t column = x; column < std::min(x + 2, d_.out_width); ++column) {
          const auto sum = static_cast<std::int16_t>(random_());
          const IntegerParameters& p = parameters_[set + o];
          values[std::size_t{o} * d_.out_width + column] = Rescale(sum, p.multiplier, p.bias, d_.integer->value_bits);
          sums_.push_back({false, true, false, set + o, o, column, sum});
        }
      }
    }
    sums_[first].begins = true;
    if (random_() % 2 == 0) {
      sums_.push_back({false, false, true, 0, 0, 0, 0});
    } else {
      sums_.back().ends = true;
    }
  }

  /// Words of the loader's bus.
  void Load() {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(parameters_.data());
    m_.parameters_store_i = 1;
    for (std::size_t at = 0; at < sizeof(IntegerParameters) * parameters_.size(); at += kBytes) {
      m_.parameters_address_i = static_cast<std::uint8_t>(at / kBytes);
      std::memcpy(&m_.parameters_data_i, bytes + at, sizeof m_.parameters_data_i);
      Cycle(m_);
    }
    m_.parameters_store_i = 0;
  }

  bool Goes(unsigned stall) { return random_() % 8 >= stall; }

  void Step() {
    m_.write_ready_i = beats_left_ == 0 && Goes(stall_);
    m_.write_beat_ready_i = beats_left_ > 0 && Goes(stall_);
    m_.valid_i = m_.done_i = m_.begin_i = 0;
    Settle(m_);
    if (!m_.start_i && next_ < sums_.size() && Goes(gaps_) && (!sums_[next_].begins || m_.room_o)) {
      const Sum& sum = sums_[next_++];
      m_.begin_i = sum.begins;
      m_.valid_i = sum.valid;
      m_.done_i = sum.ends;
      m_.channel_i = static_cast<std::uint8_t>(sum.channel);
      m_.place_i = static_cast<std::uint8_t>(sum.place);
      m_.column_i = static_cast<std::uint8_t>(sum.column);
      m_.sum_i = static_cast<std::uint16_t>(sum.sum);
      Settle(m_);
    }
    if (m_.write_beat_valid_o && m_.write_beat_ready_i) {
      for (std::size_t b = 0; b < kBytes; ++b) {
        if ((m_.write_beat_strobe_o >> b & 1) != 0) {
          memory_[write_at_ + b] = static_cast<std::uint8_t>(m_.write_beat_data_o >> 8 * b);
        }
      }
      write_at_ += kBytes;
      --beats_left_;
    }
    if (m_.write_valid_o && m_.write_ready_i) {
      ASSERT_EQ(m_.write_address_o % kBytes, 0u);
      ASSERT_GT(m_.write_beats_o, 0u);
      ASSERT_LE(m_.write_address_o + m_.write_beats_o * kBytes, memory_.size());
      write_at_ = m_.write_address_o;
      beats_left_ = m_.write_beats_o;
    }
    Edge(m_);
  }

  Module m_;
  std::mt19937 random_;
  LayerDescriptor d_;
  std::vector<IntegerParameters> parameters_;
  std::vector<Sum> sums_;
  std::size_t next_ = 0;
  std::vector<std::uint8_t> memory_;
  std::vector<std::uint8_t> expected_;
  std::size_t write_at_ = 0;
  std::size_t beats_left_ = 0;
  unsigned stall_ = 0;
  unsigned gaps_ = 0;
};

template <class Module>
void WritesValuesAndSigns(unsigned seed) {
  StemEndBench<Module> bench(seed);
  for (int run = 0; run < 300; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(StemEndModule, WritesValuesAndSigns) { WritesValuesAndSigns<Vsubbit_stem_end>(1); }
TEST(StemEndModule, WritesValuesAndSignsOn32Bits) { WritesValuesAndSigns<Vsubbit_stem_end_narrow>(2); }

}  // namespace
}  // namespace subbit::fpga
