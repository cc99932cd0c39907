#include "device/stem_taps.h"

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>

#include "device/dense_order.h"

namespace subbit::fpga {
namespace {

LayerShape Stem(std::uint32_t channels, std::uint8_t kernel, std::uint16_t stride, std::uint32_t outputs = 1) {
  LayerShape stem;
  stem.in_channels = channels;
  stem.out_channels = outputs;
  stem.stride_w = stride;
  stem.integer.emplace().kind = Kind::kStem;
  stem.integer->kernel = kernel;
  stem.integer->taps = static_cast<std::uint16_t>(StemTaps(stem).size());
  return stem;
}

template <class Visit>
void ForEachStem(const Visit& visit) {
  for (std::uint32_t channels = 1; channels <= contract::kStemChannels; ++channels) {
    for (std::uint8_t kernel = 1; kernel <= contract::kMaxKernel; ++kernel) {
      for (std::uint16_t stride = 1; stride <= kernel; ++stride) {
        SCOPED_TRACE(std::to_string(channels) + " channels, kernel " + std::to_string(kernel) + ", stride " +
                     std::to_string(stride));
        visit(Stem(channels, kernel, stride));
      }
    }
  }
}

std::int8_t AnyWeight(std::mt19937& random) {
  return random() % 3 == 0   ? std::int8_t{-128}
         : random() % 2 == 0 ? std::int8_t{127}
                             : static_cast<std::int8_t>(random());
}

/// Pixels less their zero pixel, [channel][row of the kernel][column].
using Pixels = std::vector<std::int32_t>;
constexpr std::size_t kColumns = 40;

Pixels AnyPixels(const LayerShape& stem, std::mt19937& random) {
  Pixels pixels(stem.in_channels * std::size_t{stem.integer->kernel} * kColumns);
  for (auto& pixel : pixels) {
    pixel = random() % 4 == 0 ? 255 : random() % 4 == 1 ? -255 : static_cast<std::int32_t>(random() % 511) - 255;
  }
  return pixels;
}

/// The sum of an output channel whose kernel begins at a column.
std::int64_t DirectSum(const LayerShape& stem, const std::vector<std::int8_t>& weights, std::size_t output,
                       const Pixels& pixels, std::size_t column) {
  const std::size_t kernel = stem.integer->kernel;
  std::int64_t sum = 0;
  for (std::size_t line = 0; line < stem.in_channels * kernel; ++line) {
    for (std::size_t j = 0; j < kernel; ++j) {
      sum += weights[(output * stem.in_channels * kernel + line) * kernel + j] * pixels[line * kColumns + column + j];
    }
  }
  return sum;
}

/// The doubled sums that a list and its weights give for a window that begins at a column.
std::array<std::int64_t, 2> SumsOfList(const LayerShape& stem, const std::vector<std::int16_t>& weights,
                                       std::uint32_t output, const Pixels& pixels, std::size_t column) {
  std::array<std::int64_t, kStemSums> sums{};
  const std::vector<StemTap> taps = StemTaps(stem);
  for (std::size_t tap = 0; tap < taps.size(); ++tap) {
    const StemTap& t = taps[tap];
    const std::int32_t* row =
        pixels.data() + (t.channel * std::size_t{stem.integer->kernel} + t.row) * kColumns + column;
    const std::int32_t operand = t.combination == Combination::kFirst ? row[t.first]
                                 : t.combination == Combination::kSum ? row[t.first] + row[t.second]
                                                                      : row[t.first] - row[t.second];
    sums[static_cast<std::size_t>(t.sum)] += weights[DensePlace(stem, output, tap)] * operand;
  }
  return {sums[0] + sums[1] + sums[2], sums[1] - sums[2] + sums[3]};
}

TEST(StemTaps, GiveTwiceTheSums) {
  std::mt19937 random(1);
  ForEachStem([&](LayerShape stem) {
    stem.out_channels = 1 + random() % 70;
    std::vector<std::int8_t> weights(stem.out_channels * stem.in_channels * std::size_t{stem.integer->kernel} *
                                     stem.integer->kernel);
    for (auto& weight : weights) {
      weight = AnyWeight(random);
    }
    const std::vector<std::int16_t> of_list = StemWeights(stem, weights);
    const Pixels pixels = AnyPixels(stem, random);
    for (int run = 0; run < 8; ++run) {
      const std::uint32_t output = random() % stem.out_channels;
      const std::size_t column = random() % 16;
      const auto sums = SumsOfList(stem, of_list, output, pixels, column);
      ASSERT_EQ(sums[0], 2 * DirectSum(stem, weights, output, pixels, column));
      if (LaneColumns(stem) == 2) {
        ASSERT_EQ(sums[1], 2 * DirectSum(stem, weights, output, pixels, column + stem.stride_w));
      }
    }
  });
}

TEST(StemTaps, FitIntoTheListAndTheWindow) {
  ForEachStem([](const LayerShape& stem) {
    const std::vector<StemTap> taps = StemTaps(stem);
    EXPECT_LE(taps.size(), contract::kStemTaps);
    for (const StemTap& tap : taps) {
      // The second lane's pixels are this much further right.
      const std::uint32_t lane = LaneColumns(stem) * stem.stride_w;
      EXPECT_LT(std::max(tap.first, tap.second) + lane, kWindowPixels);
      EXPECT_LT(tap.row, stem.integer->kernel);
      EXPECT_LT(tap.channel, stem.in_channels);
    }
  });
}

TEST(StemTaps, ComeSumBySum) {
  ForEachStem([](const LayerShape& stem) {
    const std::vector<StemTap> taps = StemTaps(stem);
    for (std::size_t i = 0; i < taps.size(); ++i) {
      const bool last = i + 1 == taps.size() || taps[i + 1].sum != taps[i].sum;
      EXPECT_EQ(taps[i].last, last);
      EXPECT_TRUE(i == 0 || taps[i].sum >= taps[i - 1].sum);
    }
  });
}

TEST(StemTaps, AreFewerThanTheProductsOfTwoSums) {
  // ResNet-18's stem has ten products of a row in place of 14, that of resnet20 four in place of six.
  EXPECT_EQ(StemTaps(Stem(3, 7, 2)).size(), 3u * 7 * 10);
  EXPECT_EQ(StemTaps(Stem(3, 3, 1)).size(), 3u * 3 * 4);
  EXPECT_EQ(StemTaps(Stem(1, 5, 3)).size(), 5u * 5) << "strides above 2 share no products";
  EXPECT_EQ(StemTaps(Stem(4, 8, 2)).size(), 384u) << "the longest";
}

TEST(StemTaps, OfOneRowAreTheDocumentedOnes) {
  const auto tap = [](std::uint8_t first, std::uint8_t second, Combination combination, StemSum sum, bool last) {
    return StemTap{first, second, combination, 0, 0, sum, last};
  };
  // A row of a kernel of 1x5, of runs of three taps and of two.
  std::vector<StemTap> row;
  for (const StemTap& t : StemTaps(Stem(1, 5, 1))) {
    if (t.row == 0) {
      row.push_back(t);
    }
  }
  constexpr auto kAlone = Combination::kFirst;
  constexpr auto kDifference = Combination::kDifference;
  const std::vector<StemTap> expected = {
      tap(0, 2, kDifference, StemSum::kFirst, false),      tap(3, 4, kDifference, StemSum::kFirst, false),
      tap(1, 2, Combination::kSum, StemSum::kBoth, false), tap(4, 0, kAlone, StemSum::kBoth, false),
      tap(2, 1, kDifference, StemSum::kOpposed, false),    tap(3, 1, kDifference, StemSum::kSecond, false),
      tap(5, 4, kDifference, StemSum::kSecond, false)};
  EXPECT_EQ(row, expected);
  // The phases of stride 2, of one tap each.
  const std::vector<StemTap> pair = StemTaps(Stem(1, 2, 2));
  EXPECT_EQ(pair[0], tap(0, 0, kAlone, StemSum::kFirst, false));
  EXPECT_EQ(pair[1], tap(1, 0, kAlone, StemSum::kFirst, false));
  EXPECT_EQ(pair[4], tap(2, 0, kAlone, StemSum::kSecond, false));
}

TEST(StemTaps, SurviveARoundTrip) {
  for (std::uint32_t word = 0; word < 1u << 18; ++word) {
    const StemTap tap = StemTap::Decode(word);
    ASSERT_EQ(tap.Encode(), (word >> 8 & 3) == 3 ? word - (1u << 8) : word) << word;
    ASSERT_EQ(StemTap::Decode(word | 0xFFFC0000), tap) << "further bits are ignored";
  }
  const StemTap tap = {9, 6, Combination::kSum, 5, 2, StemSum::kOpposed, true};
  EXPECT_EQ(tap.Encode(), 9u | 6u << 4 | 1u << 8 | 5u << 10 | 2u << 13 | 2u << 15 | 1u << 17);
}

TEST(StemWeights, HaveTenBitsAndAreTheDocumentedCombinations) {
  std::mt19937 random(2);
  ForEachStem([&](const LayerShape& stem) {
    std::vector<std::int8_t> weights(stem.in_channels * std::size_t{stem.integer->kernel} * stem.integer->kernel);
    for (auto& weight : weights) {
      weight = AnyWeight(random);
    }
    for (const std::int16_t weight : StemWeights(stem, weights)) {
      EXPECT_GE(weight, -512);
      EXPECT_LE(weight, 511);
    }
  });
  const LayerShape stem = Stem(1, 3, 1, 65);
  std::vector<std::int8_t> weights(65 * 9);
  weights[0] = 5;
  weights[1] = -7;
  weights[2] = 100;
  weights[64 * 9] = 3;
  const std::vector<std::int16_t> ordered = StemWeights(stem, weights);
  ASSERT_EQ(ordered.size(), 2u * 12 * 64) << "two sets";
  EXPECT_EQ(ordered[0], 10) << "the first row's kFirst";
  EXPECT_EQ(ordered[3 * 64], 98);
  EXPECT_EQ(ordered[6 * 64], 112);
  EXPECT_EQ(ordered[9 * 64], 200);
  EXPECT_EQ(ordered[12 * 64], 6) << "the second set";
  EXPECT_EQ(ordered[12 * 64 + 1], 0) << "filled up";
}

TEST(StemWeights, BelongToTheListOfTheLayer) {
  LayerShape stem = Stem(1, 3, 1);
  ++stem.integer->taps;
  EXPECT_THROW(StemWeights(stem, std::vector<std::int8_t>(9)), std::logic_error);
}

TEST(StemCodebook, HasZeroPixelsAndTaps) {
  const LayerShape stem = Stem(3, 2, 1);
  const std::vector<std::uint8_t> bytes = StemCodebook(stem, {7, 8, 9});
  ASSERT_EQ(bytes.size(), stem.stem_codebook_bytes());
  EXPECT_EQ(std::vector<std::uint8_t>(bytes.begin(), bytes.begin() + 8),
            (std::vector<std::uint8_t>{7, 8, 9, 0, 0, 0, 0, 0}));
  const std::vector<StemTap> taps = StemTaps(stem);
  for (std::size_t i = 0; i < taps.size(); ++i) {
    std::uint32_t word = 0;
    for (std::size_t byte = 0; byte < 4; ++byte) {
      word |= std::uint32_t{bytes[kZeroPixelBytes + 4 * i + byte]} << 8 * byte;
    }
    EXPECT_EQ(word, taps[i].Encode());
  }
}

}  // namespace
}  // namespace subbit::fpga
