#include "core/integer/conv/prepared_weights.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "core/testing/random_integer_conv.h"

namespace subbit {
namespace {

constexpr std::int64_t kChannels = 13;
constexpr std::int64_t kOuts = 21;

SubBitWeights Weights(int tau) {
  std::mt19937 random(3);
  IntegerConvAttributes attributes;
  attributes.tau = tau;
  attributes.out_channels = kOuts;
  attributes.in_channels = kChannels;
  return MakeIntegerConvCase(attributes, false, 1, 1, &random).parameters.weights;
}

ConvKernels Kernels(SumMethod method, int lanes, bool interleaved) {
  ConvKernels kernels{};
  kernels.method = method;
  kernels.lanes = lanes;
  kernels.interleaved = interleaved;
  return kernels;
}

int Odd(unsigned bits) { return __builtin_popcount(bits) % 2; }

TEST(PreparedWeights, HoldHalfOfTheDifferencesOfCodewords) {
  const SubBitWeights weights = Weights(5);
  const PreparedWeights made = PrepareWeights(Kernels(SumMethod::kCodewords, 64, true), weights);
  ASSERT_EQ(made.row_bytes, 32);
  for (unsigned x = 0; x < 512; ++x) {
    unsigned row = 0;  // column by column
    for (int tap = 0; tap < 9; ++tap) row |= (x >> tap & 1u) << (tap % 3 * 3 + tap / 3);
    for (unsigned k = 0; k < 32; ++k) {
      const int half = made.tables.data()[row * 32 + k];
      const unsigned w = weights.codewords[k];
      EXPECT_EQ(__builtin_popcount(x ^ w), 2 * half + Odd(x) - Odd(w));
      EXPECT_LE(half, 5);
    }
  }
}

TEST(PreparedWeights, HoldHalfOfTheDifferencesOfSixSignsForTwoOutputs) {
  const SubBitWeights weights = Weights(9);
  const PreparedWeights made = PrepareWeights(Kernels(SumMethod::kSixSigns, kSixSignOutputs, false), weights);
  constexpr std::int64_t kPairs = (kChannels + 1) / 2;
  ASSERT_EQ(made.steps, (3 * kPairs + kSixSignSteps - 1) / kSixSignSteps * kSixSignSteps);
  // The bits of channels 2 pair and 2 pair + 1 in the columns of a row of output o's kernels.
  const auto signs = [&](std::int64_t o, std::int64_t row, std::int64_t pair) {
    unsigned bits = 0;
    for (int i = 0; i < 6; ++i) {
      const std::int64_t c = 2 * pair + i % 2;
      if (o < kOuts && c < kChannels) bits |= (weights.Codeword(o, c) >> (3 * row + i / 2) & 1u) << i;
    }
    return bits;
  };
  for (std::int64_t o = 0; o < 2 * kSixSignOutputs; ++o) {
    const std::int64_t lane = o % kSixSignOutputs;
    const bool upper = lane >= kSixSignOutputs / 2;
    for (std::int64_t step = 0; step < made.steps; ++step) {
      const std::int64_t vector =
          (o / kSixSignOutputs * made.steps + step) * (kSixSignOutputs / 2) + lane % (kSixSignOutputs / 2);
      for (unsigned x = 0; x < 64; ++x) {
        const int both = made.tables.data()[vector * 64 + x];
        const int half = upper ? both / 16 : both % 16;
        if (step >= 3 * kPairs) {
          EXPECT_EQ(half, 0);
          continue;
        }
        const unsigned w = signs(o, step / kPairs, step % kPairs);
        EXPECT_EQ(__builtin_popcount(x ^ w), 2 * half + Odd(x) - Odd(w));
        EXPECT_LE(half, 3);
      }
    }
  }
}

TEST(PreparedWeights, HoldHalfOfTheDifferencesOfNibblesForTwoPixels) {
  const PreparedWeights made = PrepareWeights(Kernels(SumMethod::kNibbles, 32, true), Weights(9));
  for (unsigned pair = 0; pair < 256; ++pair) {
    for (unsigned w = 0; w < 16; ++w) {
      const int both = made.tables.data()[pair * 16 + w];
      for (const auto& [x, half] : {std::pair{pair % 16, both % 16}, std::pair{pair / 16, both / 16}}) {
        EXPECT_EQ(__builtin_popcount(x ^ w), 2 * half + Odd(x) - Odd(w));
        EXPECT_LE(half, 2);
      }
    }
  }
}

TEST(PreparedWeights, FillGroupsOfSteps) {
  const PreparedWeights nibbles = PrepareWeights(Kernels(SumMethod::kNibbles, 32, true), Weights(9));
  EXPECT_EQ(nibbles.steps, 42);  // 9 taps of 4 nibbles, in groups of 7
  const PreparedWeights pairs = PrepareWeights(Kernels(SumMethod::kCodewordPairs, 32, true), Weights(4));
  EXPECT_EQ(pairs.steps, 15);  // 13 channels in groups of 3
  EXPECT_EQ(pairs.row_bytes, 16);
}

TEST(PreparedWeights, PutIndicesInTheLanesOfOutputs) {
  const SubBitWeights weights = Weights(4);
  const PreparedWeights plain = PrepareWeights(Kernels(SumMethod::kCodewordPairs, 16, false), weights);
  const PreparedWeights interleaved = PrepareWeights(Kernels(SumMethod::kCodewordPairs, 32, true), weights);
  for (std::int64_t o = 0; o < kOuts; ++o) {
    for (std::int64_t c = 0; c < kChannels; ++c) {
      const int index = weights.index[static_cast<std::size_t>(o * kChannels + c)];
      // Two vectors of 16 together; one of 32, whose even lanes are the first 16 outputs.
      EXPECT_EQ(plain.index.data()[c * 32 + o], index);
      EXPECT_EQ(interleaved.index.data()[c * 32 + (o < 16 ? 2 * o : 2 * (o - 16) + 1)], index);
    }
  }
}

TEST(CountLayout, PutsSeveralTapsInAWordIfTheyFit) {
  EXPECT_EQ(CountLayout(16).steps, 6);   // two taps a word: 5, made even
  EXPECT_EQ(CountLayout(3).steps, 2);    // all nine taps in one word
  EXPECT_EQ(CountLayout(17).steps, 10);  // a word each: 9
  EXPECT_EQ(CountLayout(64).steps, 18);
}

}  // namespace
}  // namespace subbit
