// Networks are run layer by layer here, with the reference and without bands, and must give the same bits as a whole,
// by any number of threads.

#include "core/integer/integer_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "core/integer/integer_conv.h"
#include "core/integer/measured_layer.h"
#include "core/integer/reference_layers.h"
#include "core/testing/random_integer_layer.h"
#include "core/testing/random_layer.h"
#include "core/testing/threads.h"

namespace subbit {
namespace {

using Values = std::vector<std::int16_t>;

/// A network that is made layer by layer, and the shape of each of its values.
class Builder {
 public:
  explicit Builder(const MapShape& x) : shapes_{x} {}

  std::int64_t Add(std::unique_ptr<IntegerLayer> layer, std::int64_t reads,
                   std::int64_t residual = NetworkLayer::kNone) {
    shapes_.push_back(layer->OutputShape(Shape(reads)));
    layers_.push_back({{"layer", std::to_string(shapes_.size() - 1)}, std::move(layer), reads, residual});
    return static_cast<std::int64_t>(shapes_.size()) - 1;
  }

  const MapShape& Shape(std::int64_t value) const { return shapes_[static_cast<std::size_t>(value)]; }
  std::int64_t Last() const { return static_cast<std::int64_t>(shapes_.size()) - 1; }
  IntegerNetwork Build() { return {{"IntegerNetwork", "random"}, std::move(layers_)}; }

 private:
  std::vector<MapShape> shapes_;
  std::vector<NetworkLayer> layers_;
};

/// What the last layer gives for one image, layer by layer.
std::vector<float> LayerByLayer(const IntegerNetwork& network, const MapShape& x, const IntegerInput& pixels) {
  std::vector<MapShape> shapes = {x};
  std::vector<Values> values(1);
  std::vector<float> logits;
  for (const NetworkLayer& layer : network.layers()) {
    const auto reads = static_cast<std::size_t>(layer.reads);
    const MapShape in = shapes[reads];
    const MapShape out = layer.layer->OutputShape(in);
    IntegerInput input = pixels;
    if (reads > 0) input.x = values[reads].data();
    std::unique_ptr<OwnedSigns> signs;
    if (layer.layer->Threshold() != nullptr) {
      signs = std::make_unique<OwnedSigns>(in, values[reads].data(), layer.layer->Threshold());
      input.signs = signs->plane();
    }
    if (layer.residual > 0) input.residual = values[static_cast<std::size_t>(layer.residual)].data();
    values.emplace_back(static_cast<std::size_t>(out.Size()));
    logits.assign(static_cast<std::size_t>(out.height), 0.0f);
    IntegerOutput output;
    output.y = values.back().data();
    output.logits = logits.data();
    layer.layer->Run(in, input, output, {0, out.height}, nullptr);
    shapes.push_back(out);
  }
  return logits;
}

/// The reference, or with a table a layer that measures it and all kernels of this processor.
std::unique_ptr<IntegerLayer> MakeConv(const IntegerConvParameters& parameters, TournamentTable* table) {
  if (table == nullptr) return MakeReferenceIntegerConv(parameters);
  std::vector<std::unique_ptr<IntegerLayer>> candidates;
  candidates.push_back(MakeReferenceIntegerConv(parameters));
  for (auto& candidate : CandidateIntegerConvs(DetectIsa(), parameters)) candidates.push_back(std::move(candidate));
  return std::make_unique<MeasuredLayer>(
      table, IntegerConvKey(DetectIsa(), parameters).With(static_cast<std::int64_t>(candidates.size())),
      std::move(candidates));
}

/// Blocks with and without shortcuts, plain convolutions with and without pool, values with several readers.
Builder RandomNetwork(std::mt19937* random, TournamentTable* table) {
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(*random);
  };
  const auto channels_of_a_layer = [&] { return pick(0, 3) == 0 ? pick(63, 66) : pick(1, 12); };
  Builder net({pick(6, 14), pick(6, 14), pick(1, 3)});
  StemAttributes stem;
  stem.strides = {pick(1, 2), pick(1, 2)};
  stem.pads = {1, 0, 1, 2};
  if (pick(0, 1) == 0) stem.pool = {{3, 2}, {2, 1}, {1, 0, 1, 1}};
  std::int64_t last =
      net.Add(MakeReferenceStem(RandomStem(net.Shape(0).channels, channels_of_a_layer(), 3, stem, random)), 0);
  std::vector<std::int64_t> values = {last};
  const auto conv = [&](std::int64_t reads, std::int64_t outs, std::int64_t stride, bool block) {
    IntegerConvAttributes attributes;
    attributes.tau = pick(1, 6);
    attributes.in_channels = net.Shape(reads).channels;
    attributes.out_channels = outs;
    attributes.strides = {stride, stride};
    if (!block && pick(0, 2) == 0) attributes.pool = {{2, 2}, {2, 2}, {0, 0, 1, 1}};
    return RandomIntegerConv(attributes, block, random);
  };
  for (std::int64_t i = pick(1, 7); i > 0; --i) {
    const std::int64_t any = values[(*random)() % values.size()];
    const std::int64_t reads = pick(0, 3) == 0 ? any : last;
    const std::int64_t channels = net.Shape(reads).channels;
    switch (pick(0, 4)) {
      case 0:
        last = net.Add(MakeConv(conv(reads, channels_of_a_layer(), pick(1, 2), false), table), reads);
        break;
      case 1: {  // another size: shortcut and block
        const std::int64_t outs = channels_of_a_layer();
        const std::int64_t shortcut = net.Add(MakeReferenceShortcut(RandomShortcut(channels, outs, 2, random)), reads);
        last = net.Add(MakeConv(conv(reads, outs, 2, true), table), reads, shortcut);
        break;
      }
      case 2: {  // two convolutions of the same value, with thresholds of their own or the same
        IntegerConvParameters a = conv(reads, channels, 1, true);
        IntegerConvParameters b = conv(reads, channels, 1, true);
        if (pick(0, 1) == 0) b.threshold = a.threshold;
        const std::int64_t first = net.Add(MakeConv(a, table), reads, reads);
        last = net.Add(MakeConv(b, table), reads, first);
        break;
      }
      default:
        last = net.Add(MakeConv(conv(reads, channels, 1, true), table), reads, reads);
    }
    values.push_back(last);
  }
  const MapShape& end = net.Shape(last);
  const bool by_position = pick(0, 1) == 0 || end.height * end.width > kMaxPartPositions;
  net.Add(MakeReferenceClassifier(
              RandomClassifier(end.channels, pick(1, 12), by_position ? end.height * end.width : 1, random)),
          last);
  return net;
}

std::vector<float> RunNetwork(const IntegerNetwork& network, const MapShape& x, const NetworkInputs& inputs,
                              ParallelFor parallel_for) {
  const auto plan = network.PlanFor(x);
  std::vector<float> logits(static_cast<std::size_t>(inputs.batch * network.OutputShape(*plan).Size()), -1.0f);
  TestScratch scratch(network.ScratchBytes(*plan, inputs.batch));
  network.Run(*plan, inputs, {nullptr, logits.data()}, scratch.get(), parallel_for);
  return logits;
}

/// Runs random networks on batches with each of these ways to run tasks. With a table, their convolutions measure.
void ExpectLayerByLayer(unsigned seed, int networks, std::int64_t batch, const std::vector<ParallelFor>& ways,
                        TournamentTable* table = nullptr) {
  std::mt19937 random(seed);
  for (int i = 0; i < networks; ++i) {
    SCOPED_TRACE("network " + std::to_string(i));
    Builder builder = RandomNetwork(&random, table);
    const MapShape x = builder.Shape(0);
    const IntegerNetwork network = builder.Build();
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(batch * x.Size()));
    for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random() % 256);
    std::vector<float> expected;
    for (std::int64_t n = 0; n < batch; ++n) {
      IntegerInput input;
      input.x = pixels.data() + n * x.Size();
      input.pixel_type = PixelType::kUint8;
      const std::vector<float> logits = LayerByLayer(network, x, input);
      expected.insert(expected.end(), logits.begin(), logits.end());
    }
    const std::vector<float> floats(pixels.begin(), pixels.end());
    EXPECT_EQ(RunNetwork(network, x, {batch, floats.data(), PixelType::kFloat}, RunSerially), expected);
    for (const ParallelFor& way : ways) {
      EXPECT_EQ(RunNetwork(network, x, {batch, pixels.data(), PixelType::kUint8}, way), expected);
    }
  }
}

TEST(IntegerNetwork, GivesTheBitsOfItsLayersInAnyOrderOfTasks) {
  const std::vector<ParallelFor> ways = {RunSerially, RunBackwards};
  ExpectLayerByLayer(1, 25, 1, ways);
  ExpectLayerByLayer(2, 6, 3, ways);
  ExpectLayerByLayer(3, 2, 21, ways);
}

TEST(IntegerNetwork, SeveralThreadsGiveTheSameBits) {
  std::vector<Threads> pools;
  for (const int threads : {2, 3, 5, 8}) pools.emplace_back(threads);
  const std::vector<ParallelFor> ways(pools.begin(), pools.end());
  ExpectLayerByLayer(4, 3, 1, ways);
  ExpectLayerByLayer(5, 1, 3, ways);
  ExpectLayerByLayer(6, 1, 11, ways);
}

TEST(IntegerNetwork, KernelsThatTakeTurnsGiveTheSameBits) {
  const auto table = std::make_unique<TournamentTable>();
  const Threads two(2);
  const Threads eight(8);
  std::vector<ParallelFor> ways;
  for (int run = 0; run < Tournament::kMostRuns; ++run) ways.insert(ways.end(), {RunSerially, RunBackwards});
  ways.insert(ways.end(), {two, eight, two, eight});
  ExpectLayerByLayer(12, 8, 1, ways, table.get());
  ExpectLayerByLayer(13, 2, 3, ways, table.get());
  std::reverse(ways.begin(), ways.end());
  ExpectLayerByLayer(14, 2, 1, ways, table.get());
}

/// A stem, a block and a classifier of the given positions.
Builder SmallNetwork(const MapShape& x, std::mt19937* random) {
  Builder net(x);
  net.Add(MakeReferenceStem(RandomStem(1, 3, 1, {}, random)), 0);
  IntegerConvAttributes attributes;
  attributes.in_channels = attributes.out_channels = 3;
  net.Add(MakeReferenceIntegerConv(RandomIntegerConv(attributes, true, random)), 1, 1);
  return net;
}

TEST(IntegerNetwork, AnEmptyBatchIsFine) {
  std::mt19937 random(7);
  Builder net = SmallNetwork({4, 4, 1}, &random);
  net.Add(MakeReferenceClassifier(RandomClassifier(3, 2, 1, &random)), 2);
  EXPECT_TRUE(RunNetwork(net.Build(), {4, 4, 1}, {0, nullptr}, RunSerially).empty());
}

TEST(IntegerNetwork, OneLayerReadsValuesAndResidualOfTheCaller) {
  std::mt19937 random(8);
  IntegerConvAttributes attributes;
  attributes.in_channels = attributes.out_channels = 65;
  const IntegerConvParameters block = RandomIntegerConv(attributes, true, &random);
  const auto reference = MakeReferenceIntegerConv(block);
  std::vector<NetworkLayer> layers;
  layers.push_back({{"IntegerSubBitBlock"}, MakeReferenceIntegerConv(block), 0, NetworkLayer::kResidualInput});
  const IntegerNetwork network({"IntegerSubBitBlock"}, std::move(layers));
  const MapShape shape{5, 6, 65};
  constexpr std::int64_t kBatch = 3;
  const Values x = RandomValues(kBatch * shape.Size(), 16, &random);
  const Values residual = RandomValues(kBatch * shape.Size(), 16, &random);
  Values expected(x.size());
  for (std::int64_t n = 0; n < kBatch; ++n) {
    const OwnedSigns signs(shape, x.data() + n * shape.Size(), block.threshold.data());
    IntegerInput input;
    input.signs = signs.plane();
    input.residual = residual.data() + n * shape.Size();
    IntegerOutput output;
    output.y = expected.data() + n * shape.Size();
    reference->Run(shape, input, output, {0, 5}, nullptr);
  }
  const auto plan = network.PlanFor(shape);
  Values y(x.size());
  TestScratch scratch(network.ScratchBytes(*plan, kBatch));
  network.Run(*plan, {kBatch, x.data(), PixelType::kFloat, residual.data()}, {y.data(), nullptr}, scratch.get(),
              RunSerially);
  EXPECT_EQ(y, expected);
}

TEST(IntegerNetwork, APlanIsKeptUntilAnotherShapeIsAskedFor) {
  std::mt19937 random(9);
  const IntegerNetwork network = SmallNetwork({4, 4, 1}, &random).Build();
  const auto plan = network.PlanFor({4, 4, 1});
  EXPECT_EQ(network.PlanFor({4, 4, 1}), plan);
  EXPECT_EQ(network.OutputShape(*network.PlanFor({5, 4, 1})), (MapShape{5, 4, 3}));
  EXPECT_NE(network.PlanFor({4, 4, 1}), plan);
}

TEST(IntegerNetwork, RefusesResidualsOfOtherShapesAndImagesThatNeedTooMuchMemory) {
  std::mt19937 random(10);
  IntegerConvAttributes attributes;
  attributes.in_channels = 3;
  attributes.out_channels = 3;
  attributes.strides = {2, 1};
  Builder net({4, 4, 1});
  net.Add(MakeReferenceStem(RandomStem(1, 3, 1, {}, &random)), 0);
  net.Add(MakeReferenceIntegerConv(RandomIntegerConv(attributes, true, &random)), 1, 1);
  try {
    net.Build().PlanFor({4, 4, 1});
    FAIL();
  } catch (const InvalidOperator& error) {
    EXPECT_EQ(error.field(), "shape of residual");
  }
  const IntegerNetwork large = SmallNetwork({4, 4, 1}, &random).Build();
  EXPECT_THROW(large.PlanFor({4, 4, 2}), InvalidOperator);
  try {
    large.PlanFor({1 << 14, 1 << 14, 1});
    FAIL();
  } catch (const InvalidOperator& error) {
    EXPECT_EQ(error.field(), "scratch memory");
  }
}

TEST(IntegerNetwork, ALaterFailureOfALayerEndsTheRun) {
  class Failing : public IntegerLayer {
   public:
    std::string Name() const override { return "failing"; }
    MapShape OutputShape(const MapShape& x) const override { return x; }
    RowRange InputRows(const MapShape&, RowRange y) const override { return y; }
    std::int64_t BandRows(const MapShape&) const override { return 1; }
    void Run(const MapShape&, const IntegerInput&, const IntegerOutput&, RowRange rows, void*) const override {
      if (rows.begin == 7) throw std::runtime_error("row 7");
    }
  };
  std::vector<NetworkLayer> layers;
  layers.push_back({{"failing"}, std::make_unique<Failing>(), 0, NetworkLayer::kNone});
  const IntegerNetwork network({"failing"}, std::move(layers));
  const auto plan = network.PlanFor({20, 1, 1});
  const Values x(20);
  Values y(20);
  TestScratch scratch(network.ScratchBytes(*plan, 1));
  EXPECT_THROW(network.Run(*plan, {1, x.data()}, {y.data(), nullptr}, scratch.get(), RunSerially), std::runtime_error);
}

TEST(IntegerNetwork, NamesItsLayersInOrder) {
  std::mt19937 random(11);
  const IntegerNetwork network = SmallNetwork({4, 4, 1}, &random).Build();
  std::vector<std::string> names;
  network.ForEachLayer(*network.PlanFor({4, 4, 1}), 1, [&](const OpName& op, const KernelReport& report) {
    names.push_back(op.node + " " + report.kernel);
  });
  EXPECT_EQ(names, (std::vector<std::string>{"1 reference", "2 reference"}));
}

}  // namespace
}  // namespace subbit
