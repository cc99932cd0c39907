// What turns sums of matches into accumulators and bits, alone: images, blocks, bands and steps in the order of the
// core, with pauses at random, against the accumulator's definition.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <string>
#include <vector>

#include "Vsubbit_table_signs.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

class SignsBench {
 public:
  explicit SignsBench(unsigned seed) : random_(seed) { Reset(m_); }

  void Run() {
    Choose();
    m_.start = 1;
    Step();
    m_.start = 0;
    for (int i = 0; i < kPrepares; ++i) {
      Step();
    }
    bool half = false;
    for (int image = 0; image < batch_; ++image) {
      for (int first = 0; first < out_channels_; first += kOutputs) {
        for (int row = 0; row < out_height_; row += band_rows_) {
          Band(first, row, half);
          half = !half;
        }
      }
    }
    for (int i = 0; i < 8; ++i) {
      Step();
    }
    ASSERT_TRUE(expected_.empty()) << "bits are missing: " << Describe();
    ASSERT_TRUE(accumulators_.empty()) << "accumulators are missing: " << Describe();
  }

 private:
  static constexpr int kPixels = 7;
  static constexpr int kOutputs = 16;
  static constexpr int kMaxChannels = 64;
  static constexpr int kSums = 64;
  static constexpr int kPieces = 4;
  static constexpr int kSumBits = 10;
  /// From the start to the first sum, and from a step's last sum to that of the next, at least.
  static constexpr int kPrepares = 10;
  static constexpr int kStep = 4;

  struct Bits {
    bool half;
    int piece;
    int address;
    std::array<int, 2 * kPixels> bits;  ///< -1 where a bit has no meaning
    bool ends_band;
  };

  struct Accumulators {
    bool half;
    int address;
    std::array<int, 2 * kPixels> numbers;  ///< kNone where one has no meaning
  };
  static constexpr int kNone = 1 << 20;

  void Choose() {
    do {
      for (int axis = 0; axis < 2; ++axis) {
        const auto at = static_cast<std::size_t>(axis);
        stride_[at] = Between(random_, 1, 2);
        pad_[at] = Between(random_, 0, 2);
        length_[at] = Between(random_, 1, axis == 0 ? 12 : random_() % 2 == 0 ? 56 : 9);
      }
      out_height_ = (length_[0] + pad_[0] + Between(random_, 0, 2) - 3) / stride_[0] + 1;
      out_width_ = (length_[1] + pad_[1] + Between(random_, 0, 2) - 3) / stride_[1] + 1;
    } while (out_height_ < 1 || out_width_ < 1 || out_width_ > 2 * kPixels * kPieces || length_[0] + pad_[0] < 3 ||
             length_[1] + pad_[1] < 3);
    batch_ = Between(random_, 1, 2);
    in_channels_ = Between(random_, 1, kMaxChannels);
    out_channels_ = Between(random_, 1, random_() % 2 == 0 ? 40 : 3);
    pairs_ = out_width_ > kPixels || random_() % 2 == 0;
    pieces_ = pairs_ ? (out_width_ + 2 * kPixels - 1) / (2 * kPixels) : 1;
    const int most = kSums / std::min(out_channels_, kOutputs) / pieces_;
    band_rows_ = Between(random_, 1, most) * (pairs_ ? 1 : 2);
    m_.pairs = pairs_;
    m_.in_channels = static_cast<std::uint8_t>(in_channels_);
    m_.in_height = static_cast<std::uint16_t>(length_[0]);
    m_.in_width = static_cast<std::uint16_t>(length_[1]);
    m_.out_channels = static_cast<std::uint16_t>(out_channels_);
    m_.out_height = static_cast<std::uint16_t>(out_height_);
    m_.out_width = static_cast<std::uint16_t>(out_width_);
    m_.stride_h = static_cast<std::uint8_t>(stride_[0]);
    m_.stride_w_2 = stride_[1] == 2;
    m_.pad_top = static_cast<std::uint8_t>(pad_[0]);
    m_.pad_left = static_cast<std::uint8_t>(pad_[1]);
    m_.band_rows = static_cast<std::uint16_t>(band_rows_);
    thresholds_.resize(static_cast<std::size_t>(out_channels_));
    inverted_.resize(thresholds_.size());
    m_.rule_write = 1;
    for (std::size_t o = 0; o < thresholds_.size(); ++o) {
      // Among what sums are, at their ends, and beyond.
      thresholds_[o] = random_() % 8 == 0   ? -(1 << 30)
                       : random_() % 8 == 0 ? (1 << 30) - 1
                                            : Between(random_, -9 * in_channels_ - 1, 9 * in_channels_ + 1);
      inverted_[o] = random_() % 2 == 0;
      m_.rule_channel = static_cast<std::uint8_t>(o);
      m_.rule = static_cast<std::uint32_t>(2 * thresholds_[o] + (inverted_[o] ? 1 : 0));
      Step();
    }
    m_.rule_write = 0;
  }

  /// Taps inside the image of a window at this place of the output, on one axis.
  int Inside(std::size_t axis, int at) const {
    int inside = 0;
    for (int t = 0; t < 3; ++t) {
      const int in = at * stride_[axis] - pad_[axis] + t;
      inside += in >= 0 && in < length_[axis] ? 1 : 0;
    }
    return inside;
  }

  void Band(int first, int row, bool half) {
    const int outputs = std::min(kOutputs, out_channels_ - first);
    const int rows = std::min(band_rows_, out_height_ - row);
    const int row_steps = pairs_ ? rows : (rows + 1) / 2;
    int place = 0;
    for (int r = 0; r < row_steps; ++r) {
      for (int piece = 0; piece < pieces_; ++piece) {
        for (int o = 0; o < outputs; ++o) {
          const bool last = r == row_steps - 1 && piece == pieces_ - 1 && o == outputs - 1;
          Bits bits = {half, piece, r * outputs + o, {}, last};
          Accumulators accumulators = {half, place, {}};
          for (int p = 0; p < 2 * kPixels; ++p) {
            const int y = row + (pairs_ ? r : 2 * r + p / kPixels);
            const int x = pairs_ ? 2 * kPixels * piece + p : p % kPixels;
            const int taps = Inside(0, y) * Inside(1, x);
            const auto channel = static_cast<std::size_t>(first + o);
            // Often one that lies at the threshold.
            const int near = (thresholds_[channel] + taps * in_channels_) / 2 + Between(random_, -1, 1);
            const bool exists = y < row + rows && x < out_width_;
            const int sum = exists && near >= 0 && near <= taps * in_channels_ && random_() % 2 == 0
                                ? near
                                : Between(random_, 0, taps * in_channels_);
            SetBits(m_.sums, static_cast<std::size_t>(p * kSumBits), kSumBits, static_cast<std::uint64_t>(sum));
            const bool bit = (2 * sum - taps * in_channels_ >= thresholds_[channel]) != inverted_[channel];
            bits.bits[static_cast<std::size_t>(p)] = exists ? bit : -1;
            accumulators.numbers[static_cast<std::size_t>(p)] = exists ? 2 * sum - taps * in_channels_ : kNone;
          }
          expected_.push_back(bits);
          accumulators_.push_back(accumulators);
          m_.sums_address = static_cast<std::uint8_t>(place++);
          m_.sums_valid = 1;
          Step();
          m_.sums_valid = 0;
          while (random_() % 8 == 0) {
            Step();
          }
        }
        for (int i = outputs; i < kStep; ++i) {
          Step();
        }
      }
    }
    // The next block's sums take their time.
    for (int i = 0; i < kPrepares; ++i) {
      Step();
    }
  }

  void Step() {
    Settle(m_);
    if (m_.accumulators_store) {
      ASSERT_FALSE(accumulators_.empty()) << "accumulators too many: " << Describe();
      const Accumulators& e = accumulators_.front();
      ASSERT_EQ(m_.accumulators_half, e.half);
      ASSERT_EQ(m_.accumulators_address, e.address) << Describe();
      for (std::size_t p = 0; p < e.numbers.size(); ++p) {
        if (e.numbers[p] != kNone) {
          ASSERT_EQ(GetSigned(m_.accumulators_data, p * (kSumBits + 1), kSumBits + 1), e.numbers[p])
              << "address " << e.address << ", pixel " << p << ": " << Describe();
        }
      }
      accumulators_.pop_front();
    }
    if (m_.store) {
      ASSERT_FALSE(expected_.empty()) << "bits too many: " << Describe();
      const Bits& e = expected_.front();
      ASSERT_EQ(m_.store_half, e.half);
      ASSERT_EQ(m_.store_piece, e.piece) << Describe();
      ASSERT_EQ(m_.store_address, e.address) << Describe();
      for (int p = 0; p < 2 * kPixels; ++p) {
        if (const int bit = e.bits[static_cast<std::size_t>(p)]; bit >= 0) {
          ASSERT_EQ(m_.store_bits >> p & 1, bit)
              << "piece " << e.piece << ", address " << e.address << ", pixel " << p << ": " << Describe();
        }
      }
    }
    ASSERT_EQ(m_.band_done, m_.store && expected_.front().ends_band) << Describe();
    if (m_.store) {
      expected_.pop_front();
    }
    Edge(m_);
  }

  std::string Describe() const {
    return std::to_string(in_channels_) + " to " + std::to_string(out_channels_) + " channels, " +
           std::to_string(length_[0]) + "x" + std::to_string(length_[1]) + " to " + std::to_string(out_height_) + "x" +
           std::to_string(out_width_) + ", bands of " + std::to_string(band_rows_) + (pairs_ ? ", pairs" : "");
  }

  Vsubbit_table_signs m_;
  std::mt19937 random_;
  int batch_ = 0;
  int in_channels_ = 0;
  int out_channels_ = 0;
  std::array<int, 2> length_{};  // of the input: height, width
  std::array<int, 2> stride_{};
  std::array<int, 2> pad_{};
  int out_height_ = 0;
  int out_width_ = 0;
  int band_rows_ = 0;
  int pieces_ = 0;
  bool pairs_ = false;
  std::vector<int> thresholds_;
  std::vector<bool> inverted_;
  std::deque<Bits> expected_;
  std::deque<Accumulators> accumulators_;
};

TEST(TableSignsModule, ComparesAccumulatorsWithTheirThresholds) {
  SignsBench bench(11);
  for (int run = 0; run < 200; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

}  // namespace
}  // namespace subbit::fpga
