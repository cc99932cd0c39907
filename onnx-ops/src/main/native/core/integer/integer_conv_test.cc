#include "core/integer/integer_conv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/integer/reference_layers.h"
#include "core/testing/random_integer_conv.h"
#include "core/testing/random_layer.h"
#include "core/testing/sweep.h"

namespace subbit {
namespace {

constexpr std::int16_t kUntouched = 12345;
constexpr std::uint64_t kUntouchedSigns = 0xabcdefabcdefabcd;

/// What a layer writes of one image; untouched where it writes nothing.
struct Results {
  std::vector<std::int16_t> y;
  std::vector<std::uint64_t> signs;
};

enum class Wanted { kBoth, kValues, kSigns, kInPlace };

/// Runs the layer in bands of `rows` rows, the last band first.
Results RunLayer(const IntegerLayer& layer, IntegerConvCase* c, Wanted wanted, std::int64_t rows) {
  SignPlane next{nullptr, c->y};
  Results results{
      std::vector<std::int16_t>(static_cast<std::size_t>(c->y.height * c->y.width * c->y.channels), kUntouched),
      std::vector<std::uint64_t>(static_cast<std::size_t>(next.Size()), kUntouchedSigns)};
  next.data = results.signs.data();
  IntegerInput input = c->Input();
  IntegerOutput output;
  if (wanted == Wanted::kInPlace && layer.AddsResidual()) {
    results.y = c->residual;
    input.residual = results.y.data();
  }
  if (wanted != Wanted::kSigns) output.y = results.y.data();
  if (wanted != Wanted::kValues) {
    output.next_threshold = c->next_threshold.data();
    output.next_signs = next;
  }
  TestScratch scratch(layer.ScratchBytes(c->x));
  for (std::int64_t end = c->y.height; end > 0; end -= rows) {
    layer.Run(c->x, input, output, {std::max<std::int64_t>(0, end - rows), end}, scratch.get());
  }
  return results;
}

void ExpectReference(IntegerConvCase* c, const std::vector<Isa>& isas) {
  const auto reference = MakeReferenceIntegerConv(c->parameters);
  const Results expected = RunLayer(*reference, c, Wanted::kBoth, c->y.height);
  for (const Isa isa : isas) {
    for (const auto& layer : CandidateIntegerConvs(isa, c->parameters)) {
      const std::string what = layer->Name() + ": " + Describe(*c);
      EXPECT_GE(layer->BandRows(c->x), 1) << what;
      EXPECT_LE(layer->BandRows(c->x), c->y.height) << what;
      for (std::int64_t rows = 1; rows <= c->y.height; ++rows) {
        const Results both = RunLayer(*layer, c, Wanted::kBoth, rows);
        ASSERT_EQ(both.y, expected.y) << what << ", rows at a time " << rows;
        ASSERT_EQ(both.signs, expected.signs) << what << ", rows at a time " << rows;
      }
      const Results values = RunLayer(*layer, c, Wanted::kValues, c->y.height);
      ASSERT_EQ(values.y, expected.y) << what;
      EXPECT_EQ(std::count(values.signs.begin(), values.signs.end(), kUntouchedSigns), values.signs.size()) << what;
      const Results signs = RunLayer(*layer, c, Wanted::kSigns, c->y.height);
      EXPECT_EQ(std::count(signs.y.begin(), signs.y.end(), kUntouched), signs.y.size()) << what;
      ASSERT_EQ(signs.signs, expected.signs) << what;
      const Results in_place = RunLayer(*layer, c, Wanted::kInPlace, 2);
      ASSERT_EQ(in_place.y, expected.y) << what;
      ASSERT_EQ(in_place.signs, expected.signs) << what;
    }
  }
}

TEST(IntegerConv, EqualsReferenceOnRandomLayers) {
  std::mt19937 random(11);
  for (int i = 0; i < SweepRounds(60); ++i) {
    IntegerConvCase c = RandomIntegerConvCase(&random);
    ASSERT_NO_FATAL_FAILURE(ExpectReference(&c, FastIsas()));
  }
}

TEST(IntegerConv, EqualsReferenceForEveryTauAndWidthOfOutputs) {
  std::mt19937 random(12);
  for (std::int64_t tau = 1; tau <= 9; ++tau) {
    constexpr std::int64_t kOuts[] = {8, 16, 32, 48, 64, 96, 128, 160, 192, 256};
    for (std::int64_t i = 0; i < 10; ++i) {
      // A short sweep has every tau and every width, but each with a third of the others.
      if (SweepsAreShort() && (i + tau) % 3 != 0) continue;
      IntegerConvAttributes attributes;
      attributes.tau = tau;
      attributes.out_channels = kOuts[i];
      attributes.in_channels = 33 + 16 * tau;
      attributes.shift = 2;
      IntegerConvCase c = MakeIntegerConvCase(attributes, true, 2, 9, &random);
      ASSERT_NO_FATAL_FAILURE(ExpectReference(&c, FastIsas()));
    }
  }
}

/// Kernels for few channels take many pixels and several rows at a time.
TEST(IntegerConv, EqualsReferenceOnLargeImagesOfFewChannels) {
  std::mt19937 random(17);
  const std::pair<std::int64_t, std::int64_t> sizes[] = {{33, 32}, {5, 130}, {3, 1100}, {1200, 1}, {2, 2}};
  for (const auto& [height, width] : sizes) {
    for (const std::int64_t stride : {1, 2}) {
      IntegerConvAttributes attributes;
      attributes.tau = 9;
      attributes.out_channels = stride == 1 ? 16 : 33;
      attributes.in_channels = stride == 1 ? 16 : 19;
      attributes.strides = {stride, stride};
      attributes.shift = 2;
      IntegerConvCase c = MakeIntegerConvCase(attributes, stride == 1, height, width, &random);
      const auto reference = MakeReferenceIntegerConv(c.parameters);
      const Results expected = RunLayer(*reference, &c, Wanted::kBoth, c.y.height);
      for (const Isa isa : FastIsas()) {
        for (const auto& layer : CandidateIntegerConvs(isa, c.parameters)) {
          for (const std::int64_t rows : {layer->BandRows(c.x), c.y.height}) {
            const Results results = RunLayer(*layer, &c, Wanted::kBoth, rows);
            ASSERT_EQ(results.y, expected.y) << layer->Name() << ": " << Describe(c);
            ASSERT_EQ(results.signs, expected.signs) << layer->Name() << ": " << Describe(c);
          }
        }
      }
    }
  }
}

/// All signs alike make the largest counts and sums: no byte and no vector may overflow.
TEST(IntegerConv, HoldsTheLargestSums) {
  std::mt19937 random(13);
  for (const std::int64_t channels : {1, 51, 52, 56, 64, 455, 910, 3640}) {
    for (const std::int64_t tau : {4, 5, 6, 9}) {
      for (const int bit : {0, 1}) {
        for (const int tap : {0, 1}) {
          IntegerConvAttributes attributes;
          attributes.tau = tau;
          attributes.out_channels = 33;
          attributes.in_channels = channels;
          while (attributes.shift < 11 && (9 * channels) << (attributes.shift + 1) <= 32767) ++attributes.shift;
          IntegerConvCase c = MakeIntegerConvCase(attributes, true, 3, 3, &random);
          SignPlane plane{c.signs.data(), c.x};
          for (std::int64_t i = 0; i < 9; ++i) {
            for (std::int64_t w = 0; w < plane.Words(); ++w) {
              const std::int64_t left = std::min<std::int64_t>(64, channels - 64 * w);
              plane.At(i / 3, i % 3)[w] = bit == 0 ? 0 : ~std::uint64_t{0} >> (64 - left);
            }
          }
          for (std::uint16_t& codeword : c.parameters.weights.codewords) codeword = tap == 0 ? 0 : 511;
          ASSERT_NO_FATAL_FAILURE(ExpectReference(&c, FastIsas()));
        }
      }
    }
  }
}

TEST(IntegerConv, SaturatesAsTheReference) {
  std::mt19937 random(14);
  constexpr std::int16_t kLeast = std::numeric_limits<std::int16_t>::min();
  constexpr std::int16_t kMost = std::numeric_limits<std::int16_t>::max();
  const std::vector<std::int16_t> extremes = {kLeast, kLeast + 1, -1, 0, 1, kMost - 1, kMost};
  for (const std::int64_t width : {9, 12, 16}) {
    for (std::int64_t slope_shift = 0; slope_shift <= 3; ++slope_shift) {
      IntegerConvAttributes attributes;
      attributes.tau = 5;
      attributes.out_channels = 70;
      attributes.in_channels = 20;
      attributes.shift = 7;
      attributes.width = width;
      attributes.slope_shift = slope_shift;
      IntegerConvCase c = MakeIntegerConvCase(attributes, true, 5, 5, &random);
      const auto scatter = [&](std::vector<std::int16_t>* values, bool factors) {
        for (std::int16_t& value : *values) {
          value = extremes[std::uniform_int_distribution<std::size_t>(factors ? 1 : 0, extremes.size() - 1)(random)];
        }
      };
      scatter(&c.parameters.multiplier, true);
      scatter(&c.parameters.bias, false);
      scatter(&c.parameters.residual->slope, true);
      scatter(&c.parameters.residual->shift_out, false);
      scatter(&c.residual, false);
      scatter(&c.next_threshold, false);
      ASSERT_NO_FATAL_FAILURE(ExpectReference(&c, FastIsas()));
    }
  }
}

TEST(IntegerConv, NamesAlgorithmAndInstructionSet) {
  std::mt19937 random(15);
  IntegerConvAttributes attributes;
  attributes.tau = 5;
  attributes.out_channels = 64;
  attributes.in_channels = 64;
  const IntegerConvCase c = MakeIntegerConvCase(attributes, true, 3, 3, &random);
  EXPECT_EQ(ChooseIntegerConv(Isa::kReference, KernelPolicy::kEstimate, c.parameters)->Name(), "reference");
  for (const Isa isa : FastIsas()) {
    const std::string first = CandidateIntegerConvs(isa, c.parameters).front()->Name();
    EXPECT_EQ(ChooseIntegerConv(isa, KernelPolicy::kEstimate, c.parameters)->Name(), first);
    EXPECT_NE(first.find(", "), std::string::npos) << first;
  }
}

TEST(IntegerConv, ThePolicyPicksAmongTheCandidates) {
  const std::pair<KernelPolicy, std::string> families[] = {{KernelPolicy::kLookUp, "look-up"},
                                                           {KernelPolicy::kNibbles, "nibble look-up"},
                                                           {KernelPolicy::kPopcount, "xor and popcount"},
                                                           {KernelPolicy::kMaps, "maps"},
                                                           {KernelPolicy::kDense, "dense"}};
  std::mt19937 random(16);
  for (std::int64_t tau = 1; tau <= 9; ++tau) {
    IntegerConvAttributes attributes;
    attributes.tau = tau;
    attributes.out_channels = attributes.in_channels = 64;
    const IntegerConvParameters p = MakeIntegerConvCase(attributes, tau % 2 == 0, 3, 3, &random).parameters;
    EXPECT_EQ(ChooseIntegerConv(Isa::kReference, KernelPolicy::kMeasure, p)->Name(), "reference");
    for (const Isa isa : FastIsas()) {
      std::vector<std::string> names;
      for (const auto& candidate : CandidateIntegerConvs(isa, p)) names.push_back(candidate->Name());
      EXPECT_EQ(ChooseIntegerConv(isa, KernelPolicy::kEstimate, p)->Name(), names.front());
      for (const auto& [policy, method] : families) {
        std::string expected = names.front();
        for (const std::string& name : names) {
          if (name.rfind(method, 0) == 0) expected = name;
        }
        const auto picked = ChooseIntegerConv(isa, policy, p);
        EXPECT_EQ(picked->Name(), expected) << ToString(policy);
        EXPECT_EQ(picked->AsMeasured(), nullptr);
      }
      const auto measured = ChooseIntegerConv(isa, KernelPolicy::kMeasure, p);
      EXPECT_EQ(measured->AsMeasured() != nullptr, names.size() > 1);
      for (const std::string& name : names) EXPECT_NE(measured->Name().find(name), std::string::npos) << name;
    }
  }
}

}  // namespace
}  // namespace subbit
