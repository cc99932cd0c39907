// Signs by rules, gathered to bytes: the module alone, and within the output stage, with random stalls.

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "Vsubbit_output_stage.h"
#include "Vsubbit_signs.h"
#include "device/sign_rule.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

/// Sums of rows of random lengths, each with a rule of its own, and the bytes that are due.
class SignStream {
 public:
  explicit SignStream(std::uint32_t seed) : random_(seed) { Next(); }

  /// What is offered now.
  std::int32_t sum() const { return sum_; }
  std::int32_t rule() const { return rule_; }
  bool byte_ends() const { return place_ == 7 || left_ == 1; }

  /// The offer is taken.
  void Take() {
    byte_ |= (SignRule::Decode(rule_)(sum_) ? 1u : 0u) << place_;
    if (byte_ends()) {
      due.push_back(byte_);
      byte_ = 0;
    }
    place_ = byte_ends() ? 0 : place_ + 1;
    --left_;
    Next();
  }

  std::deque<std::uint32_t> due;

 private:
  /// Any words, often such that sum and threshold are the same or neighbours.
  void Next() {
    if (left_ == 0) {
      left_ = 1 + random_() % 20;
      rule_ = static_cast<std::int32_t>(random_()) >> (random_() % 32);
    }
    const std::int32_t threshold = SignRule::Decode(rule_).threshold;
    sum_ = random_() % 2 == 0 ? threshold - 1 + static_cast<std::int32_t>(random_() % 3)
                              : static_cast<std::int32_t>(random_()) >> (random_() % 32);
  }

  std::mt19937 random_;
  std::int32_t sum_ = 0;
  std::int32_t rule_ = 0;
  unsigned left_ = 0;
  unsigned place_ = 0;
  std::uint32_t byte_ = 0;
};

constexpr int kSums = 200000;

TEST(SignsModule, GathersSignsToBytes) {
  std::mt19937 random(1);
  SignStream stream(2);
  Vsubbit_signs m;
  m.rst = 1;
  Cycle(m);
  m.rst = 0;
  int bytes = 0;
  for (int given = 0; given < kSums;) {
    m.enable = random() % 4 != 0;
    m.in_valid = random() % 4 != 0;
    m.in_sum = static_cast<std::uint32_t>(stream.sum());
    m.in_rule = static_cast<std::uint32_t>(stream.rule());
    m.in_byte_ends = stream.byte_ends();
    Settle(m);
    if (m.enable && m.out_valid) {
      ASSERT_FALSE(stream.due.empty());
      ASSERT_EQ(m.out_byte, stream.due.front()) << "byte " << bytes;
      stream.due.pop_front();
      ++bytes;
    }
    if (m.enable && m.in_valid) {
      stream.Take();
      ++given;
    }
    Edge(m);
  }
  EXPECT_GT(bytes, kSums / 8);
  EXPECT_LE(stream.due.size(), 2u) << "a byte leaves two cycles after its last sum";
}

TEST(OutputStageModule, GivesSignsOfSumAndBias) {
  std::mt19937 random(3);
  SignStream stream(4);
  Vsubbit_output_stage m;
  m.rst = 1;
  Cycle(m);
  m.rst = 0;
  m.format = 3;
  // The tag is one bit here: of every sum, and what leaves carries that of the byte's last.
  std::deque<std::uint32_t> tags;
  int bytes = 0;
  for (int given = 0; given < kSums;) {
    const std::uint32_t bias = random();
    m.enable = random() % 4 != 0;
    m.in_valid = random() % 4 != 0;
    m.in_sum = static_cast<std::uint32_t>(stream.sum()) - bias;
    m.in_bias = bias;
    m.in_multiplier = static_cast<std::uint32_t>(stream.rule());
    m.in_byte_ends = stream.byte_ends();
    m.in_tag = random() % 2;
    Settle(m);
    if (m.enable && m.out_valid) {
      ASSERT_FALSE(stream.due.empty());
      ASSERT_EQ(m.out_value, stream.due.front()) << "byte " << bytes;
      ASSERT_EQ(m.out_tag, tags.front()) << "byte " << bytes;
      stream.due.pop_front();
      tags.pop_front();
      ++bytes;
    }
    if (m.enable && m.in_valid) {
      if (stream.byte_ends()) {
        tags.push_back(m.in_tag);
      }
      stream.Take();
      ++given;
    }
    Edge(m);
  }
  EXPECT_GT(bytes, kSums / 8);
  EXPECT_LE(stream.due.size(), 3u) << "a byte leaves three cycles after its last sum";
}

}  // namespace
}  // namespace subbit::fpga
