// What an integer layer does with its sums, alone: sums of any channel with pauses at random, compared with the
// emulator's arithmetic, value by value.

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "Vsubbit_finish.h"
#include "emulator/integer_output.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

/// Of the module's parameters.
constexpr int kValues = 4;
constexpr int kChannels = 16;
/// From a sum to its residual.
constexpr std::size_t kResidual = 5;

std::int16_t Any(std::mt19937& random) {
  switch (random() % 8) {
    case 0:
      return 32767;
    case 1:
      return -32767;
    case 2:
      return static_cast<std::int16_t>(Between(random, -300, 300));
    default:
      return static_cast<std::int16_t>(Between(random, -32767, 32767));
  }
}

class FinishBench {
 public:
  FinishBench() : random_(21) { Reset(m_); }

  void Run() {
    Choose();
    std::deque<std::vector<std::int16_t>> residuals(kResidual);  // empty where no sums came
    struct Expected {
      int tag;
      std::vector<std::int16_t> values;
      std::vector<bool> signs;
    };
    std::deque<Expected> expected;
    int results = 0;
    for (int cycle = 0; cycle < 220; ++cycle) {
      m_.valid_i = cycle < 200 && Moves(random_);
      m_.tag_i = static_cast<std::uint8_t>(random_());
      const auto channel = random_() % kChannels;
      m_.channel_i = static_cast<std::uint8_t>(channel);
      std::vector<std::int16_t> residual;
      Expected e = {m_.tag_i, {}, {}};
      for (int i = 0; i < kValues; ++i) {
        const std::int16_t sum = random_() % 16 == 0 ? std::int16_t{-32768} : Any(random_);
        SetBits(m_.sums_i, static_cast<std::size_t>(16 * i), 16, static_cast<std::uint64_t>(sum));
        residual.push_back(Any(random_));
        e.values.push_back(FinishedValue(shape_, parameters_[channel], sum, residual.back()));
        e.signs.push_back(e.values.back() >= parameters_[channel].threshold);
      }
      if (m_.valid_i) {
        expected.push_back(e);
      }
      residuals.push_back(m_.valid_i ? residual : std::vector<std::int16_t>{});
      const auto due = residuals.front();
      residuals.pop_front();
      for (int i = 0; i < kValues; ++i) {
        const std::int16_t value = due.empty() ? Any(random_) : due[static_cast<std::size_t>(i)];
        SetBits(m_.residual_data_i, static_cast<std::size_t>(16 * i), 16, static_cast<std::uint64_t>(value));
      }
      Settle(m_);
      ASSERT_EQ(m_.residual_take_o, shape_.adds_residual && !due.empty());
      if (m_.valid_o) {
        ASSERT_FALSE(expected.empty());
        const Expected& first = expected.front();
        ASSERT_EQ(m_.tag_o, first.tag);
        for (int i = 0; i < kValues; ++i) {
          const auto at = static_cast<std::size_t>(i);
          ASSERT_EQ(GetSigned(m_.values_o, 16 * at, 16), first.values[at])
              << "value " << i << " of result " << results << (shape_.adds_residual ? ", with residuals" : "") << ", "
              << int{shape_.integer->value_bits} << " bits";
          ASSERT_EQ(m_.signs_o >> i & 1, first.signs[at] ? 1 : 0);
        }
        expected.pop_front();
        ++results;
      }
      Edge(m_);
    }
    ASSERT_TRUE(expected.empty()) << "values are missing";
  }

 private:
  void Choose() {
    shape_.integer.emplace();
    shape_.adds_residual = random_() % 3 != 0;
    shape_.integer->value_bits = static_cast<std::uint8_t>(Between(random_, 9, 16));
    shape_.integer->slope_shift = static_cast<std::uint8_t>(Between(random_, 0, 3));
    m_.residual_i = shape_.adds_residual;
    m_.value_bits_i = shape_.integer->value_bits;
    m_.slope_shift_i = shape_.integer->slope_shift;
    m_.valid_i = 0;
    parameters_.resize(kChannels);
    for (std::size_t channel = 0; channel < parameters_.size(); ++channel) {
      IntegerParameters& p = parameters_[channel];
      const std::int16_t least = -32768;
      p = {Any(random_), Any(random_), Any(random_), Any(random_), Any(random_), {}};
      p.bias = random_() % 8 == 0 ? least : p.bias;
      p.threshold = random_() % 8 == 0 ? least : p.threshold;
      m_.store_channel_i = static_cast<std::uint8_t>(channel);
      const auto pair = [](std::int16_t low, std::int16_t high) {
        return static_cast<std::uint16_t>(low) | static_cast<std::uint32_t>(static_cast<std::uint16_t>(high)) << 16;
      };
      m_.scale_i = pair(p.multiplier, p.bias);
      m_.bend_i = pair(p.slope, p.shift_out);
      m_.threshold_i = static_cast<std::uint16_t>(p.threshold);
      // One after the other, as a narrow bus stores them; what is not stored must not matter.
      for (int part = 0; part < 3; ++part) {
        m_.scale_store_i = part == 0;
        m_.bend_store_i = part == 1;
        m_.threshold_store_i = part == 2;
        Cycle(m_);
      }
      m_.threshold_store_i = 0;
    }
  }

  Vsubbit_finish m_;
  std::mt19937 random_;
  LayerShape shape_;
  std::vector<IntegerParameters> parameters_;
};

TEST(FinishModule, GivesTheValuesOfTheEmulator) {
  FinishBench bench;
  for (int run = 0; run < 300; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "run " << run;
  }
}

}  // namespace
}  // namespace subbit::fpga
