// The modules that pixels and values stream through, alone, with random stalls on every stream.

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <deque>
#include <map>
#include <vector>

#include "Vsubbit_column_sums.h"
#include "Vsubbit_input_buffer.h"
#include "Vsubbit_packer.h"
#include "Vsubbit_packer_narrow.h"
#include "Vsubbit_packer_wide.h"
#include "Vsubbit_window.h"
#include "rtl/layer_port.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

/// Runs of values of one or four bytes, at any place that is a multiple of their size.
template <class Packer>
void PacksRuns() {
  constexpr int kBytes = sizeof(Packer::beat_data);
  Packer m;
  std::mt19937 random(1);
  Reset(m);
  for (int run = 0; run < 400; ++run) {
    m.words = run % 2;
    const int size = m.words ? 4 : 1;
    const int first = size * Between(random, 0, kBytes / size - 1);
    const int count = Between(random, 1, 50);
    const int beats = (first + count * size + kBytes - 1) / kBytes;
    std::vector<int> expected(static_cast<std::size_t>(beats * kBytes), -1);  // -1: not written
    std::vector<std::uint32_t> values(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      values[static_cast<std::size_t>(i)] = random();
      for (int b = 0; b < size; ++b) {
        expected[static_cast<std::size_t>(first + i * size + b)] =
            static_cast<int>(values[static_cast<std::size_t>(i)] >> 8 * b & 0xFF);
      }
    }
    std::vector<int> packed;
    m.value_valid = 0;
    for (int at = 0, cycle = 0; packed.size() < expected.size(); ++cycle) {
      ASSERT_LT(cycle, 2000) << "run " << run << " does not end";
      m.value_valid = at < count && (m.value_valid || Moves(random));
      if (m.value_valid) {
        m.value = values[static_cast<std::size_t>(at)];
        m.position = static_cast<std::uint8_t>((first + at * size) % kBytes);
        m.last = at == count - 1;
      }
      m.beat_ready = Moves(random);
      Settle(m);
      if (m.beat_valid && m.beat_ready) {
        for (std::size_t b = 0; b < kBytes; ++b) {
          packed.push_back(GetBits(m.beat_strobe, b, 1) != 0 ? static_cast<int>(GetBits(m.beat_data, 8 * b, 8)) : -1);
        }
      }
      const bool taken = m.value_valid && m.value_ready;
      Edge(m);
      if (taken) {
        m.value_valid = 0;
        ++at;
      }
    }
    ASSERT_EQ(packed, expected) << "run " << run;
  }
}

TEST(PackerModule, PacksRunsIntoBeatsOf4Bytes) { PacksRuns<Vsubbit_packer_narrow>(); }
TEST(PackerModule, PacksRunsIntoBeatsOf8Bytes) { PacksRuns<Vsubbit_packer>(); }
TEST(PackerModule, PacksRunsIntoBeatsOf16Bytes) { PacksRuns<Vsubbit_packer_wide>(); }

/// A column of three pixels, and its four sums.
using Column = std::array<int, 3>;

TEST(ColumnSumsModule, BuildsEachColumnOnce) {
  constexpr std::size_t kSumBits = 11;
  std::mt19937 random(2);
  for (const int stride : {1, 2}) {
    for (const bool stalls : {false, true}) {
      Vsubbit_column_sums m;
      m.stride = static_cast<std::uint8_t>(stride);
      Reset(m);
      std::array<Column, 3> window{};
      std::deque<std::pair<std::array<Column, 3>, int>> expected;
      int built = 0;
      int cycles = 0;
      int columns = 0;
      bool offered = false;
      while (built < 2000) {
        ASSERT_LT(++cycles, 100000);
        if (!offered && (!stalls || Moves(random))) {
          const bool fresh = columns == 0 || random() % 8 == 0;
          const int made = fresh ? 3 : stride;
          std::rotate(window.begin(), window.begin() + made % 3, window.end());
          for (int c = 3 - made; c < 3; ++c) {
            for (int& pixel : window[static_cast<std::size_t>(c)]) {
              pixel = random() % 4 == 0 ? (random() % 2 == 0 ? 255 : -255) : Between(random, -255, 255);
            }
          }
          for (std::size_t c = 0; c < 3; ++c) {
            for (std::size_t r = 0; r < 3; ++r) {
              SetBits(m.window, 9 * (3 * r + c), 9, static_cast<std::uint64_t>(window[c][r]));
            }
          }
          m.window_fresh = fresh;
          m.window_tag = random() % 2;
          m.window_valid = 1;
          offered = true;
          columns += made;
        }
        m.sums_ready = !stalls || Moves(random);
        Settle(m);
        if (m.window_valid && m.window_ready) {
          expected.emplace_back(window, m.window_tag);
        }
        if (m.sums_valid && m.sums_ready) {
          ASSERT_FALSE(expected.empty());
          for (std::size_t c = 0; c < 3; ++c) {
            const auto [x, y, z] = expected.front().first[c];
            const std::array<int, 4> sums = {x + y + z, x + y - z, x - y + z, x - y - z};
            for (std::size_t q = 0; q < 4; ++q) {
              ASSERT_EQ(GetSigned(m.sums, 4 * kSumBits * c + kSumBits * q, kSumBits), sums[q])
                  << "window " << built << ", column " << c << ", sum " << q;
            }
          }
          ASSERT_EQ(m.sums_tag, expected.front().second);
          expected.pop_front();
          ++built;
        }
        const bool taken = m.window_valid && m.window_ready;
        Edge(m);
        if (taken) {
          m.window_valid = 0;
          offered = false;
        }
      }
      if (!stalls) {
        EXPECT_LE(cycles, 3 * columns + 2) << "two adders take three cycles a column";
      }
    }
  }
}

/// Rows of any format, filled into one half while the other is read.
TEST(InputBufferModule, StoresPixelsWithoutTheirZeroPoint) {
  constexpr int kDepth = 64;
  constexpr std::size_t kAddressBits = 6;
  constexpr std::size_t kBytes = 4;
  Vsubbit_input_buffer m;
  std::mt19937 random(3);
  Reset(m);
  std::map<std::pair<int, int>, int> readable;  // of the half that was filled before: bank and address to pixel
  for (int fill = 0; fill < 200; ++fill) {
    const int format = Between(random, 0, 2);
    const int zero = format == 0 ? 0 : format == 1 ? Between(random, 0, 255) : Between(random, -128, 127);
    const int lead = Between(random, 0, 2);
    const int width = Between(random, 1, 20);
    const int rows = Between(random, 1, 3 * (kDepth / width) - lead);
    const int row_bytes = format == 0 ? (width + 7) / 8 : width;
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(rows * row_bytes));
    for (auto& byte : bytes) {
      byte = static_cast<std::uint8_t>(random());
    }
    std::map<std::pair<int, int>, int> filled;
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < width; ++x) {
        const std::uint8_t* row = bytes.data() + y * row_bytes;
        const int pixel = format == 0   ? ((row[x / 8] >> x % 8 & 1) != 0 ? 1 : -1)
                          : format == 1 ? row[x] - zero
                                        : static_cast<std::int8_t>(row[x]) - zero;
        filled[{(lead + y) % 3, (lead + y) / 3 * width + x}] = pixel;
      }
    }
    m.fill = 1;
    m.fill_half = fill % 2;
    m.fill_lead_rows = static_cast<std::uint8_t>(lead);
    m.fill_rows = static_cast<std::uint16_t>(rows);
    m.fill_width = static_cast<std::uint16_t>(width);
    m.input_format = static_cast<std::uint8_t>(format);
    m.input_zero = static_cast<std::uint16_t>(zero & 0x1FF);
    m.beat_valid = 0;
    m.read_half = !m.fill_half;
    m.read = 0;
    Cycle(m);
    m.fill = 0;
    std::array<int, 3> found{};
    bool looked = false;
    std::size_t at = 0;
    ASSERT_TRUE(m.filling);
    for (int cycle = 0; m.filling; ++cycle) {
      ASSERT_LT(cycle, 10000) << "fill " << fill << " does not end";
      if (!m.beat_valid && at < bytes.size() && Moves(random)) {
        m.beat_valid = 1;
        m.beat_data = random();
        std::memcpy(&m.beat_data, bytes.data() + at, std::min(kBytes, bytes.size() - at));
      }
      m.read = !readable.empty() && Moves(random);
      if (m.read) {
        for (std::size_t b = 0; b < 3; ++b) {
          auto pixel = readable.lower_bound({static_cast<int>(b), Between(random, 0, kDepth - 1)});
          if (pixel == readable.end() || pixel->first.first != static_cast<int>(b)) {
            pixel = readable.lower_bound({static_cast<int>(b), 0});
          }
          const bool none = pixel == readable.end() || pixel->first.first != static_cast<int>(b);
          SetBits(m.read_address, kAddressBits * b, kAddressBits,
                  none ? 0 : static_cast<std::uint64_t>(pixel->first.second));
          found[b] = none ? 1000 : pixel->second;
        }
        looked = true;
      }
      Settle(m);
      const bool taken = m.beat_valid && m.beat_ready;
      Edge(m);
      for (std::size_t b = 0; looked && b < 3; ++b) {
        if (found[b] != 1000) {
          ASSERT_EQ(GetSigned(m.read_pixels, 9 * b, 9), found[b]) << "fill " << fill << ", bank " << b;
        }
      }
      if (taken) {
        m.beat_valid = 0;
        at += kBytes;
      }
    }
    ASSERT_GE(at, bytes.size()) << "fill " << fill << " ended early";
    readable = filled;
  }
}

/// Windows of random tiles of random images against their definition; the banks are a model here.
TEST(WindowModule, SlidesOverATile) {
  constexpr std::size_t kDepth = 64;
  constexpr std::size_t kAddressBits = 6;
  Vsubbit_window m;
  std::mt19937 random(4);
  Reset(m);
  for (int step = 0; step < 600; ++step) {
    const int height = Between(random, 1, 12);
    const int width = Between(random, 1, 12);
    const int stride_h = Between(random, 1, 2);
    const int stride_w = Between(random, 1, 2);
    const int pad_top = Between(random, 0, 2);
    const int pad_left = Between(random, 0, 2);
    const int out_height = (height + 2 * pad_top - 3) / stride_h + 1;
    const int out_width = (width + 2 * pad_left - 3) / stride_w + 1;
    if (height + 2 * pad_top < 3 || width + 2 * pad_left < 3) {
      continue;
    }
    const int row = Between(random, 0, out_height - 1);
    const int rows = std::min(out_height - row, Between(random, 1, 4));
    const int column = random() % 2 == 0 ? 0 : Between(random, 0, out_width - 1);
    const int columns = column == 0 && random() % 2 == 0 ? out_width : Between(random, 1, out_width - column);
    const int slots = Between(random, 1, 4);
    const int first_row = row * stride_h - pad_top;
    std::vector<int> image(static_cast<std::size_t>(height * width));
    for (int& pixel : image) {
      pixel = Between(random, -255, 255);
    }
    const auto pixel = [&](int y, int x) {
      return y < 0 || y >= height || x < 0 || x >= width ? 0 : image[static_cast<std::size_t>(y * width + x)];
    };
    SetLayer(m.layer, {{"in_height", height},
                       {"in_width", width},
                       {"stride_h", stride_h},
                       {"stride_w", stride_w},
                       {"pad_left", pad_left},
                       {"slots", slots}});
    m.rows = static_cast<std::uint8_t>(rows);
    m.columns = static_cast<std::uint16_t>(columns);
    m.column = static_cast<std::uint16_t>(column);
    m.first_row = static_cast<std::uint32_t>(first_row) & 0x3FFFF;
    m.step_tag = random() % 16;
    m.start = 1;
    m.window_ready = 0;
    Cycle(m);
    m.start = 0;
    const int expected = rows * columns;
    for (int seen = 0, cycle = 0; seen < expected; ++cycle) {
      ASSERT_LT(cycle, 3000) << "step " << step << " does not end";
      m.window_ready = Moves(random);
      Settle(m);
      if (m.window_valid && m.window_ready) {
        const int oy = row + seen / columns;
        const int ox = column + seen % columns;
        for (int t = 0; t < 9; ++t) {
          ASSERT_EQ(GetSigned(m.window, static_cast<std::size_t>(9 * t), 9),
                    pixel(oy * stride_h - pad_top + t / 3, ox * stride_w - pad_left + t % 3))
              << "step " << step << ", output " << oy << ", " << ox << ", tap " << t;
        }
        ASSERT_EQ(m.window_fresh, seen % columns == 0 ? 1 : 0) << "step " << step;
        ASSERT_EQ(m.window_last, seen == expected - 1 ? 1 : 0) << "step " << step;
        ASSERT_EQ(m.window_address, static_cast<unsigned>(seen * slots)) << "step " << step;
        ASSERT_EQ(m.window_tag, m.step_tag);
        ++seen;
      }
      // The banks: row r of the tile in bank r mod 3, one after the other; a read keeps its data until the next.
      std::array<std::size_t, 3> asked{};
      for (std::size_t b = 0; b < 3; ++b) {
        asked[b] = static_cast<std::size_t>(GetBits(m.read_address, kAddressBits * b, kAddressBits));
      }
      const bool read = m.read;
      Edge(m);
      for (std::size_t b = 0; read && b < 3; ++b) {
        const int tile_row = static_cast<int>(asked[b]) / width * 3 + static_cast<int>(b);
        ASSERT_LT(asked[b], kDepth);
        SetBits(m.read_pixels, 9 * b, 9,
                static_cast<std::uint64_t>(pixel(first_row + tile_row, static_cast<int>(asked[b]) % width)));
      }
    }
    m.window_ready = 0;
    for (int cycle = 0; cycle < 8; ++cycle) {
      Cycle(m);
      ASSERT_FALSE(m.window_valid) << "step " << step << " gives too many windows";
    }
    ASSERT_FALSE(m.busy);
  }
}

}  // namespace
}  // namespace subbit::fpga
