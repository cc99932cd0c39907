// What stems are made of, alone: words of weights, windows of pixels, sums of columns, and the max pool.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <vector>

#include "Vsubbit_dense_pixels.h"
#include "Vsubbit_dense_weights.h"
#include "Vsubbit_dense_weights_narrow.h"
#include "Vsubbit_stem_pool.h"
#include "Vsubbit_stem_sums.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

/// Weights of 8 or 16 bits, beat by beat with pauses, make words of ten bits each.
template <class Weights>
void KeepsWordsOfWeights() {
  constexpr int kOutputs = 16;
  constexpr int kBytes = static_cast<int>(sizeof(Weights::data_i));
  Weights m;
  Reset(m);
  std::mt19937 random(1);
  for (int run = 0; run < 60; ++run) {
    const bool wide = run % 2 == 0;
    const int size = wide ? 2 : 1;
    const int words = Between(random, 1, 32);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(words * kOutputs * size));
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::uint8_t>(random()); });
    m.wide_i = wide;
    m.begin_i = 1;
    Cycle(m);
    m.begin_i = 0;
    int stored = 0;
    for (std::size_t at = 0; at < bytes.size() || stored < words;) {
      m.valid_i = at < bytes.size() && Moves(random);
      if (m.valid_i) {
        std::memcpy(&m.data_i, &bytes[at], kBytes);
        at += kBytes;
      }
      Settle(m);
      stored += m.stored_o;
      Edge(m);
    }
    m.valid_i = 0;
    ASSERT_EQ(stored, words);
    for (int word = 0; word < words; ++word) {
      m.address_i = static_cast<std::uint8_t>(word);
      Cycle(m);
      Cycle(m);
      Settle(m);
      for (int o = 0; o < kOutputs; ++o) {
        const std::size_t at = static_cast<std::size_t>((word * kOutputs + o) * size);
        const std::int64_t expected = GetSigned(bytes[at], 0, wide ? 10 : 8);
        ASSERT_EQ(GetSigned(m.word_o, static_cast<std::size_t>(10 * o), 10), expected) << "word " << word << ", " << o;
      }
    }
  }
}

TEST(DenseWeightsModule, KeepsWordsOfWeights) { KeepsWordsOfWeights<Vsubbit_dense_weights>(); }
TEST(DenseWeightsModule, KeepsWordsOfWeightsOf32Bits) { KeepsWordsOfWeights<Vsubbit_dense_weights_narrow>(); }

/// A new tap in every cycle, whose pixels follow by five.
TEST(DensePixelsModule, CombinesTwoPixelsOfAnyWindow) {
  constexpr int kRows = 32;
  constexpr int kColumns = 256;
  constexpr int kLatency = 5;
  Vsubbit_dense_pixels m;
  std::mt19937 random(2);
  std::vector<std::uint8_t> pixels(kRows * kColumns);
  std::generate(pixels.begin(), pixels.end(), [&] { return static_cast<std::uint8_t>(random()); });
  m.stem_i = 1;
  m.pair_store_i = 0;
  m.word_store_i = 1;
  for (int word = 0; word < kRows * kColumns / 2; ++word) {
    m.word_address_i = static_cast<std::uint16_t>(word);
    std::memcpy(&m.word_i, &pixels[static_cast<std::size_t>(2 * word)], 2);
    Cycle(m);
  }
  m.word_store_i = 0;
  for (int run = 0; run < 40; ++run) {
    const int width = Between(random, 1, kColumns);
    const int distance = Between(random, 1, 8);
    m.width_i = static_cast<std::uint16_t>(width);
    m.distance_i = static_cast<std::uint8_t>(distance);
    std::deque<std::array<std::int64_t, 2>> expected;
    for (int tap = 0; tap < 100; ++tap) {
      const int row = Between(random, 0, kRows - 1);
      const bool inside = random() % 8 != 0;
      const int column = Between(random, -7, width - 1);
      // The last pixel of a window that begins with an odd column is not there.
      const int last = 15 - (column & 1) - distance;
      const int first = Between(random, 0, last);
      const int second = Between(random, 0, last);
      const int combination = Between(random, 0, 2);
      const int zero = Between(random, 0, 255);
      m.row_i = static_cast<std::uint8_t>(row);
      m.row_inside_i = inside;
      m.column_i = static_cast<std::uint16_t>(column & 0x7FF);
      m.first_i = static_cast<std::uint8_t>(first);
      m.second_i = static_cast<std::uint8_t>(second);
      m.combination_i = static_cast<std::uint8_t>(combination);
      m.zero_i = static_cast<std::uint8_t>(zero);
      const auto pixel = [&](int at) {
        return inside && at >= 0 && at < width ? pixels[static_cast<std::size_t>(row * kColumns + at)] - zero : 0;
      };
      std::array<std::int64_t, 2> lanes{};
      for (int lane = 0; lane < 2; ++lane) {
        const int a = pixel(column + first + lane * distance);
        const int b = pixel(column + second + lane * distance);
        lanes[static_cast<std::size_t>(lane)] = combination == 0 ? a : combination == 1 ? a + b : a - b;
      }
      expected.push_back(lanes);
      Cycle(m);
      if (static_cast<int>(expected.size()) == kLatency) {
        Settle(m);
        for (std::size_t lane = 0; lane < 2; ++lane) {
          ASSERT_EQ(GetSigned(m.pixels_o, 16 * lane, 16), expected.front()[lane]) << "tap " << tap << ", lane " << lane;
        }
        expected.pop_front();
      }
    }
  }
}

TEST(DensePixelsModule, KeepsPairsOfValues) {
  Vsubbit_dense_pixels m;
  std::mt19937 random(3);
  m.stem_i = 0;
  std::vector<std::uint32_t> pairs(4096);
  for (std::size_t at = 0; at < pairs.size(); ++at) {
    // A lane may be stored alone.
    for (const int lanes : {3, 1 + static_cast<int>(random() % 2)}) {
      const auto pair = static_cast<std::uint32_t>(random());
      const std::uint32_t mask = (lanes & 1 ? 0xFFFFu : 0u) | (lanes & 2 ? 0xFFFF0000u : 0u);
      pairs[at] = (pairs[at] & ~mask) | (pair & mask);
      m.pair_store_i = static_cast<std::uint8_t>(lanes);
      m.pair_address_i = static_cast<std::uint16_t>(at);
      m.pair_i = pair;
      Cycle(m);
    }
  }
  m.pair_store_i = 0;
  for (int run = 0; run < 200; ++run) {
    const std::size_t at = random() % pairs.size();
    m.address_i = static_cast<std::uint16_t>(at);
    for (int cycle = 0; cycle < 5; ++cycle) {
      Cycle(m);
    }
    Settle(m);
    ASSERT_EQ(m.pixels_o, pairs[at]);
  }
}

/// Groups follow each other as fast as they may, and sums of the list come in between.
TEST(StemSumsModule, MakesColumnsOfTheSumsOfAList) {
  constexpr int kOutputs = 8;
  constexpr int kBits = 27;
  Vsubbit_stem_sums m;
  Reset(m);
  std::mt19937 random(4);
  struct Item {
    int place, lane, second, tag;
    std::int64_t first_sum, second_sum;
  };
  for (int run = 0; run < 60; ++run) {
    const bool apart = run % 2 == 0;
    const int present = 1 | static_cast<int>(random() % 16);
    m.present_i = static_cast<std::uint8_t>(present);
    m.apart_i = apart;
    std::deque<Item> expected;
    int lasts = 0;
    const auto step = [&] {
      Settle(m);
      if (m.valid_o) {
        ASSERT_FALSE(expected.empty());
        const Item& item = expected.front();
        ASSERT_EQ(m.place_o, item.place);
        ASSERT_EQ(m.lane_o, item.lane);
        ASSERT_EQ(m.second_o, item.second);
        ASSERT_EQ(m.tag_o, item.tag);
        ASSERT_EQ(GetSigned(m.sums_o, 0, kBits), item.first_sum);
        ASSERT_TRUE(apart || GetSigned(m.sums_o, kBits, kBits) == item.second_sum);
        expected.pop_front();
      }
      lasts += m.last_o;
      Edge(m);
    };
    constexpr int kGroups = 5;
    for (int group = 0; group < kGroups; ++group) {
      const int outputs = Between(random, 1, kOutputs);
      const int pairs = (outputs + 1) / 2;
      std::int64_t sums[4][kOutputs][2] = {};
      m.half_i = group % 2;
      // Another group may be complete when the one before has been read.
      int cycles = 0;
      for (int sum = 0; sum < 4; ++sum) {
        for (int pair = 0; (present >> sum & 1) != 0 && pair < pairs; ++pair, ++cycles) {
          m.store_i = 1;
          m.sum_i = static_cast<std::uint8_t>(sum);
          m.pair_i = static_cast<std::uint8_t>(pair);
          for (int i = 0; i < 4; ++i) {
            const std::uint64_t value = random() & 0x3FFFFFF;
            SetBits(m.data_i, static_cast<std::size_t>(kBits * i), kBits, value);
            sums[sum][2 * pair + i % 2][i / 2] = static_cast<std::int64_t>(value);
          }
          step();
        }
      }
      m.store_i = 0;
      for (; cycles < kOutputs / 2 * 8 + 8; ++cycles) {
        step();
      }
      for (int pair = 0; pair < pairs; ++pair) {
        for (int i = 0; i < (apart ? 8 : 4); ++i) {
          const int lane = apart ? i / 4 : i / 2;
          const int second = apart ? i / 2 % 2 : 0;
          const int place = 2 * pair + i % 2;
          const auto sum = [&](int of) { return sums[of][place][lane]; };
          const std::int64_t of_first = GetSigned(sum(0) + sum(1) + sum(2), 0, kBits);
          const std::int64_t of_second = GetSigned(sum(1) - sum(2) + sum(3), 0, kBits);
          if (place < outputs) {
            expected.push_back({place, lane, second, group, second != 0 ? of_second : of_first, of_second});
          }
        }
      }
      m.start_i = 1;
      m.outputs_i = static_cast<std::uint8_t>(outputs);
      m.tag_i = static_cast<std::uint8_t>(group);
      step();
      m.start_i = 0;
    }
    for (int cycle = 0; m.busy_o || cycle < 2; ++cycle) {
      ASSERT_LT(cycle, 1000);
      step();
      ASSERT_FALSE(::testing::Test::HasFatalFailure());
    }
    ASSERT_TRUE(expected.empty());
    ASSERT_EQ(lasts, kGroups);
  }
}

/// Rows of sums, with pauses, and a memory behind it; compared with the windows' largest, or smallest, sums.
TEST(StemPoolModule, GivesTheLargestOfEachWindow) {
  constexpr int kOutputs = 8;
  Vsubbit_stem_pool m;
  Reset(m);
  std::mt19937 random(5);
  for (int run = 0; run < 100; ++run) {
    const int window[2] = {Between(random, 1, 3), Between(random, 2, 3)};
    const int stride[2] = {Between(random, std::max(1, window[0] - 1), window[0]),
                           Between(random, std::max(2, window[1] - 1), window[1])};
    const int out[2] = {Between(random, 1, 4), Between(random, 1, 6)};
    const int outputs = Between(random, 1, kOutputs);
    const int rows = (out[0] - 1) * stride[0] + window[0];
    const int columns = (out[1] - 1) * stride[1] + window[1];
    const int there = Between(random, std::max(1, columns - 1), columns);
    const unsigned minimum = static_cast<unsigned>(random());
    std::vector<std::int16_t> sums(static_cast<std::size_t>(rows * columns * outputs));
    std::generate(sums.begin(), sums.end(), [&] { return static_cast<std::int16_t>(random()); });
    const auto sum = [&](int y, int x, int o) {
      return sums[static_cast<std::size_t>((y * columns + x) * outputs + o)];
    };
    m.overlap_h_i = window[0] != stride[0];
    m.overlap_w_i = window[1] != stride[1];
    std::vector<std::uint16_t> memory(4096);
    std::deque<std::int64_t> expected;
    int got = 0;
    const auto cycle = [&] {
      Settle(m);
      const std::uint16_t read = memory[m.read_address_o];
      if (m.store_o) {
        memory[m.store_address_o] = m.store_data_o;
      }
      if (m.valid_o) {
        ASSERT_FALSE(expected.empty());
        ASSERT_EQ(GetSigned(m.sum_o, 0, 16), expected.front());
        expected.pop_front();
        ++got;
      }
      Edge(m);
      m.read_data_i = read;
    };
    for (int y = 0; y < rows; ++y) {
      const bool row_ends = y >= window[0] - 1 && (y - window[0] + 1) % stride[0] == 0;
      int ended = 0;
      for (int x = 0; x < columns; x += 2) {
        const auto ends = [&](int at) {
          return at < columns && at >= window[1] - 1 && (at - window[1] + 1) % stride[1] == 0;
        };
        const int both = (ends(x) ? 1 : 0) | (ends(x + 1) ? 2 : 0);
        for (int o = 0; o < outputs; ++o) {
          while (!Moves(random)) {
            m.valid_i = 0;
            cycle();
          }
          m.valid_i = 1;
          m.place_i = static_cast<std::uint8_t>(o);
          m.minimum_i = minimum >> o & 1;
          m.first_i = x == 0;
          m.present_i = static_cast<std::uint8_t>((x < there ? 1 : 0) | (x + 1 < there ? 2 : 0));
          m.ends_i = static_cast<std::uint8_t>(both);
          m.row_first_i = y == 0;
          m.row_ends_i = row_ends;
          m.address_i = static_cast<std::uint16_t>(ended * outputs + o);
          SetBits(m.sums_i, 0, 16, static_cast<std::uint16_t>(sum(y, x, o)));
          SetBits(m.sums_i, 16, 16, x + 1 < columns ? static_cast<std::uint16_t>(sum(y, x + 1, o)) : random() & 0xFFFF);
          if (both != 0 && row_ends) {
            const bool least = (minimum >> o & 1) != 0;
            std::int64_t most = least ? 32767 : -32768;
            for (int r = 0; r < window[0]; ++r) {
              for (int s = 0; s < window[1]; ++s) {
                const int at = ended * stride[1] + s;
                const int above = y - window[0] + 1 + r;
                if (at < there) {
                  most = least ? std::min<std::int64_t>(most, sum(above, at, o))
                               : std::max<std::int64_t>(most, sum(above, at, o));
                }
              }
            }
            expected.push_back(most);
          }
          cycle();
          ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "run " << run;
        }
        ended += both != 0 ? 1 : 0;
      }
      // What is stored for a row is there when the next one comes.
      for (int pause = 0; pause < 4; ++pause) {
        m.valid_i = 0;
        cycle();
      }
    }
    m.valid_i = 0;
    for (int rest = 0; rest < 8; ++rest) {
      cycle();
    }
    ASSERT_TRUE(expected.empty());
    ASSERT_EQ(got, out[0] * out[1] * outputs);
    ASSERT_FALSE(m.busy_o);
  }
}

}  // namespace
}  // namespace subbit::fpga
