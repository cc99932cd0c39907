#include "core/response/map_plan.h"

#include <gtest/gtest.h>

#include <random>

#include "core/testing/random_layer.h"

namespace subbit {
namespace {

constexpr std::int64_t kMapBytes = 64;
constexpr std::int64_t kSlot = kMapBytes / kSlotBytes;

SubBitWeights Weights(int tau, std::int64_t outs, std::int64_t channels, std::mt19937* random) {
  ConvAttributes attributes;
  attributes.tau = tau;
  attributes.out_channels = outs;
  attributes.in_channels = channels;
  return MakeLayer(attributes, {1, channels, 3, 3}, random).weights;
}

/// The taps that a map of one channel adds, as a sum of +-(tap + 1)^3, which tells all choices of signs apart.
std::int64_t Sum(int pattern, int first, int taps) {
  std::int64_t sum = 0;
  for (int i = 0; i < taps; ++i) {
    const std::int64_t value = (first + i + 1) * (first + i + 1) * (first + i + 1);
    sum += ((pattern >> i) & 1) != 0 ? value : -value;
  }
  return sum;
}

/// What map number `map` of a channel holds.
std::int64_t ValueOf(const MapPlan& plan, std::int64_t channel, int map) {
  if (plan.kind == MapKind::kRows) return Sum(map % kRowPatterns, map / kRowPatterns * 3, 3);
  if (plan.kind == MapKind::kHalves) return map < 32 ? Sum(map, 0, 5) : Sum(map - 32, 5, 4);
  const CodewordList list = plan.Codewords(channel);
  int top = 0;
  while (list.end[top] <= map) ++top;
  const LowerRowSlots& lower = list.codewords[map];
  return Sum(top, 0, 3) + Sum(static_cast<int>(lower.middle / kSlot), 3, 3) +
         Sum(static_cast<int>(lower.bottom / kSlot), 6, 3);
}

TEST(MapPlan, TheMapsOfAnOutputChannelAddUpToItsCodewords) {
  std::mt19937 random(30);
  constexpr int kTogether = 4;
  for (const MapKind kind : {MapKind::kRows, MapKind::kHalves, MapKind::kResponses}) {
    const SubBitWeights weights = Weights(5, 10, 30, &random);
    const MapPlan plan = MakeMapPlan(weights, kind, kMapBytes, kTogether, 28);
    std::int64_t next = 0;
    for (const MapPlan::Block& block : plan.blocks.at(0)) {
      ASSERT_EQ(block.first_channel, next);
      next = block.last_channel;
      const auto of_channel = static_cast<int>(block.count / (block.last_channel - block.first_channel));
      for (std::int64_t o = 0; o < weights.out_channels; ++o) {
        std::int64_t base = 0;
        for (std::int64_t c = block.first_channel; c < block.last_channel; ++c) {
          std::int64_t sum = 0;
          for (int i = 0; i < of_channel; ++i) {
            const std::int64_t j = (c - block.first_channel) * of_channel + i;
            const auto at = static_cast<std::int64_t>(block.slots) + (o / kTogether * block.count + j) * kTogether;
            const std::int64_t slot = plan.slots.at(static_cast<std::size_t>(at + o % kTogether));
            ASSERT_EQ(slot % kSlot, 0);
            sum += ValueOf(plan, c, static_cast<int>(slot / kSlot - base));
          }
          EXPECT_EQ(sum, Sum(weights.Codeword(o, c), 0, kTaps)) << ToString(kind) << " output " << o << " input " << c;
          base += plan.Maps(c);
        }
      }
    }
    EXPECT_EQ(next, weights.in_channels);
  }
}

TEST(MapPlan, BlocksStayNearTheFirstLevelCacheAndBelowTheirLimit) {
  std::mt19937 random(31);
  const SubBitWeights weights = Weights(9, 300, 40, &random);
  for (const MapKind kind : {MapKind::kRows, MapKind::kHalves, MapKind::kResponses}) {
    const MapPlan plan = MakeMapPlan(weights, kind, kMapBytes, 8, 3);
    EXPECT_TRUE(plan.block_maps * kMapBytes * kMaxTileVectors <= 32 << 10 || plan.blocks.at(0).size() == 40u);
    for (const MapPlan::Block& block : plan.blocks.at(0)) EXPECT_LE(block.last_channel - block.first_channel, 3);
  }
}

TEST(MapPlan, AChannelHasResponsesOfTheCodewordsThatItUses) {
  std::mt19937 random(32);
  SubBitWeights weights = Weights(3, 4, 1, &random);
  weights.codewords = {7, 1, 2, 3, 4, 5, 6, 7};
  weights.index = {0, 7, 2, 0};  // codewords 7, 7, 2, 7; the lower pattern comes first
  const MapPlan plan = MakeMapPlan(weights, MapKind::kResponses, kMapBytes, 4, 28);
  EXPECT_EQ(plan.Maps(0), 2);
  EXPECT_EQ(plan.slots, (std::vector<std::uint16_t>{kSlot, kSlot, 0, kSlot}));
  EXPECT_EQ(MeanCodewords(weights), 2);
}

TEST(ChooseMapKind, DependsOnHowManyOutputsShareAMap) {
  std::mt19937 random(33);
  EXPECT_EQ(ChooseMapKind(Weights(9, 16, 16, &random)), MapKind::kRows);
  EXPECT_EQ(ChooseMapKind(Weights(9, 256, 4, &random)), MapKind::kHalves);
  EXPECT_EQ(ChooseMapKind(Weights(4, 64, 16, &random)), MapKind::kResponses);
  EXPECT_EQ(ChooseMapKind(Weights(6, 512, 4, &random)), MapKind::kResponses);
}

}  // namespace
}  // namespace subbit
