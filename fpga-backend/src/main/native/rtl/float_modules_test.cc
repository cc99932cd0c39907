// The modules that compute with floats in integers, alone, against the host's float arithmetic, with random stalls.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <deque>
#include <random>

#include "Vsubbit_float_add.h"
#include "Vsubbit_float_product.h"
#include "Vsubbit_normalize.h"
#include "Vsubbit_output_stage.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

std::uint32_t BitsOf(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// The ten bits of a port as a number.
int Signed10(std::uint32_t bits) { return static_cast<std::int32_t>(bits << 22) >> 22; }

/// A float as the modules have it.
struct Unpacked {
  bool negative;
  std::uint32_t significand;
  int exponent;

  float value() const { return std::ldexp(static_cast<float>(significand), exponent) * (negative ? -1.0f : 1.0f); }
};

/// Often significands that make ties and carries.
std::uint32_t RandomSignificand(std::mt19937& random) {
  switch (random() % 8) {
    case 0:
      return 0;
    case 1:
      return 0x800000;
    case 2:
      return 0xFFFFFF;
    case 3:
      return 0x800000 | 1u << (random() % 24);
    case 4:
      return 0xFFFFFF ^ 1u << (random() % 23);
    default:
      return 0x800000 | (random() & 0x7FFFFF);
  }
}

TEST(NormalizeModule, ShiftsTheTopBitUp) {
  Vsubbit_normalize m;
  std::mt19937 random(4);
  for (int run = 0; run < 100000; ++run) {
    const std::uint32_t number = random() >> random() % 32;
    m.number = number;
    m.eval();
    const int zeros = number == 0 ? 31 : __builtin_clz(number);
    ASSERT_EQ(m.zeros, zeros) << number;
    ASSERT_EQ(m.normal, number << zeros) << number;
  }
  m.number = 0;
  m.eval();
  EXPECT_EQ(m.normal, 0u);
  EXPECT_EQ(m.zeros, 31);
}

TEST(FloatAddModule, AddsAsTheHostDoes) {
  Vsubbit_float_add m;
  std::mt19937 random(1);
  std::deque<float> expected;
  constexpr std::size_t kLatency = 6;
  for (int pair = 0; pair < 2000000;) {
    m.enable = random() % 16 != 0;
    const Unpacked a = {random() % 2 == 0, RandomSignificand(random), static_cast<int>(random() % 180) - 110};
    // Near each other more often than not: there sums cancel and ties occur.
    const int distance =
        random() % 4 == 0 ? static_cast<int>(random() % 160) - 80 : static_cast<int>(random() % 60) - 30;
    Unpacked b = {random() % 2 == 0, RandomSignificand(random), std::min(69, std::max(-110, a.exponent + distance))};
    if (random() % 16 == 0) {
      b.significand = a.significand;
    }
    m.a_negative = a.negative;
    m.a_significand = a.significand;
    m.a_exponent = static_cast<std::uint32_t>(a.exponent) & 0x3FF;
    m.b_negative = b.negative;
    m.b_significand = b.significand;
    m.b_exponent = static_cast<std::uint32_t>(b.exponent) & 0x3FF;
    if (m.enable) {
      expected.push_back(a.value() + b.value());
    }
    Cycle(m);
    if (m.enable && expected.size() == kLatency) {
      const Unpacked sum = {m.out_negative != 0, m.out_significand, Signed10(m.out_exponent)};
      ASSERT_TRUE(sum.significand == 0 || sum.significand >> 23 == 1) << "pair " << pair;
      ASSERT_EQ(sum.significand == 0 ? 0.0f : sum.value(), expected.front()) << "pair " << pair;
      expected.pop_front();
      ++pair;
    }
  }
}

TEST(FloatProductModule, MultipliesAsTheHostDoes) {
  Vsubbit_float_product m;
  std::mt19937 random(2);
  std::deque<float> expected;
  constexpr std::size_t kLatency = 3;
  for (int pair = 0; pair < 1000000;) {
    m.enable = random() % 16 != 0;
    const Unpacked a = {random() % 2 == 0, RandomSignificand(random), static_cast<int>(random() % 32) - 23};
    const Unpacked b = {false, RandomSignificand(random), static_cast<int>(random() % 150) - 100};
    m.in_negative = a.negative;
    m.in_significand = a.significand;
    m.in_exponent = static_cast<std::uint32_t>(a.exponent) & 0x3FF;
    m.in_multiplier = BitsOf(b.value());
    if (m.enable) {
      expected.push_back(a.value() * b.value());
    }
    Cycle(m);
    if (m.enable && expected.size() == kLatency) {
      const Unpacked product = {m.out_negative != 0, m.out_significand, Signed10(m.out_exponent)};
      ASSERT_EQ(product.significand == 0 ? 0.0f : product.value(), expected.front()) << "pair " << pair;
      expected.pop_front();
      ++pair;
    }
  }
}

/// What holds for a whole layer.
struct StageSetting {
  int format;
  std::int32_t zero;
  bool has_residual;
  std::int32_t residual_zero;
  float residual_multiplier;
};

StageSetting RandomSetting(std::mt19937& random) {
  StageSetting s;
  s.format = static_cast<int>(random() % 3);
  const std::int32_t low = s.format == 2 ? -128 : 0;
  s.zero = s.format == 0 ? 0 : low + static_cast<std::int32_t>(random() % 256);
  s.has_residual = s.format != 0 && random() % 4 != 0;
  s.residual_zero = low + static_cast<std::int32_t>(random() % 256);
  // Any finite one below 2^120, often a power of two near 1.
  std::uint32_t bits = random() % 0x7B800000;
  if (random() % 2 == 0) {
    bits = (127 + 4 - random() % 20) << 23 | (random() % 2 == 0 ? bits & 0x7FFFFF : 0);
  }
  bits |= (random() % 4 == 0 ? 1u : 0u) << 31;
  std::memcpy(&s.residual_multiplier, &bits, sizeof bits);
  return s;
}

struct StageValue {
  std::int32_t sum;
  std::int32_t bias;
  float multiplier;
  std::uint8_t residual;
};

StageValue RandomValue(std::mt19937& random, const StageSetting& s) {
  StageValue v;
  v.sum = static_cast<std::int32_t>(random()) >> (random() % 32);
  v.bias = static_cast<std::int32_t>(random()) >> (random() % 32);
  v.residual = static_cast<std::uint8_t>(random());
  std::uint32_t bits = random();
  if (random() % 2 == 0) {
    bits = (bits & 0x80000000) | ((127 - random() % 40) << 23) | (random() % 3 == 0 ? bits & 0x7FFFFF : 0);
  }
  if ((bits >> 23 & 0xFF) == 0xFF) {
    bits ^= 1u << 23;
  }
  std::memcpy(&v.multiplier, &bits, sizeof bits);
  if (random() % 4 == 0) {
    // A product just below a power of two, which rounding carries over.
    v.bias = 0;
    v.sum = 3 + 2 * static_cast<std::int32_t>(random() % 20000);
    v.multiplier = static_cast<float>(1 << (random() % 7)) / static_cast<float>(v.sum);
  } else if (random() % 3 == 0) {
    // A product that the residual's all but cancels.
    v.bias = 0;
    v.sum = 1 + static_cast<std::int32_t>(random() % 100000);
    const float other = static_cast<float>(v.residual - s.residual_zero) * s.residual_multiplier;
    const float shift = static_cast<float>(random() % 200) - 100.0f;
    const float nearly = (shift - other) / static_cast<float>(v.sum);
    v.multiplier = std::isfinite(nearly) ? nearly : 1.0f;
  } else if (random() % 4 == 0) {
    // A sum of more than 24 bits that is rounded to the power of two above it.
    const int power = Between(random, 25, 31);
    const std::uint32_t below = 1 + static_cast<std::uint32_t>(random()) % (1u << (power - 25));
    const std::uint32_t magnitude = (1u << power) - below;
    const std::uint32_t total = random() % 2 == 0 ? magnitude : 0 - magnitude;
    v.sum = static_cast<std::int32_t>(total - static_cast<std::uint32_t>(v.bias));
    v.multiplier = std::ldexp(1.0f, Between(random, -3, 6) - power);
  }
  return v;
}

/// docs/DEVICE.md, Arithmetic, step 3 on, in floats.
std::uint32_t ExpectedValue(const StageSetting& s, const StageValue& v) {
  const std::uint32_t total = static_cast<std::uint32_t>(v.sum) + static_cast<std::uint32_t>(v.bias);
  if (s.format == 0) {
    return total;
  }
  float scaled = static_cast<float>(static_cast<std::int32_t>(total)) * v.multiplier;
  if (s.has_residual) {
    const int residual = s.format == 2 ? static_cast<std::int8_t>(v.residual) : v.residual;
    const float product = static_cast<float>(residual - s.residual_zero) * s.residual_multiplier;
    scaled = scaled + product;
  }
  const float low = s.format == 2 ? -128 : 0;
  const float zero = static_cast<float>(s.zero);
  const float clamped = std::fmin(std::fmax(scaled, low - zero), low + 255 - zero);
  return static_cast<std::uint8_t>(static_cast<std::int32_t>(std::nearbyint(clamped)) + s.zero);
}

TEST(OutputStageModule, GivesTheBitsOfTheSpecification) {
  std::mt19937 random(3);
  Vsubbit_output_stage m;
  m.rst = 1;
  Cycle(m);
  m.rst = 0;
  int compared = 0;
  for (int layer = 0; layer < 1000; ++layer) {
    const StageSetting s = RandomSetting(random);
    m.format = static_cast<std::uint8_t>(s.format);
    m.zero = static_cast<std::uint16_t>(s.zero & 0x1FF);
    m.has_residual = s.has_residual;
    m.residual_zero = static_cast<std::uint16_t>(s.residual_zero & 0x1FF);
    m.residual_multiplier = BitsOf(s.residual_multiplier);
    std::deque<std::uint32_t> expected;
    for (int given = 0; given < 2000 || !expected.empty();) {
      const StageValue v = RandomValue(random, s);
      m.enable = random() % 4 != 0;
      m.in_valid = given < 2000 && random() % 4 != 0;
      m.in_sum = static_cast<std::uint32_t>(v.sum);
      m.in_bias = static_cast<std::uint32_t>(v.bias);
      m.in_multiplier = BitsOf(v.multiplier);
      m.in_residual = v.residual;
      Settle(m);
      if (m.enable && m.in_valid) {
        expected.push_back(ExpectedValue(s, v));
        ++given;
      }
      if (m.enable && m.out_valid) {
        ASSERT_FALSE(expected.empty());
        ASSERT_EQ(m.out_value, expected.front())
            << "value " << compared << " of format " << s.format << ", zero " << s.zero << ", residual "
            << s.has_residual << " of zero " << s.residual_zero << ", multiplier " << s.residual_multiplier;
        expected.pop_front();
        ++compared;
      }
      Edge(m);
    }
  }
  EXPECT_EQ(compared, 2000000);
}

}  // namespace
}  // namespace subbit::fpga
