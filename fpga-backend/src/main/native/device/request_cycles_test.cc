// The modelled cycles of lists with stems beside other layers.

#include "device/request_cycles.h"

#include <gtest/gtest.h>

#include "device/cycle_model.h"
#include "device/dense_cycles.h"
#include "device/element.h"
#include "device/stem_taps.h"

namespace subbit::fpga {
namespace {

const Capabilities kTables = EmulatorCapabilities("tables");

LayerDescriptor Layer(Kind kind) {
  LayerDescriptor d;
  d.version = 3;
  d.tau = kind == Kind::kConv ? 5 : 0;
  d.in_channels = kind == Kind::kStem ? 3 : 16;
  d.out_channels = 16;
  d.in_height = d.in_width = d.out_height = d.out_width = 32;
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = kind == Kind::kStem ? 2 : kind == Kind::kConv ? 1 : 0;
  IntegerStage& stage = d.integer.emplace();
  stage.kind = kind;
  stage.kernel = kind == Kind::kStem ? 5 : 0;
  stage.taps = static_cast<std::uint16_t>(kind == Kind::kStem ? StemTaps(d).size() : 0);
  stage.value_bits = 12;
  return d;
}

LayerDescriptor StemBeside() {
  LayerDescriptor d = Layer(Kind::kStem);
  d.integer->beside = 1;
  return d;
}

TEST(RequestCycles, AreThoseOfLayersAloneWithoutAStemBesideThem) {
  RequestCycles cycles(kTables);
  for (const Kind kind : {Kind::kStem, Kind::kConv, Kind::kShortcut, Kind::kConv}) {
    EXPECT_EQ(cycles.Next(Layer(kind)), ModelledCycles(Layer(kind), kTables));
  }
  EXPECT_EQ(cycles.End(), 0u);
}

TEST(RequestCycles, CountAStemWhereItIsWaitedFor) {
  const std::uint64_t stem = ModelledCycles(Layer(Kind::kStem), kTables);
  const std::uint64_t conv = ModelledCycles(Layer(Kind::kConv), kTables);
  const std::uint64_t shortcut = ModelledCycles(Layer(Kind::kShortcut), kTables);
  ASSERT_GT(stem, 2 * conv);
  // While it and the next layers' descriptors are checked, it runs on; while its weights are read, the next layer
  // waits.
  const std::uint64_t held = BusOf(StemBeside()).weights;
  constexpr std::uint64_t between = 600;
  RequestCycles cycles(kTables);
  const std::uint64_t started = cycles.Next(StemBeside());
  EXPECT_LT(started, 150u) << "until it runs";
  const std::uint64_t beside = cycles.Next(Layer(Kind::kConv));
  EXPECT_GT(beside, conv) << "the stem takes some of the bus";
  EXPECT_LT(beside, held + conv * 13 / 10);
  const std::uint64_t waited = cycles.Next(Layer(Kind::kShortcut)) - shortcut;
  EXPECT_LT(started + beside + waited, stem);
  EXPECT_GT(started + beside + waited, stem - between) << "but for what passes between layers";
  EXPECT_EQ(cycles.Next(Layer(Kind::kConv)), conv) << "it has ended";
  EXPECT_EQ(cycles.End(), 0u);
  // At the end of the list, and in front of another stem.
  cycles.Next(StemBeside());
  EXPECT_GT(cycles.Next(StemBeside()), stem - between);
  EXPECT_GT(cycles.End(), stem - between);
  EXPECT_EQ(cycles.End(), 0u);
}

TEST(RequestCycles, CountAStemThatEndsBesideALayerForAsLongAsItRuns) {
  RequestCycles cycles(kTables);
  LayerDescriptor many = Layer(Kind::kConv);
  many.batch = 8;
  const std::uint64_t alone = ModelledCycles(many, kTables);
  cycles.Next(StemBeside());
  const std::uint64_t beside = cycles.Next(many);
  EXPECT_GT(beside, alone);
  EXPECT_LT(beside, alone + ModelledCycles(Layer(Kind::kStem), kTables) / 3);
  EXPECT_EQ(cycles.Next(Layer(Kind::kShortcut)), ModelledCycles(Layer(Kind::kShortcut), kTables))
      << "nothing to wait for";
}

}  // namespace
}  // namespace subbit::fpga
