#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>

#include "core/choice/kernel_choice.h"
#include "core/fuzz/targets.h"
#include "core/operator/packed_bits.h"
#include "core/testing/random_layer.h"

namespace subbit {
namespace {

const std::vector<KernelPolicy> kPolicies = {KernelPolicy::kMeasure, KernelPolicy::kEstimate, KernelPolicy::kMaps,
                                             KernelPolicy::kDense,   KernelPolicy::kPopcount, KernelPolicy::kLookUp,
                                             KernelPolicy::kNibbles};

Layer TakeLayer(FuzzInput* input, std::mt19937* random) {
  ConvAttributes attributes;
  attributes.tau = input->Within(1, 9);
  attributes.group = input->Once(4) ? input->Within(2, 3) : 1;
  attributes.in_channels = input->Once(4) ? input->Within(21, 150) : input->Within(1, 20);
  attributes.out_channels = attributes.group * (input->Once(4) ? input->Within(10, 70) : input->Within(1, 9));
  attributes.strides = {input->Within(1, 4), input->Within(1, 4)};
  attributes.dilations = {input->Within(1, 4), input->Within(1, 4)};
  attributes.pads = {input->Within(0, 4), input->Within(0, 4), input->Within(0, 4), input->Within(0, 4)};
  const auto length = [&](std::size_t axis) {
    const std::int64_t least = 2 * attributes.dilations[axis] + 1 - attributes.pads[axis] - attributes.pads[axis + 2];
    return std::max<std::int64_t>(1, least) + input->Within(0, 9);
  };
  const std::int64_t batch = input->Within(0, 2);
  return MakeLayer(attributes, {batch, attributes.in_channels * attributes.group, length(0), length(1)}, random);
}

template <class T>
bool SameBits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class T>
std::vector<T> Run(const Layer& layer, const ConvKernel<T>& kernel, const std::vector<T>& x,
                   const std::vector<T>& residual) {
  std::vector<T> y(layer.YSize(), T{77});
  TestScratch scratch(kernel.ScratchBytes(layer.geometry));
  kernel.Run(layer.geometry, {x.data(), residual.empty() ? nullptr : residual.data()}, y.data(), scratch.get(),
             RunBackwards);
  return y;
}

/// Sums of floats depend on their order: near the reference, which sums in double. `scale` is the largest magnitude of
/// a scale, or the sum of those of all stages.
void RequireNear(const Layer& layer, float scale, const std::string& kernel, const std::vector<float>& y,
                 const std::vector<float>& expected) {
  float largest = 0.0f;
  for (const float value : layer.x) largest = std::max(largest, std::abs(value));
  const float taps = static_cast<float>(9 * layer.geometry.attributes.in_channels);
  const float bound = 1e-5f * (1.0f + taps * largest * scale);
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!(std::abs(y[i] - expected[i]) <= bound)) {
      Finding(Describe(layer, kernel) + ": " + std::to_string(y[i]) + ", not " + std::to_string(expected[i]));
    }
  }
}

/// Makes the kernel for every instruction set and compares what they give, as vectors of bytes or floats.
template <class Make, class RunKernel>
void RequireSame(const Layer& layer, KernelPolicy policy, Make make, RunKernel run) {
  const auto reference = make(Isa::kReference, KernelPolicy::kEstimate);
  const auto expected = run(*reference);
  for (const Isa isa : FastIsas()) {
    const auto kernel = make(isa, policy);
    for (int again = 0; again < (policy == KernelPolicy::kMeasure ? 3 : 1); ++again) {
      if (!SameBits(run(*kernel), expected)) Finding(Describe(layer, kernel->Name()) + " differs from the reference");
    }
  }
}

float Largest(const std::vector<float>& scale) {
  float largest = 0.0f;
  for (const float value : scale) largest = std::max(largest, std::abs(value));
  return largest;
}

void FuzzReal(const Layer& layer) {
  const std::vector<float> expected =
      Run(layer, *ChooseSubBitConv(Isa::kReference, layer.weights, layer.scale, layer.bias), layer.x, {});
  for (const Isa isa : FastIsas()) {
    const auto kernel = ChooseSubBitConv(isa, layer.weights, layer.scale, layer.bias);
    RequireNear(layer, Largest(layer.scale), kernel->Name(), Run(layer, *kernel, layer.x, {}), expected);
  }
}

void FuzzStaged(const Layer& layer, int more, std::mt19937* random) {
  const std::vector<WeightStage> stages = RandomStages(layer, more, random);
  float scale = 0.0f;
  for (const WeightStage& stage : stages) scale += Largest(stage.scale);
  const std::vector<float> expected =
      Run(layer, *ChooseStagedSubBitConv(Isa::kReference, stages, layer.bias), layer.x, {});
  for (const Isa isa : FastIsas()) {
    const auto kernel = ChooseStagedSubBitConv(isa, stages, layer.bias);
    RequireNear(layer, scale, kernel->Name(), Run(layer, *kernel, layer.x, {}), expected);
  }
}

void FuzzBinary(const Layer& layer, KernelPolicy policy) {
  RequireSame(
      layer, policy,
      [&](Isa isa, KernelPolicy chosen) {
        return ChooseBinarySubBitConv(isa, chosen, layer.weights, layer.scale, layer.bias);
      },
      [&](const ConvKernel<float>& kernel) { return Run(layer, kernel, layer.x, {}); });
}

template <class Q>
void FuzzQuantized(Layer layer, KernelPolicy policy, bool block, std::mt19937* random) {
  std::vector<Q> x(layer.XSize());
  for (Q& value : x) value = static_cast<Q>((*random)());
  std::vector<Q> residual(block ? layer.YSize() : 0);
  for (Q& value : residual) value = static_cast<Q>((*random)());
  if (block) layer.requantization.residual = {0.37f, 3};
  RequireSame(
      layer, policy,
      [&](Isa isa, KernelPolicy chosen) {
        return ChooseQLinearSubBitConv<Q>(isa, chosen, layer.weights, layer.requantization);
      },
      [&](const ConvKernel<Q>& kernel) { return Run(layer, kernel, x, residual); });
}

void FuzzPacked(const Layer& layer, KernelPolicy policy, bool block, std::mt19937* random) {
  const ConvGeometry& g = layer.geometry;
  std::vector<std::uint8_t> b(static_cast<std::size_t>(g.batch * PackedBytes(g.InputChannels()) * g.height * g.width));
  for (std::uint8_t& byte : b) byte = static_cast<std::uint8_t>((*random)());
  std::normal_distribution<float> normal;
  const auto draw = [&](std::size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = (*random)() % 8 == 0 ? 0.0f : normal(*random);
    return values;
  };
  const std::size_t outs = layer.scale.size();
  const BlockParameters parameters{draw(outs), draw(outs), draw(outs), draw(outs)};
  const std::vector<float> residual = draw(layer.YSize());
  RequireSame(
      layer, policy,
      [&](Isa isa, KernelPolicy chosen) {
        return block ? ChooseBinarySubBitBlock(isa, chosen, layer.weights, layer.scale, layer.bias, parameters)
                     : ChoosePackedBinarySubBitConv(isa, chosen, layer.weights, layer.scale, layer.bias);
      },
      [&](const PackedConvKernel& kernel) {
        std::vector<float> y(layer.YSize(), 77.0f);
        std::vector<std::uint8_t> s(
            static_cast<std::size_t>(g.batch * PackedBytes(g.attributes.out_channels) * g.out_height * g.out_width));
        TestScratch scratch(kernel.ScratchBytes(g));
        kernel.Run(g, {b.data(), block ? residual.data() : nullptr}, {y.data(), s.data()}, scratch.get(), RunBackwards);
        std::vector<std::uint8_t> bytes(y.size() * sizeof(float));
        if (!y.empty()) std::memcpy(bytes.data(), y.data(), bytes.size());
        bytes.insert(bytes.end(), s.begin(), s.end());
        return bytes;
      });
}

}  // namespace

void FuzzKernels(FuzzInput* input) {
  const std::int64_t op = input->Within(0, 8);
  const KernelPolicy policy = input->Among(kPolicies);
  std::mt19937 random(input->Any<std::uint32_t>());
  Layer layer = TakeLayer(input, &random);
  // What is left of the input stands in the first pixels: any bits, NaN and infinity too.
  if (op == 1) {
    for (float& value : layer.x) {
      if (input->Empty()) break;
      value = input->Any<float>();
    }
  }
  switch (op) {
    case 0:
      return FuzzReal(layer);
    case 1:
      return FuzzBinary(layer, policy);
    case 2:
    case 3:
      return FuzzQuantized<std::uint8_t>(std::move(layer), policy, op == 3, &random);
    case 4:
    case 5:
      return FuzzQuantized<std::int8_t>(std::move(layer), policy, op == 5, &random);
    case 8:
      return FuzzStaged(layer, static_cast<int>(input->Within(0, 7)), &random);
    default:
      return FuzzPacked(layer, policy, op == 7, &random);
  }
}

}  // namespace subbit
