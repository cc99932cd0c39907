// The module that takes the table core through its steps, alone: what it cuts, fills and looks up, in which order, and
// that nothing is used before it is there. Rows, indices and room for sums come at random.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "Vsubbit_table_sequence.h"
#include "Vsubbit_table_sequence_parts.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

constexpr int kChannels = 8;
constexpr int kShare = 2;
constexpr int kUnits = kChannels / kShare;
constexpr int kPixels = 7;
constexpr int kMaxTau = 3;
constexpr int kSums = 512;
constexpr int kWidth = 64;
constexpr int kRowDepth = 256;
constexpr int kIndexDepth = 64;
/// Cycles from a window's place to what goes with it.
constexpr int kCut = 5;
/// Cycles from a look-up to the next one that may add to the same sum.
constexpr int kWritten = 4;

/// Filling a slot of one tile, or of both: a window for each unit, and all codewords.
struct FillOfSlot {
  int step = 0;  // counted from the start
  int group = 0;
  int slot = 0;
  int tiles = 0;
  int row = 0;  // of the output, in the block
  int x = 0;    // of the output
  bool begins_step = false;
  bool ends_step = false;
};

/// A step's look-ups: one for each output channel.
struct LooksOfStep {
  int group = 0;
  int step_of_band = 0;
  bool first_of_group = false;
  bool last_of_group = false;
  bool first_band = false;
  bool last_band = false;
};

template <class Sequence, int kParts>
class SequenceBench {
 public:
  explicit SequenceBench(unsigned seed) : random_(seed) { Reset(m_); }

  /// A block, to its end; or, now and then, until it is reset.
  void Run() {
    Choose();
    List();
    const bool waits = random_() % 2 == 0;
    const int words = (groups_ + kParts - 1) / kParts;
    const int abandoned = random_() % 8 == 0 ? Between(random_, 1, 300) : -1;
    Give();
    m_.rows_stored = static_cast<std::uint16_t>(waits ? 1 : words);
    m_.words_loaded = static_cast<std::uint16_t>(waits ? 0 : words);
    m_.sums_room = !waits;
    m_.start = 1;
    Cycle(m_);
    m_.start = 0;
    past_.clear();
    fill_at_ = fill_cycle_ = looks_at_ = output_ = 0;
    filled_at_.assign(looks_.size(), -1);
    looked_at_.assign(kSums, -kWritten);
    for (int quiet = 0; quiet < 10;) {
      ASSERT_LT(now(), 100000) << "does not end: " << Describe();
      if (now() == abandoned) {
        Reset(m_);
        return;
      }
      if (waits) {
        // More may be there than the block has: rows of the next image, words of the next block.
        m_.rows_stored = static_cast<std::uint16_t>(m_.rows_stored + (random_() % 128 == 0 ? 1 : 0));
        m_.words_loaded =
            static_cast<std::uint16_t>(m_.words_loaded + (random_() % 64 == 0 ? Between(random_, 1, 3) : 0));
        m_.sums_room = random_() % 16 == 0;
      }
      Settle(m_);
      past_.push_back({m_.cut_bank, m_.cut_address, static_cast<int>(GetSigned(m_.cut_column, 0, 8)), m_.codebook_entry,
                       m_.index_address, m_.rows_stored, m_.words_loaded, m_.sums_room != 0, m_.sums_begin != 0,
                       m_.word_done != 0});
      Fill();
      Look();
      if (::testing::Test::HasFatalFailure()) {
        return;
      }
      const bool ended = looks_at_ == static_cast<int>(looks_.size());
      ASSERT_EQ(m_.busy != 0, !ended) << Describe();
      if (ended && quiet++ == 0 && !waits) {
        CheckPace();
      }
      Edge(m_);
    }
    ASSERT_EQ(fill_at_, static_cast<int>(fills_.size())) << Describe();
  }

 private:
  /// What a cycle showed.
  struct Seen {
    int cut_bank;
    int cut_address;
    int cut_column;
    int codebook_entry;
    int index_address;
    int rows_stored;
    int words_loaded;
    bool sums_room;
    bool sums_begin;
    bool word_done;
  };

  int now() const { return static_cast<int>(past_.size()); }
  const Seen& Ago(int cycles) const { return past_[past_.size() - 1 - static_cast<std::size_t>(cycles)]; }
  int entries() const { return 1 << tau_; }
  int row_groups() const { return (out_width_ + kPixels - 1) / kPixels; }

  void Choose() {
    for (;;) {
      tau_ = Between(random_, 1, kMaxTau);
      channels_ = Between(random_, 1, 5 * kChannels);
      groups_ = (channels_ + kChannels - 1) / kChannels;
      outputs_ = Between(random_, 1, random_() % 3 == 0 ? 3 : 20);
      height_ = Between(random_, 1, 12);
      width_ = Between(random_, 1, random_() % 4 == 0 ? 56 : 16);
      stride_h_ = Between(random_, 1, 2);
      stride_w_ = Between(random_, 1, 2);
      pad_left_ = Between(random_, 0, 2);
      first_row_ = Between(random_, -2, height_ - 1);
      rows_ = Between(random_, 1, 8);
      // An even number, so that without pairs no step has rows of two bands.
      band_rows_ = 2 * Between(random_, 1, 4);
      places_ = (height_ + 2) / 3;
      index_base_ = Between(random_, 0, kIndexDepth - 1);
      const int padded = width_ + pad_left_ + Between(random_, 0, 2);
      if (padded < 3) {
        continue;
      }
      out_width_ = (padded - 3) / stride_w_ + 1;
      pairs_ = random_() % 2 == 0;
      if (groups_ * kChannels * places_ <= kRowDepth && (groups_ + kParts - 1) / kParts * outputs_ <= kIndexDepth &&
          outputs_ * band_rows_ * row_groups() <= kSums) {
        return;
      }
    }
  }

  void Give() {
    m_.tau = static_cast<std::uint8_t>(tau_);
    m_.pairs = pairs_;
    m_.stride_h_2 = stride_h_ == 2;
    m_.stride_w_2 = stride_w_ == 2;
    m_.pad_left = static_cast<std::uint8_t>(pad_left_);
    m_.in_width = static_cast<std::uint8_t>(width_);
    m_.in_height = static_cast<std::uint16_t>(height_);
    SetBits(m_.first_row, 0, 18, static_cast<std::uint64_t>(first_row_));
    m_.first_bank = static_cast<std::uint8_t>((first_row_ + 3) % 3);
    m_.first_address = static_cast<std::uint8_t>((first_row_ + 3) / 3 - 1);
    m_.channel_places = static_cast<std::uint8_t>(places_);
    m_.out_rows = static_cast<std::uint16_t>(rows_);
    m_.band_rows = static_cast<std::uint16_t>(band_rows_);
    m_.out_width = static_cast<std::uint16_t>(out_width_);
    m_.outputs = static_cast<std::uint16_t>(outputs_);
    m_.channel_groups = static_cast<std::uint16_t>(groups_);
    m_.last_channels = static_cast<std::uint8_t>(channels_ - (groups_ - 1) * kChannels);
    m_.index_base = static_cast<std::uint8_t>(index_base_);
  }

  /// Lists, in their order, all that is to be filled and looked up.
  void List() {
    fills_.clear();
    looks_.clear();
    for (int band = 0; band * band_rows_ < rows_; ++band) {
      const int band_rows = std::min(band_rows_, rows_ - band * band_rows_);
      for (int group = 0; group < groups_; ++group) {
        // Groups of pixels, in the order of rows; with pairs, a row's last step may have but one.
        std::vector<std::vector<int>> steps;
        for (int at = 0; at < band_rows * row_groups(); ++at) {
          if (steps.empty() || steps.back().size() == 2 || (pairs_ && at % row_groups() == 0)) {
            steps.emplace_back();
          }
          steps.back().push_back(at);
        }
        for (std::size_t s = 0; s < steps.size(); ++s) {
          const std::size_t turns = pairs_ ? 1 : steps[s].size();
          for (std::size_t turn = 0; turn < turns; ++turn) {
            for (int slot = 0; slot < kShare; ++slot) {
              const int at = steps[s][turn];
              fills_.push_back({static_cast<int>(looks_.size()), group, slot, pairs_ ? 3 : 1 << turn,
                                band * band_rows_ + at / row_groups(), at % row_groups() * kPixels,
                                turn == 0 && slot == 0, turn == turns - 1 && slot == kShare - 1});
            }
          }
          looks_.push_back(
              {group, static_cast<int>(s), s == 0, s == steps.size() - 1, band == 0, (band + 1) * band_rows_ >= rows_});
        }
      }
    }
  }

  void Fill() {
    if (fill_at_ == static_cast<int>(fills_.size())) {
      ASSERT_EQ(m_.fill, 0) << "goes on: " << Describe();
      return;
    }
    const FillOfSlot& f = fills_[static_cast<std::size_t>(fill_at_)];
    if (fill_cycle_ == 0) {
      if (m_.fill == 0 && f.begins_step) {
        return;
      }
      ASSERT_EQ(m_.fill_first, 1) << Describe();
      if (f.begins_step) {
        ASSERT_GT(kParts * Ago(kCut).rows_stored, f.group) << "rows are cut before they are there: " << Describe();
        ASSERT_LT(f.step, looks_at_ + 4) << "a bank is filled that is not looked up yet: " << Describe();
      }
    }
    ASSERT_EQ(m_.fill, fill_cycle_ < entries() ? f.tiles : 0) << "step " << f.step << ", " << Describe();
    if (m_.fill != 0) {
      CheckFilled(f);
    }
    if (fill_cycle_ < kUnits) {
      // The window of this unit.
      const Seen& cut = Ago(kCut);
      const int channel = f.group * kChannels + fill_cycle_ * kShare + f.slot;
      const int row = first_row_ + f.row * stride_h_;
      ASSERT_EQ(cut.cut_bank, (row + 3) % 3) << Describe();
      ASSERT_EQ(cut.cut_address, (channel * places_ + (row + 3) / 3 - 1) & (kRowDepth - 1)) << Describe();
      ASSERT_EQ(cut.cut_column, f.x * stride_w_ - pad_left_) << Describe();
    }
    if (++fill_cycle_ == std::max(entries(), kUnits)) {
      if (f.ends_step) {
        filled_at_[static_cast<std::size_t>(f.step)] = now();
      }
      fill_cycle_ = 0;
      ++fill_at_;
    }
  }

  /// What goes with a codeword.
  void CheckFilled(const FillOfSlot& f) {
    ASSERT_EQ(m_.fill_first, fill_cycle_ == 0);
    ASSERT_EQ(m_.fill_entry, fill_cycle_);
    ASSERT_EQ(Ago(1).codebook_entry, fill_cycle_) << "the codeword comes a cycle later";
    ASSERT_EQ(m_.fill_slot, f.slot);
    ASSERT_EQ(m_.fill_bank, f.step % 4);
    ASSERT_EQ(m_.fill_channels, f.group == groups_ - 1 ? channels_ - f.group * kChannels : kChannels);
    for (int tap = 0; tap < 3; ++tap) {
      const int y = first_row_ + f.row * stride_h_ + tap;
      ASSERT_EQ(m_.fill_rows >> tap & 1, y >= 0 && y < height_ ? 1 : 0) << "row " << y << ", " << Describe();
      for (int p = 0; p < 2 * kPixels && f.x + p < out_width_; ++p) {
        if (p >= kPixels && !pairs_) {
          break;
        }
        const int column = (f.x + p) * stride_w_ - pad_left_ + tap;
        const auto bit = static_cast<std::size_t>(3 * (p % kPixels) + tap);
        ASSERT_EQ(GetBits(p < kPixels ? m_.fill_columns : m_.next_columns, bit, 1),
                  column >= 0 && column < width_ ? 1u : 0u)
            << "pixel " << f.x + p << ", column " << column << ", " << Describe();
      }
    }
  }

  void Look() {
    const bool ended = looks_at_ == static_cast<int>(looks_.size());
    if (!m_.look) {
      ASSERT_TRUE(ended || output_ == 0) << "a pause within a step: " << Describe();
      // Both are there in the cycle before a look-up.
      ASSERT_FALSE(now() > 1 && (Ago(1).sums_begin || Ago(1).word_done)) << "without a look-up: " << Describe();
      return;
    }
    ASSERT_FALSE(ended) << "goes on: " << Describe();
    const LooksOfStep& l = looks_[static_cast<std::size_t>(looks_at_)];
    const Seen& before = Ago(1);
    if (output_ == 0) {
      const int filled = filled_at_[static_cast<std::size_t>(looks_at_)];
      ASSERT_GE(filled, 0) << "not filled: " << Describe();
      // The last unit has the last codeword kUnits cycles later, and writes its matches after two more.
      ASSERT_GE(now(), filled + kUnits + 2) << "not yet written: " << Describe();
      ASSERT_TRUE(!l.first_band || kParts * before.words_loaded > l.group) << "indices are not there: " << Describe();
    }
    const bool takes_room = l.group == groups_ - 1 && l.first_of_group && output_ == 0;
    ASSERT_EQ(before.sums_begin, takes_room) << Describe();
    ASSERT_TRUE(!takes_room || before.sums_room) << "there is no room for sums: " << Describe();
    const bool group_ends = l.last_of_group && output_ == outputs_ - 1;
    const bool word_ends = group_ends && l.last_band && (l.group % kParts == kParts - 1 || l.group == groups_ - 1);
    ASSERT_EQ(before.word_done, word_ends) << "group " << l.group << " of " << groups_ << ", " << Describe();
    ASSERT_EQ(before.index_address, (index_base_ + l.group / kParts * outputs_ + output_) % kIndexDepth)
        << "group " << l.group << ", output channel " << output_ << ", " << Describe();
    ASSERT_EQ(m_.look_part, l.group % kParts);
    ASSERT_EQ(m_.look_bank, looks_at_ % 4);
    ASSERT_EQ(m_.look_first, l.group == 0);
    ASSERT_EQ(m_.look_last, l.group == groups_ - 1);
    const int address = l.step_of_band * outputs_ + output_;
    ASSERT_EQ(m_.look_address, address) << Describe();
    int& last = looked_at_[static_cast<std::size_t>(address)];
    ASSERT_TRUE(l.group == 0 || now() - last >= kWritten) << "a sum is read before it is written: " << Describe();
    last = now();
    if (++output_ == outputs_) {
      output_ = 0;
      ++looks_at_;
    }
  }

  /// The first step is filled, the last looked up; between, the slower of both sets the pace.
  void CheckPace() const {
    const int slot = std::max(entries(), kUnits);
    const int fill = (pairs_ ? 1 : 2) * kShare * slot;
    const int look = std::max(outputs_, outputs_ < kWritten ? outputs_ + kWritten - 1 : 0);
    ASSERT_LE(now(), fill + static_cast<int>(looks_.size()) * std::max(fill, look) + look + kUnits + 20) << Describe();
  }

  std::string Describe() const {
    return "tau " + std::to_string(tau_) + ", " + std::to_string(channels_) + " to " + std::to_string(outputs_) +
           " channels, " + std::to_string(height_) + "x" + std::to_string(width_) + ", strides " +
           std::to_string(stride_h_) + " " + std::to_string(stride_w_) + ", pad " + std::to_string(pad_left_) +
           ", row " + std::to_string(first_row_) + ", " + std::to_string(rows_) + " rows of " +
           std::to_string(out_width_) + " in bands of " + std::to_string(band_rows_) + (pairs_ ? ", pairs" : "") +
           ", cycle " + std::to_string(now()) + ", step " + std::to_string(looks_at_);
  }

  Sequence m_;
  std::mt19937 random_;
  int tau_ = 0, channels_ = 0, groups_ = 0, outputs_ = 0, height_ = 0, width_ = 0, stride_h_ = 0, stride_w_ = 0;
  int pad_left_ = 0, first_row_ = 0, rows_ = 0, band_rows_ = 0, places_ = 0, index_base_ = 0, out_width_ = 0;
  bool pairs_ = false;
  std::vector<FillOfSlot> fills_;
  std::vector<LooksOfStep> looks_;
  std::vector<Seen> past_;
  int fill_at_ = 0;
  int fill_cycle_ = 0;
  int looks_at_ = 0;
  int output_ = 0;
  std::vector<int> filled_at_;  // of each step, the cycle of its last codeword
  std::vector<int> looked_at_;  // of each sum
};

template <class Sequence, int kParts>
void GoesThroughBlocks(unsigned seed) {
  SequenceBench<Sequence, kParts> bench(seed);
  for (int run = 0; run < 1000; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(TableSequenceModule, GoesThroughBlocks) { GoesThroughBlocks<Vsubbit_table_sequence, 1>(1); }
TEST(TableSequenceModule, GoesThroughBlocksOfTwoGroupsInAWord) {
  GoesThroughBlocks<Vsubbit_table_sequence_parts, 2>(2);
}

}  // namespace
}  // namespace subbit::fpga
