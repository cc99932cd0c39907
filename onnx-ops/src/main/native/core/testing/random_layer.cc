#include "core/testing/random_layer.h"

#include <algorithm>
#include <utility>

namespace subbit {

Layer MakeLayer(const ConvAttributes& attributes, const Dims& x_shape, std::mt19937* random) {
  const OpName op{"test"};
  Validate(op, attributes);
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(*random); };
  Layer layer{
      MakeGeometry(op, attributes, x_shape),
      {static_cast<int>(attributes.tau), attributes.out_channels, attributes.in_channels, attributes.group, {}, {}},
      {},
      {},
      {pick(0, 127), pick(0, 127), {}, {}},
      {}};
  for (int k = 0; k < 1 << attributes.tau; ++k)
    layer.weights.codewords.push_back(static_cast<std::uint16_t>(pick(0, 511)));
  for (std::int64_t i = 0; i < attributes.out_channels * attributes.in_channels; ++i) {
    layer.weights.index.push_back(static_cast<std::uint16_t>(pick(0, (1 << attributes.tau) - 1)));
  }
  std::normal_distribution<float> normal;
  for (std::int64_t o = 0; o < attributes.out_channels; ++o) {
    layer.scale.push_back(normal(*random));
    layer.bias.push_back(normal(*random));
    layer.requantization.multiplier.push_back(normal(*random) * 0.05f);
    layer.requantization.bias.push_back(pick(-1000, 1000));
  }
  layer.x.resize(layer.XSize());
  for (float& value : layer.x) value = pick(0, 9) == 0 ? 0.0f : normal(*random);
  return layer;
}

Layer RandomLayer(std::mt19937* random) {
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<std::int64_t>(low, high)(*random); };
  ConvAttributes attributes;
  attributes.tau = pick(1, 9);
  attributes.group = pick(0, 2) == 0 ? pick(2, 3) : 1;
  attributes.in_channels = pick(0, 3) == 0 ? pick(40, 70) : pick(1, 20);
  attributes.out_channels = attributes.group * (pick(0, 3) == 0 ? pick(20, 50) : pick(1, 9));
  attributes.strides = {pick(1, 3), pick(1, 3)};
  attributes.dilations = {pick(1, 3), pick(1, 3)};
  attributes.pads = {pick(0, 3), pick(0, 3), pick(0, 3), pick(0, 3)};
  const auto length = [&](std::size_t axis) {
    const std::int64_t least = 2 * attributes.dilations[axis] + 1 - attributes.pads[axis] - attributes.pads[axis + 2];
    return std::max<std::int64_t>(1, least) + pick(0, 9);
  };
  const std::int64_t batch = pick(1, 3);
  return MakeLayer(attributes, {batch, attributes.in_channels * attributes.group, length(0), length(1)}, random);
}

std::vector<WeightStage> RandomStages(const Layer& layer, int count, std::mt19937* random) {
  std::vector<WeightStage> stages = {{layer.weights, layer.scale}};
  const ConvGeometry& g = layer.geometry;
  for (int s = 0; s < count; ++s) {
    Layer other = MakeLayer(g.attributes, {0, g.InputChannels(), g.height, g.width}, random);
    stages.push_back({std::move(other.weights), std::move(other.scale)});
  }
  return stages;
}

void RunBackwards(std::size_t tasks, Task task) {
  while (tasks > 0) task(--tasks);
}

std::string Describe(const Layer& layer, const std::string& kernel) {
  const ConvAttributes& a = layer.geometry.attributes;
  return kernel + ": tau " + std::to_string(a.tau) + " out " + std::to_string(a.out_channels) + " in " +
         std::to_string(a.in_channels) + " group " + std::to_string(a.group) + " strides " + ToString(a.strides) +
         " pads " + ToString(a.pads) + " dilations " + ToString(a.dilations) + " image " +
         ToString({layer.geometry.batch, layer.geometry.height, layer.geometry.width});
}

std::vector<Isa> FastIsas() {
  std::vector<Isa> isas = AvailableIsas();
  isas.erase(isas.begin());  // the reference
  return isas;
}

}  // namespace subbit
