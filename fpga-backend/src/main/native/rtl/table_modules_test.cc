// The modules of the table core alone: the matches of codewords, the adder tree, and a tile that fills its tables and
// looks up its channels while the other bank is filled.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <deque>
#include <map>
#include <vector>

#include "Vsubbit_adder_tree.h"
#include "Vsubbit_match_unit.h"
#include "Vsubbit_row_store.h"
#include "Vsubbit_table_columns.h"
#include "Vsubbit_table_core.h"
#include "Vsubbit_table_core_parts.h"
#include "Vsubbit_table_tile.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

constexpr int kPixels = 7;

/// Windows of neighbouring output pixels in one channel, and which of their taps lie in the image.
struct Windows {
  std::array<std::uint32_t, kPixels> pixels{};
  std::uint32_t rows = 7;
  std::array<std::uint32_t, kPixels> columns{};

  static Windows Random(std::mt19937& random) {
    Windows w;
    w.rows = random() % 3 == 0 ? random() % 8 : 7;
    for (int p = 0; p < kPixels; ++p) {
      w.pixels[static_cast<std::size_t>(p)] = random() % 512;
      w.columns[static_cast<std::size_t>(p)] = random() % 3 == 0 ? random() % 8 : 7;
    }
    return w;
  }

  /// Taps in the image whose sign is that of their pixel.
  int Matches(int pixel, std::uint32_t codeword) const {
    int matches = 0;
    for (int t = 0; t < 9; ++t) {
      const bool inside = (rows >> t / 3 & 1) != 0 && (columns[static_cast<std::size_t>(pixel)] >> t % 3 & 1) != 0;
      matches += inside && (pixels[static_cast<std::size_t>(pixel)] >> t & 1) == (codeword >> t & 1) ? 1 : 0;
    }
    return matches;
  }
};

TEST(AdderTreeModule, AddsANewSetInEveryCycle) {
  constexpr int kNumbers = 16;
  constexpr int kBits = 4;
  constexpr std::size_t kLatency = 4;
  Vsubbit_adder_tree m;
  std::mt19937 random(1);
  std::deque<std::uint32_t> expected;
  for (int cycle = 0; cycle < 5000; ++cycle) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < kNumbers; ++i) {
      const std::uint32_t number = random() % 4 == 0 ? 15 : random() % 16;
      SetBits(m.numbers, kBits * i, kBits, number);
      sum += number;
    }
    expected.push_back(sum);
    Cycle(m);
    if (expected.size() == kLatency) {
      ASSERT_EQ(m.sum, expected.front()) << "cycle " << cycle;
      expected.pop_front();
    }
  }
}

TEST(MatchUnitModule, CountsTheTapsThatMatchInsideTheImage) {
  Vsubbit_match_unit m;
  std::mt19937 random(2);
  std::deque<std::array<int, kPixels>> expected;
  Windows windows;
  for (int cycle = 0; cycle < 20000; ++cycle) {
    m.take = cycle == 0 || random() % 4 == 0;
    const Windows next = Windows::Random(random);
    m.rows_inside = static_cast<std::uint8_t>(next.rows);
    for (std::size_t p = 0; p < kPixels; ++p) {
      SetBits(m.windows, 9 * p, 9, next.pixels[p]);
      SetBits(m.columns_inside, 3 * p, 3, next.columns[p]);
    }
    if (m.take) {
      windows = next;
    }
    m.codeword = random() % 512;
    std::array<int, kPixels> matches{};
    for (int p = 0; p < kPixels; ++p) {
      matches[static_cast<std::size_t>(p)] = windows.Matches(p, m.codeword);
    }
    expected.push_back(matches);
    Cycle(m);
    if (expected.size() == 2) {
      for (std::size_t p = 0; p < kPixels; ++p) {
        ASSERT_EQ(static_cast<int>(GetBits(m.matching, 4 * p, 4)), expected.front()[p])
            << "cycle " << cycle << ", pixel " << p;
      }
      expected.pop_front();
    }
  }
}

/// A tile, filled and looked up as its sequencer does it, but with random waits.
class TileBench {
 public:
  static constexpr int kChannels = 8;
  static constexpr int kShare = 2;
  static constexpr int kUnits = kChannels / kShare;
  static constexpr int kTau = 3;
  static constexpr int kEntries = 1 << kTau;
  static constexpr int kSums = 32;
  static constexpr int kSumBits = 12;

  explicit TileBench(unsigned seed) : random_(seed) { Reset(m_); }

  /// Runs groups of channels one after the other, and in each of them groups of pixels.
  void Run() {
    outputs_ = Between(random_, 1, 8);
    channel_groups_ = Between(random_, 1, 4);
    last_channels_ = random_() % 2 == 0 ? kChannels : Between(random_, 1, kChannels);
    pixel_groups_ = Between(random_, 1, kSums / outputs_);
    stalls_ = random_() % 2 == 0;
    for (auto& codeword : codebook_) {
      codeword = random_() % 512;
    }
    const auto steps = static_cast<std::size_t>(channel_groups_ * pixel_groups_);
    windows_.assign(steps, {});
    indices_.assign(static_cast<std::size_t>(channel_groups_ * outputs_), {});
    for (auto& step : windows_) {
      for (auto& channel : step) {
        channel = Windows::Random(random_);
      }
      // The padding is that of the pixels, so it is the same for all channels of a step.
      for (auto& channel : step) {
        channel.rows = step[0].rows;
        channel.columns = step[0].columns;
      }
    }
    for (auto& word : indices_) {
      for (auto& index : word) {
        index = random_() % kEntries;
      }
    }
    fill_ = look_ = Place{};
    filled_at_.assign(steps, -1);
    seen_.clear();
    for (int cycle = 0; static_cast<int>(seen_.size()) < outputs_ * pixel_groups_; ++cycle) {
      ASSERT_LT(cycle, 20000) << "the layer does not end";
      Fill(cycle);
      Look(cycle);
      Settle(m_);
      Take();
      Edge(m_);
    }
    m_.fill = m_.look = 0;
    for (int cycle = 0; cycle < 20; ++cycle) {
      Cycle(m_);
      ASSERT_FALSE(m_.sums_valid) << "a sum too many";
    }
  }

 private:
  struct Place {
    int step = 0;
    int slot = 0;
    int at = 0;  // entry, or output channel
  };

  int steps() const { return channel_groups_ * pixel_groups_; }
  int ChannelsOf(int group) const { return group == channel_groups_ - 1 ? last_channels_ : kChannels; }

  void Fill(int cycle) {
    // A slot runs without a gap, since its windows come at fixed times; a bank must not be in use.
    const bool begins = fill_.at == 0;
    m_.fill = fill_.step < steps() && (!begins || (fill_.step < look_.step + 4 && (!stalls_ || random_() % 4 == 0)));
    const auto number = static_cast<std::size_t>(fill_.step);
    if (m_.fill) {
      const Windows& any = windows_[number][0];
      m_.fill_first = begins;
      m_.fill_slot = static_cast<std::uint8_t>(fill_.slot);
      m_.fill_bank = fill_.step % 4;
      m_.fill_entry = static_cast<std::uint8_t>(fill_.at);
      m_.fill_codeword = codebook_[static_cast<std::size_t>(fill_.at)];
      m_.fill_channels = static_cast<std::uint8_t>(ChannelsOf(fill_.step / pixel_groups_));
      m_.fill_rows = static_cast<std::uint8_t>(any.rows);
      for (std::size_t p = 0; p < kPixels; ++p) {
        SetBits(m_.fill_columns, 3 * p, 3, any.columns[p]);
      }
      // The windows of its units, in this cycle and in those that follow.
      if (fill_.at < kUnits) {
        const auto channel = static_cast<std::size_t>(fill_.at * kShare + fill_.slot);
        for (std::size_t p = 0; p < kPixels; ++p) {
          SetBits(m_.windows, 9 * p, 9, windows_[number][channel].pixels[p]);
        }
      }
      if (++fill_.at == kEntries) {
        fill_.at = 0;
        if (++fill_.slot == kShare) {
          fill_.slot = 0;
          filled_at_[number] = cycle;
          ++fill_.step;
        }
      }
    } else {
      m_.fill_first = random_() % 2;
      m_.fill_codeword = random_() % 512;
    }
  }

  void Look(int cycle) {
    // The last unit gets the last codeword kUnits cycles later, and writes its matches after two more.
    const bool begins = look_.at == 0;
    const auto number = static_cast<std::size_t>(look_.step);
    const bool full = look_.step < steps() && filled_at_[number] >= 0 && cycle >= filled_at_[number] + kUnits + 2;
    m_.look = look_.step < steps() && (!begins || full) && (!stalls_ || random_() % 4 != 0);
    if (!m_.look) {
      m_.look_first = random_() % 2;
      m_.look_last = random_() % 2;
      return;
    }
    const int group = look_.step / pixel_groups_;
    m_.look_bank = look_.step % 4;
    m_.look_first = group == 0;
    m_.look_last = group == channel_groups_ - 1;
    m_.look_address = static_cast<std::uint8_t>(look_.step % pixel_groups_ * outputs_ + look_.at);
    for (std::size_t c = 0; c < kChannels; ++c) {
      SetBits(m_.look_indices, kTau * c, kTau, indices_[static_cast<std::size_t>(group * outputs_ + look_.at)][c]);
    }
    if (++look_.at == outputs_) {
      look_.at = 0;
      ++look_.step;
    }
  }

  void Take() {
    if (!m_.sums_valid) {
      return;
    }
    const int address = m_.sums_address;
    const int output = address % outputs_;
    const int pixel_group = address / outputs_;
    ASSERT_TRUE(seen_.emplace(address, true).second) << "twice: " << address;
    for (int p = 0; p < kPixels; ++p) {
      int expected = 0;
      for (int group = 0; group < channel_groups_; ++group) {
        for (std::size_t c = 0; c < static_cast<std::size_t>(ChannelsOf(group)); ++c) {
          const std::uint32_t index = indices_[static_cast<std::size_t>(group * outputs_ + output)][c];
          expected +=
              windows_[static_cast<std::size_t>(group * pixel_groups_ + pixel_group)][c].Matches(p, codebook_[index]);
        }
      }
      ASSERT_EQ(static_cast<int>(GetBits(m_.sums, static_cast<std::size_t>(kSumBits * p), kSumBits)), expected)
          << "output " << output << " of " << outputs_ << ", group of pixels " << pixel_group << ", pixel " << p;
    }
  }

  Vsubbit_table_tile m_;
  std::mt19937 random_;
  int outputs_ = 0;
  int channel_groups_ = 0;
  int last_channels_ = 0;
  int pixel_groups_ = 0;
  bool stalls_ = false;
  std::array<std::uint16_t, kEntries> codebook_{};
  std::vector<std::array<Windows, kChannels>> windows_;        // of each step
  std::vector<std::array<std::uint32_t, kChannels>> indices_;  // of each group of channels and output channel
  Place fill_;
  Place look_;
  std::vector<int> filled_at_;
  std::map<int, bool> seen_;
};

TEST(TableTileModule, AddsUpTheMatchesOfItsChannels) {
  TileBench bench(3);
  for (int run = 0; run < 200; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(RowStoreModule, CutsWindowsOutOfRows) {
  constexpr int kWidth = 64;
  constexpr int kDepth = 16;
  Vsubbit_row_store m;
  std::mt19937 random(4);
  std::array<std::array<std::uint64_t, kDepth>, 3> banks{};
  for (int at = 0; at < 3 * kDepth; ++at) {
    const auto bank = static_cast<std::size_t>(at % 3);
    m.store = bank == 2;
    m.store_address = static_cast<std::uint8_t>(at / 3);
    banks[bank][m.store_address] = std::uint64_t{random()} << 32 | random();
    SetBits(m.store_rows, kWidth * bank, kWidth, banks[bank][m.store_address]);
    Cycle(m);
  }
  m.store = 0;
  struct Cut {
    int bank;
    int address;
    int column;
    int stride;
  };
  std::deque<Cut> cuts;
  for (int cycle = 0; cycle < 20000; ++cycle) {
    const Cut cut = {Between(random, 0, 2), Between(random, 0, kDepth - 2), Between(random, -2, kWidth - 1),
                     Between(random, 1, 2)};
    m.cut_bank = static_cast<std::uint8_t>(cut.bank);
    m.cut_address = static_cast<std::uint8_t>(cut.address);
    m.cut_column = static_cast<std::uint8_t>(cut.column);
    m.cut_stride_2 = cut.stride == 2;
    cuts.push_back(cut);
    Cycle(m);
    if (cuts.size() == 4) {
      const Cut& c = cuts.front();
      for (int p = 0; p < kPixels; ++p) {
        for (int t = 0; t < 9; ++t) {
          const int bank = (c.bank + t / 3) % 3;
          const int address = c.address + (c.bank + t / 3) / 3;
          const int column = c.column + p * c.stride + t % 3;
          const int next = column + kPixels * c.stride;
          if (next >= 0 && next < kWidth) {
            ASSERT_EQ(GetBits(m.next_windows, static_cast<std::size_t>(9 * p + t), 1),
                      banks[static_cast<std::size_t>(bank)][static_cast<std::size_t>(address)] >> next & 1)
                << "cycle " << cycle << ", column " << c.column << ", stride " << c.stride << ", window " << p + kPixels
                << ", tap " << t;
          }
          if (column >= 0 && column < kWidth) {
            ASSERT_EQ(GetBits(m.windows, static_cast<std::size_t>(9 * p + t), 1),
                      banks[static_cast<std::size_t>(bank)][static_cast<std::size_t>(address)] >> column & 1)
                << "cycle " << cycle << ", column " << c.column << ", stride " << c.stride << ", window " << p
                << ", tap " << t;
          }
        }
      }
      cuts.pop_front();
    }
  }
}

TEST(TableColumnsModule, TellsWhichColumnsLieInsideTheImage) {
  constexpr int kWindows = 6;
  Vsubbit_table_columns m;
  for (const int stride : {1, 2}) {
    for (int left = 0; left <= 2; ++left) {
      for (int room = -30; room <= 60; ++room) {
        m.stride_2 = stride == 2;
        m.left = static_cast<std::uint8_t>(left);
        m.room = static_cast<std::uint8_t>(room);
        Cycle(m);
        Cycle(m);
        for (int p = 0; p < kWindows; ++p) {
          for (int t = 0; t < 3; ++t) {
            const int column = stride * p + t;
            ASSERT_EQ(GetBits(m.columns, static_cast<std::size_t>(3 * p + t), 1), column >= left && column < room)
                << "window " << p << ", column " << t << ", stride " << stride << ", left " << left << ", room "
                << room;
          }
        }
      }
    }
  }
}

/// The core on blocks of small layers, against their definition. kParts groups of channels share a word of indices.
template <class Core, int kParts>
class CoreBench {
 public:
  static constexpr int kChannels = 8;
  static constexpr int kMaxTau = 5;
  static constexpr int kWidth = 64;
  static constexpr int kRowDepth = 256;
  static constexpr int kIndexDepth = 64;
  static constexpr int kSums = 512;
  static constexpr int kSumBits = 12;
  static constexpr int kUnits = 4;
  static constexpr int kShare = 2;
  /// From the last codeword to the first look-up, and from the last look-up to its sum.
  static constexpr int kLatency = 24;

  explicit CoreBench(unsigned seed) : random_(seed) { Reset(m_); }

  void Run() {
    Choose();
    Load();
    const int row_groups = (out_width_ + kPixels - 1) / kPixels;
    pairs_ = random_() % 2 == 0;
    const auto steps_of = [&](int rows) {
      return pairs_ ? rows * ((row_groups + 1) / 2) : (rows * row_groups + 1) / 2;
    };
    const int last_band = rows_ - (rows_ - 1) / band_rows_ * band_rows_;
    const int band_steps = steps_of(band_rows_);
    const int steps = (rows_ - 1) / band_rows_ * band_steps + steps_of(last_band);
    m_.pairs = pairs_;
    m_.tau = static_cast<std::uint8_t>(tau_);
    m_.stride_h_2 = m_.stride_w_2 = stride_ == 2;
    m_.pad_left = static_cast<std::uint8_t>(pad_left_);
    m_.in_width = static_cast<std::uint16_t>(width_);
    m_.in_height = static_cast<std::uint16_t>(height_);
    const int first = row_ * stride_ - pad_top_;
    m_.first_row = static_cast<std::uint32_t>(first) & 0x3FFFF;
    m_.first_bank = static_cast<std::uint8_t>((first + 3) % 3);
    m_.first_address = static_cast<std::uint8_t>((first + 3) / 3 - 1);
    m_.channel_places = static_cast<std::uint8_t>(places_);
    m_.out_rows = static_cast<std::uint16_t>(rows_);
    m_.band_rows = static_cast<std::uint16_t>(band_rows_);
    m_.out_width = static_cast<std::uint16_t>(out_width_);
    m_.outputs = static_cast<std::uint16_t>(outputs_);
    const int groups = (channels_ + kChannels - 1) / kChannels;
    m_.index_base = static_cast<std::uint8_t>(index_base_);
    m_.channel_groups = static_cast<std::uint16_t>(groups);
    m_.last_channels = static_cast<std::uint8_t>(channels_ - (groups - 1) * kChannels);
    // Rows and indices that are not yet there, and sums for which there is no room, hold steps up.
    const bool waits = random_() % 2 == 0;
    // Rows and indices come for kParts groups together.
    const int words = (groups + kParts - 1) / kParts;
    m_.words_loaded = static_cast<std::uint16_t>(waits ? 0 : words);
    const int group_places = kParts * kChannels * places_;
    int stored = 0;
    for (; stored < (waits ? std::min(group_places, channels_ * places_) : channels_ * places_); ++stored) {
      StorePlace(stored);
      Cycle(m_);
    }
    m_.row_store = 0;
    m_.rows_stored = static_cast<std::uint16_t>(waits ? 1 : words);
    m_.start = 1;
    Cycle(m_);
    m_.start = 0;
    int cycles = 0;
    int begun = 0;
    int done = 0;
    for (int seen = 0; seen < outputs_ * steps; ++cycles) {
      ASSERT_LT(cycles, 200000) << "the layer does not end: " << Describe();
      if (waits && random_() % 64 == 0) {
        m_.words_loaded = static_cast<std::uint16_t>(m_.words_loaded + 1 + random_() % 3);
      }
      m_.row_store = 0;
      if (stored < channels_ * places_ && random_() % 16 == 0) {
        StorePlace(stored++);
      } else if (stored == channels_ * places_ || stored % group_places == 0) {
        m_.rows_stored = static_cast<std::uint16_t>((stored + group_places - 1) / group_places);
      }
      m_.sums_room = !waits || random_() % 16 == 0;
      Settle(m_);
      begun += m_.sums_begin;
      done += m_.word_done;
      ASSERT_LE(done, m_.words_loaded) << "indices are used before they are there";
      ASSERT_TRUE(m_.sums_room || !m_.sums_begin) << "there is no room for sums";
      if (m_.sums_valid) {
        const int band = seen / (outputs_ * band_steps);
        const int in_band = seen % (outputs_ * band_steps);
        ASSERT_EQ(m_.sums_address, in_band) << "out of order";
        ASSERT_GT(begun, band) << "sums of a band that was not announced";
        for (int tile = 0; tile < 2; ++tile) {
          const int in_row = (row_groups + 1) / 2;
          const int step = in_band / outputs_;
          const int group = pairs_ ? step / in_row * row_groups + step % in_row * 2 + tile : 2 * step + tile;
          const int rows = std::min(band_rows_, rows_ - band * band_rows_);
          const bool exists = pairs_ ? step % in_row * 2 + tile < row_groups : group < rows * row_groups;
          if (exists) {
            Check(band * band_rows_ * row_groups + group, seen % outputs_, tile);
          }
          if (::testing::Test::HasFatalFailure()) {
            return;
          }
        }
        ++seen;
      }
      Edge(m_);
    }
    // The first step is filled, the last looked up; between, the slower of both sets the pace.
    const int fill = (pairs_ ? 1 : 2) * kShare * std::max(1 << tau_, kUnits);
    const int bands = (rows_ + band_rows_ - 1) / band_rows_;
    ASSERT_EQ(begun, bands);
    ASSERT_EQ(done, words);
    if (!waits) {
      ASSERT_LE(cycles, fill + steps * groups * std::max(fill, outputs_) + outputs_ + kLatency)
          << "slower than its design: " << Describe();
    }
    for (int i = 0; i < 20; ++i) {
      Cycle(m_);
      ASSERT_FALSE(m_.sums_valid || m_.busy) << "goes on: " << Describe();
    }
  }

 private:
  void Choose() {
    for (;;) {
      tau_ = Between(random_, 1, kMaxTau);
      channels_ = Between(random_, 1, (kParts + 2) * kChannels);
      outputs_ = Between(random_, 1, random_() % 3 == 0 ? 3 : 20);
      height_ = Between(random_, 1, 12);
      width_ = Between(random_, 1, random_() % 4 == 0 ? kWidth : 16);
      stride_ = Between(random_, 1, 2);
      pad_top_ = Between(random_, 0, 2);
      pad_left_ = Between(random_, 0, 2);
      const int pad_bottom = Between(random_, 0, 2);
      const int pad_right = Between(random_, 0, 2);
      places_ = (height_ + 2) / 3;
      if (height_ + pad_top_ + pad_bottom < 3 || width_ + pad_left_ + pad_right < 3) {
        continue;
      }
      const int out_height = (height_ + pad_top_ + pad_bottom - 3) / stride_ + 1;
      out_width_ = (width_ + pad_left_ + pad_right - 3) / stride_ + 1;
      row_ = Between(random_, 0, out_height - 1);
      rows_ = Between(random_, 1, out_height - row_);
      const int groups = (channels_ + kChannels - 1) / kChannels;
      // An even number, so that without pairs no step has rows of two bands.
      band_rows_ = 2 * Between(random_, 1, 6);
      index_base_ = Between(random_, 0, kIndexDepth - 1);
      if (groups * kChannels * places_ <= kRowDepth && groups * outputs_ <= kIndexDepth &&
          outputs_ * band_rows_ * ((out_width_ + kPixels - 1) / kPixels) <= kSums) {
        return;
      }
    }
  }

  /// Stores three rows at a place; those below the image are any.
  void StorePlace(int at) {
    const int channel = at / places_;
    m_.row_store = 1;
    m_.row_address = static_cast<std::uint8_t>(at);
    for (int r = 0; r < 3; ++r) {
      const int y = at % places_ * 3 + r;
      const std::uint64_t row = y < height_ ? image_[static_cast<std::size_t>(channel * height_ + y)] : random_();
      SetBits(m_.row_data, static_cast<std::size_t>(kWidth * r), kWidth, row);
    }
  }

  void Load() {
    image_.assign(static_cast<std::size_t>(channels_ * height_), 0);
    for (auto& row : image_) {
      row = std::uint64_t{random_()} << 32 | random_();
    }
    m_.codebook_store = 1;
    for (std::size_t i = 0; i < std::size_t{1} << tau_; ++i) {
      m_.codebook_index = static_cast<std::uint8_t>(i);
      m_.codebook_codeword = codebook_[i] = random_() % 512;
      Cycle(m_);
    }
    m_.codebook_store = 0;
    const int groups = (channels_ + kChannels - 1) / kChannels;
    indices_.assign(static_cast<std::size_t>(outputs_ * groups * kChannels), 0);
    for (auto& index : indices_) {
      index = random_() % (1u << tau_);
    }
    m_.index_store = 1;
    for (int plane = 0; plane < tau_; ++plane) {
      for (int word = 0; word < (groups + kParts - 1) / kParts; ++word) {
        for (int o = 0; o < outputs_; ++o) {
          m_.index_plane = static_cast<std::uint8_t>(plane);
          m_.index_address = static_cast<std::uint8_t>((index_base_ + word * outputs_ + o) % kIndexDepth);
          const int first = word * kParts * kChannels;
          for (int c = first; c < std::min(first + kParts * kChannels, groups * kChannels); ++c) {
            SetBits(m_.index_data, static_cast<std::size_t>(c - first), 1,
                    indices_[static_cast<std::size_t>(o * groups * kChannels + c)] >> plane);
          }
          Cycle(m_);
        }
      }
    }
    m_.index_store = 0;
  }

  void Check(int pixel_group, int output, int tile) {
    const int groups = (channels_ + kChannels - 1) / kChannels;
    const int row_groups = (out_width_ + kPixels - 1) / kPixels;
    const int y = row_ + pixel_group / row_groups;
    for (int p = 0; p < kPixels; ++p) {
      const int x = pixel_group % row_groups * kPixels + p;
      if (x >= out_width_) {
        continue;
      }
      int expected = 0;
      for (int c = 0; c < channels_; ++c) {
        const auto index = indices_[static_cast<std::size_t>(output * groups * kChannels + c)];
        for (int t = 0; t < 9; ++t) {
          const int iy = y * stride_ - pad_top_ + t / 3;
          const int ix = x * stride_ - pad_left_ + t % 3;
          if (iy >= 0 && iy < height_ && ix >= 0 && ix < width_) {
            const auto pixel = image_[static_cast<std::size_t>(c * height_ + iy)] >> ix & 1;
            expected += pixel == (static_cast<std::uint64_t>(codebook_[index]) >> t & 1) ? 1 : 0;
          }
        }
      }
      ASSERT_EQ(static_cast<int>(GetBits(m_.sums, static_cast<std::size_t>(kSumBits * (tile * kPixels + p)), kSumBits)),
                expected)
          << Describe() << (pairs_ ? ", pairs" : "") << ", tile " << tile << ", output " << output << ", row " << y
          << ", column " << x;
    }
  }

  std::string Describe() const {
    return "tau " + std::to_string(tau_) + ", " + std::to_string(channels_) + " to " + std::to_string(outputs_) +
           " channels, " + std::to_string(height_) + "x" + std::to_string(width_) + ", stride " +
           std::to_string(stride_) + ", pads " + std::to_string(pad_top_) + " " + std::to_string(pad_left_) +
           ", rows from " + std::to_string(row_) + ", " + std::to_string(rows_) + " of " + std::to_string(out_width_);
  }

  Core m_;
  std::mt19937 random_;
  int tau_ = 0, channels_ = 0, outputs_ = 0, height_ = 0, width_ = 0, stride_ = 0, pad_top_ = 0, pad_left_ = 0;
  int places_ = 0, row_ = 0, rows_ = 0, band_rows_ = 0, index_base_ = 0, out_width_ = 0;
  bool pairs_ = false;
  std::vector<std::uint64_t> image_;  // rows
  std::array<std::uint16_t, 1 << kMaxTau> codebook_{};
  std::vector<std::uint32_t> indices_;
};

template <class Core, int kParts>
void AddsUpTheMatchesOfLayers(unsigned seed) {
  CoreBench<Core, kParts> bench(seed);
  for (int run = 0; run < 400; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(TableCoreModule, AddsUpTheMatchesOfLayers) { AddsUpTheMatchesOfLayers<Vsubbit_table_core, 1>(5); }
TEST(TableCoreModule, TakesTwoGroupsOfChannelsFromAWordOfIndices) {
  AddsUpTheMatchesOfLayers<Vsubbit_table_core_parts, 2>(6);
}

}  // namespace
}  // namespace subbit::fpga
