// What a classifier is made of, alone: sums of positions, with random stalls, and the array of multiply-adders.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "Vsubbit_dense_array.h"
#include "Vsubbit_position_sums.h"
#include "Vsubbit_position_sums_narrow.h"
#include "core/integer/integer_arithmetic.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

/// The module's parameter.
constexpr int kMaxChannels = 16;

/// A value, with the largest ones now and then.
std::int16_t AnyValue(std::mt19937& random, int run) {
  return static_cast<std::int16_t>(run % 4 == 0 ? (run % 8 == 0 ? -32768 : 32767) : Between(random, -32768, 32767));
}

template <class Sums>
void SumsUpPositions() {
  constexpr int kValues = static_cast<int>(sizeof(Sums::beat_data_i) / 2);
  Sums m;
  Reset(m);
  std::mt19937 random(8);
  for (int run = 0; run < 300; ++run) {
    const int channels = Between(random, 1, run % 3 == 0 ? 2 : kMaxChannels);
    const int width = Between(random, 1, run % 3 == 1 ? 2 : 9);
    const int rows = Between(random, 1, std::min(20, 256 / width));
    const int beats = (width + 3) / 4 * 4 / kValues;
    const int shift = Between(random, 0, 15);
    const bool stalls = run % 2 == 0;
    // Rows, in them channels; behind a row anything.
    std::vector<std::int16_t> values(static_cast<std::size_t>(rows * channels * beats * kValues));
    for (auto& value : values) {
      value = AnyValue(random, run);
    }
    m.channels_i = static_cast<std::uint16_t>(channels);
    m.rows_i = static_cast<std::uint16_t>(rows);
    m.row_beats_i = static_cast<std::uint16_t>(beats);
    m.width_i = static_cast<std::uint16_t>(width);
    m.shift_i = static_cast<std::uint8_t>(shift);
    m.beat_valid_i = 0;
    m.start_i = 1;
    Cycle(m);
    m.start_i = 0;
    std::size_t at = 0;
    int stored = 0;
    for (int cycle = 0;; ++cycle) {
      ASSERT_LT(cycle, 20000) << "does not end";
      m.beat_valid_i = at < values.size() && (!stalls || Moves(random));
      if (m.beat_valid_i) {
        std::memcpy(&m.beat_data_i, &values[at], sizeof m.beat_data_i);
      }
      Settle(m);
      at += m.beat_valid_i && m.beat_ready_o ? static_cast<std::size_t>(kValues) : 0;
      if (m.store_o) {
        ASSERT_EQ(m.store_channel_o, stored) << "channels in order, once each";
        std::int32_t sum = 0;
        for (int row = 0; row < rows; ++row) {
          for (int x = 0; x < width; ++x) {
            sum += values[static_cast<std::size_t>((row * channels + stored) * beats * kValues + x)];
          }
        }
        ASSERT_EQ(GetSigned(m.store_value_o, 0, 16), Saturate(RoundedShift(sum, shift), 16))
            << "channel " << stored << " of " << channels << ", " << rows << "x" << width << ", shift " << shift;
        ++stored;
      }
      const bool done = !m.busy_o;
      Edge(m);
      if (done) {
        break;
      }
    }
    ASSERT_EQ(stored, channels);
    ASSERT_EQ(at, values.size());
  }
}

TEST(PositionSumsModule, SumsUpPositions) { SumsUpPositions<Vsubbit_position_sums>(); }
TEST(PositionSumsModule, SumsUpPositionsOf32Bits) { SumsUpPositions<Vsubbit_position_sums_narrow>(); }

TEST(DenseArrayModule, HoldsTheSumsOfAPassWhileTheNextOneAddsUp) {
  constexpr int kOutputs = 16;
  constexpr int kPixels = 3;
  using Sums = std::array<std::array<std::uint32_t, kOutputs>, kPixels>;
  Vsubbit_dense_array m;
  Reset(m);
  std::mt19937 random(9);
  Sums held{};
  for (int run = 0; run < 100; ++run) {
    Sums sums{};
    int read[kPixels] = {};
    const int taps = Between(random, 1, 12);
    for (int tap = 0; tap < taps;) {
      m.tap_i = Moves(random);
      m.last_i = tap + 1 == taps;
      for (int p = 0; p < kPixels; ++p) {
        SetBits(m.pixels_i, static_cast<std::size_t>(16 * p), 16, random());
      }
      for (int o = 0; o < kOutputs; ++o) {
        SetBits(m.weights_i, static_cast<std::size_t>(10 * o), 10, random());
      }
      if (m.tap_i) {
        for (int p = 0; p < kPixels; ++p) {
          for (int o = 0; o < kOutputs; ++o) {
            sums[p][o] += static_cast<std::uint32_t>(GetSigned(m.pixels_i, static_cast<std::size_t>(16 * p), 16) *
                                                     GetSigned(m.weights_i, static_cast<std::size_t>(10 * o), 10));
          }
        }
        ++tap;
      }
      // The sums of the pass before are read meanwhile, each pixel's on its own.
      m.shift_i = static_cast<std::uint8_t>(random() % (1 << kPixels));
      Settle(m);
      for (int p = 0; run > 0 && p < kPixels; ++p) {
        for (int second = 0; read[p] < kOutputs && second < 2; ++second) {
          const auto at = static_cast<std::size_t>(64 * p + 32 * second);
          ASSERT_EQ(GetBits(m.sums_o, at, 32), held[p][read[p] + second])
              << "pixel " << p << ", output " << read[p] + second << ", run " << run;
        }
        read[p] += 2 * (m.shift_i >> p & 1);
      }
      Edge(m);
    }
    // A pass is held three cycles after its last tap, however the sums before it move meanwhile.
    m.tap_i = 0;
    for (int cycle = 0; cycle < 2; ++cycle) {
      m.shift_i = static_cast<std::uint8_t>(random() % (1 << kPixels));
      Cycle(m);
    }
    held = sums;
  }
}

}  // namespace
}  // namespace subbit::fpga
