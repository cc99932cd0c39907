// What a model may hold in place of a network: every list of it spoiled in turn. Models are untrusted, so each must be
// refused with the field's name, or be a network that runs.

#include "core/integer/network_layers.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <string>

#include "core/testing/random_layer.h"

namespace subbit {
namespace {

const OpName kOp{"IntegerNetwork", "net"};

/// A tensor that owns its values, which may have any of the types.
struct OwnedTensor {
  std::vector<std::int64_t> shape;
  std::variant<std::vector<float>, std::vector<std::uint8_t>, std::vector<std::int8_t>, std::vector<std::int16_t>>
      values;

  AnyTensor View() const {
    return std::visit(
        [&](const auto& of_type) -> AnyTensor {
          using T = typename std::decay_t<decltype(of_type)>::value_type;
          return TensorView<T>{of_type.data(), shape};
        },
        values);
  }
};

/// An IntegerNetwork node: a stem, a plain convolution with a pool, a shortcut with a block, a block over it, and a
/// classifier. The image has two channels of 8x8 pixels.
struct Node {
  NetworkAttributes attributes;
  std::vector<OwnedTensor> parameters;
  std::mt19937 random{1};

  Node() {
    attributes.kinds = {0, 1, 3, 2, 2, 4};
    attributes.reads = {0, 1, 2, 2, 4, 5};
    attributes.residuals = {-1, -1, -1, 3, 4, -1};
    Setting({1, 1, 1, 1, 1, 1, 2, 3, 3, 2, 2, 1, 1, 1, 1, 16});
    Weights({5, 2, 3, 3});
    Add<std::uint8_t>({2}, 0, 255);
    PerChannel(2, 5);
    Setting({2, 6, 5, 1, 1, 4, 2, 1, 1, 1, 0, 0, 1, 0, 16});
    Conv(2, 6, 5);
    Setting({2, 2, 9, 14});
    Weights({7, 6});
    PerChannel(2, 7);
    Setting({3, 7, 6, 2, 2, 3, 1, 15});
    Conv(3, 7, 6);
    PerChannel(2, 7);
    Setting({3, 7, 7, 1, 1, 2, 0, 12});
    Conv(3, 7, 7);
    PerChannel(2, 7);
    Setting({2});
    Weights({3, 1, 7});
    Floats({3});
    Floats({3});
  }

  std::unique_ptr<IntegerNetwork> Make() const {
    std::vector<AnyTensor> views;
    for (const OwnedTensor& parameter : parameters) views.push_back(parameter.View());
    return MakeNetwork(DetectIsa(), KernelPolicy::kMeasure, kOp, attributes, views);
  }

 private:
  void Setting(const std::vector<std::int64_t>& values) {
    attributes.settings.insert(attributes.settings.end(), values.begin(), values.end());
  }

  template <class T>
  void Add(const std::vector<std::int64_t>& shape, int low, int high) {
    std::size_t size = 1;
    for (const std::int64_t length : shape) size *= static_cast<std::size_t>(length);
    std::vector<T> values(size);
    for (T& value : values) value = static_cast<T>(std::uniform_int_distribution<int>(low, high)(random));
    parameters.push_back({shape, std::move(values)});
  }
  void Weights(const std::vector<std::int64_t>& shape) { Add<std::int8_t>(shape, -127, 127); }
  void Floats(const std::vector<std::int64_t>& shape) { Add<float>(shape, -9, 9); }
  void PerChannel(int count, std::int64_t channels) {
    for (int i = 0; i < count; ++i) Add<std::int16_t>({channels}, -32767, 32767);
  }
  void Conv(std::int64_t tau, std::int64_t outs, std::int64_t channels) {
    Add<std::int16_t>({channels}, -300, 300);
    Add<std::uint8_t>({tau, (outs * channels + 7) / 8}, 0, 255);
    Add<std::int8_t>({std::int64_t{1} << tau, 3, 3}, 0, 1);
    for (std::int8_t& tap : std::get<std::vector<std::int8_t>>(parameters.back().values)) {
      tap = static_cast<std::int8_t>(2 * tap - 1);
    }
    PerChannel(2, outs);
  }
};

/// Runs the network on two images of random pixels.
std::vector<float> RunTwoImages(const IntegerNetwork& network, const MapShape& x, ParallelFor parallel_for) {
  const auto plan = network.PlanFor(x);
  std::mt19937 random(2);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(2 * x.Size()));
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random() % 256);
  std::vector<float> logits(static_cast<std::size_t>(2 * network.OutputShape(*plan).Size()));
  TestScratch scratch(network.ScratchBytes(*plan, 2));
  network.Run(*plan, {2, pixels.data(), PixelType::kUint8}, {nullptr, logits.data()}, scratch.get(), parallel_for);
  return logits;
}

/// 0 if the node is refused, 1 if only the image is, 2 if it runs.
int Try(const Node& node) {
  std::unique_ptr<IntegerNetwork> network;
  try {
    network = node.Make();
  } catch (const InvalidOperator&) {
    return 0;
  }
  try {
    RunTwoImages(*network, {8, 8, 2}, RunSerially);
  } catch (const InvalidOperator&) {
    return 1;
  }
  return 2;
}

TEST(NetworkLayers, TheNodeIsANetwork) {
  const auto network = Node().Make();
  std::vector<std::string> names;
  network->ForEachLayer(*network->PlanFor({8, 8, 2}), 2,
                        [&](const OpName& op, const KernelReport&) { names.push_back(op.type + " " + op.node); });
  EXPECT_EQ(names, (std::vector<std::string>{"IntegerStem net, layer 1", "IntegerSubBitConv net, layer 2",
                                             "IntegerShortcut net, layer 3", "IntegerSubBitBlock net, layer 4",
                                             "IntegerSubBitBlock net, layer 5", "IntegerClassifier net, layer 6"}));
  EXPECT_EQ(RunTwoImages(*network, {8, 8, 2}, RunSerially), RunTwoImages(*network, {8, 8, 2}, RunBackwards));
}

void ExpectRefused(const std::string& type, const std::string& field, const std::function<void(Node&)>& spoil) {
  Node node;
  spoil(node);
  try {
    node.Make();
    ADD_FAILURE() << field << " was accepted";
  } catch (const InvalidOperator& error) {
    EXPECT_EQ(error.field(), field) << error.what();
    EXPECT_NE(std::string(error.what()).find(type), std::string::npos) << error.what();
  }
}

TEST(NetworkLayers, RefuseListsByTheirNames) {
  const std::string net = "IntegerNetwork";
  ExpectRefused(net, "length of kinds", [](Node& n) { n.attributes.kinds.clear(); });
  ExpectRefused(net, "length of kinds", [](Node& n) { n.attributes.kinds = {4}; });
  ExpectRefused(net, "length of kinds", [](Node& n) { n.attributes.kinds.assign(1025, 1); });
  ExpectRefused(net, "length of reads", [](Node& n) { n.attributes.reads.pop_back(); });
  ExpectRefused(net, "length of residuals", [](Node& n) { n.attributes.residuals.push_back(-1); });
  ExpectRefused(net, "length of settings", [](Node& n) { n.attributes.settings.pop_back(); });
  ExpectRefused(net, "length of settings", [](Node& n) { n.attributes.settings.push_back(1); });
  ExpectRefused(net, "kinds[0]", [](Node& n) { n.attributes.kinds[0] = 1; });
  ExpectRefused(net, "kinds[1]", [](Node& n) { n.attributes.kinds[1] = 5; });
  ExpectRefused(net, "kinds[1]", [](Node& n) { n.attributes.kinds[1] = 4; });
  ExpectRefused(net, "kinds[5]", [](Node& n) { n.attributes.kinds[5] = 2; });
  ExpectRefused(net, "reads[0]", [](Node& n) { n.attributes.reads[0] = 1; });
  ExpectRefused(net, "reads[1]", [](Node& n) { n.attributes.reads[1] = 0; });  // pixels are no features
  ExpectRefused(net, "reads[3]", [](Node& n) { n.attributes.reads[3] = 4; });  // itself
  ExpectRefused(net, "reads[3]", [](Node& n) { n.attributes.reads[3] = INT64_MIN; });
  ExpectRefused(net, "residuals[1]", [](Node& n) { n.attributes.residuals[1] = 1; });
  ExpectRefused(net, "residuals[3]", [](Node& n) { n.attributes.residuals[3] = -1; });
  ExpectRefused(net, "residuals[3]", [](Node& n) { n.attributes.residuals[3] = 4; });
  ExpectRefused(net, "residuals[3]", [](Node& n) { n.attributes.residuals[3] = 0; });
  ExpectRefused(net, "reads", [](Node& n) { n.attributes.reads[5] = 4; });  // nobody reads the fifth
  ExpectRefused("'net, layer 1'", "shift", [](Node& n) { n.attributes.settings[6] = 17; });
  ExpectRefused("'net, layer 2'", "tau", [](Node& n) { n.attributes.settings[16] = 0; });
  ExpectRefused("'net, layer 6'", "shift", [](Node& n) { n.attributes.settings.back() = 16; });
}

TEST(NetworkLayers, RefuseParametersByTheirLayers) {
  ExpectRefused("IntegerNetwork", "number of inputs", [](Node& n) { n.parameters.pop_back(); });
  ExpectRefused("IntegerNetwork", "number of inputs", [](Node& n) { n.parameters.push_back(n.parameters[0]); });
  ExpectRefused("IntegerNetwork", "number of inputs", [](Node& n) { n.parameters.clear(); });
  ExpectRefused("'net, layer 1'", "element type of weight",
                [](Node& n) { n.parameters[0].values = std::vector<float>(90); });
  ExpectRefused("FLOAT", "element type of weight", [](Node& n) { n.parameters[0].values = std::vector<float>(90); });
  ExpectRefused("'net, layer 1'", "shape of zero_pixel", [](Node& n) { n.parameters[1].shape = {1, 2}; });
  ExpectRefused("'net, layer 2'", "element type of threshold",
                [](Node& n) { std::swap(n.parameters[4], n.parameters[5]); });
  ExpectRefused("'net, layer 6'", "shape of weight",
                [](Node& n) { n.parameters[n.parameters.size() - 3].shape = {3, 7}; });
}

TEST(NetworkLayers, RefuseOneLayerWithOtherParametersThanItsOperator) {
  const AnyLayer shortcut = LayerOf<operators::IntegerShortcut>{};
  EXPECT_EQ(ParameterCount(shortcut), 3u);
  EXPECT_THROW(MakeLayer(DetectIsa(), KernelPolicy::kMeasure, kOp, shortcut, {}), InvalidOperator);
  EXPECT_THROW(MakeLayer(DetectIsa(), KernelPolicy::kMeasure, kOp, shortcut, std::vector<AnyTensor>(3)),
               InvalidOperator);
}

/// Whatever a number is replaced with, the node is refused or runs.
TEST(NetworkLayers, NoNumberInAListMakesARunGoWrong) {
  const std::vector<std::function<std::int64_t(std::int64_t)>> changes = {
      [](std::int64_t v) { return v - 1; },
      [](std::int64_t v) { return v + 1; },
      [](std::int64_t v) { return v + 2; },
      [](std::int64_t v) { return -v; },
      [](std::int64_t v) { return v * 8 + 5; },
      [](std::int64_t) { return 0; },
      [](std::int64_t) { return INT64_MAX; },
      [](std::int64_t) { return INT64_MIN; },
      [](std::int64_t) { return std::int64_t{1} << 32; }};
  int outcomes[3] = {};
  for (std::vector<std::int64_t> NetworkAttributes::* list :
       {&NetworkAttributes::kinds, &NetworkAttributes::reads, &NetworkAttributes::residuals,
        &NetworkAttributes::settings}) {
    for (std::size_t i = 0; i < (Node().attributes.*list).size(); ++i) {
      for (const auto& change : changes) {
        Node node;
        std::int64_t& value = (node.attributes.*list)[i];
        value = change(value);
        ++outcomes[Try(node)];
      }
      Node shorter;
      auto& values = shorter.attributes.*list;
      values.erase(values.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_EQ(Try(shorter), 0);
    }
  }
  // All three happen, or this test says nothing.
  EXPECT_GT(outcomes[0], 100);
  EXPECT_GT(outcomes[1], 0);
  EXPECT_GT(outcomes[2], 10);
}

TEST(NetworkLayers, NoShapeOfAParameterMakesARunGoWrong) {
  for (std::size_t i = 0; i < Node().parameters.size(); ++i) {
    for (std::size_t axis = 0; axis < Node().parameters[i].shape.size(); ++axis) {
      // Shapes with no more elements than there are, and such as no tensor can have.
      for (const std::int64_t length : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, INT64_MAX}) {
        Node node;
        std::int64_t& of_axis = node.parameters[i].shape[axis];
        if (of_axis == length) continue;
        of_axis = length;
        // Weights of other input channels make a layer that refuses its image.
        EXPECT_LT(Try(node), 2) << "parameter " << i << " axis " << axis << " length " << length;
      }
    }
    Node node;
    node.parameters[i].shape.push_back(1);
    EXPECT_EQ(Try(node), 0) << "parameter " << i;
  }
}

TEST(NetworkLayers, RandomListsMakeNoRunGoWrong) {
  std::mt19937 random(3);
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  for (int i = 0; i < 3000; ++i) {
    Node node;
    for (std::vector<std::int64_t>* list :
         {&node.attributes.kinds, &node.attributes.reads, &node.attributes.residuals, &node.attributes.settings}) {
      if (pick(0, 2) != 0) continue;
      for (std::int64_t change = pick(1, 3); change > 0; --change) {
        (*list)[static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(list->size()) - 1))] = pick(-2, 9);
      }
    }
    Try(node);
  }
}

}  // namespace
}  // namespace subbit
