// Compares every kernel on packed signs that this processor can run with the reference, over random layers.

#include "core/kernel/packed_kernels.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

#include "core/choice/kernel_choice.h"
#include "core/operator/packed_bits.h"
#include "core/reference/reference.h"
#include "core/testing/random_layer.h"
#include "core/testing/sweep.h"

namespace subbit {
namespace {

/// A layer, with what the operators on packed signs need in addition.
struct PackedLayer {
  Layer layer;
  BlockParameters block;
  std::vector<std::uint8_t> b;  ///< with arbitrary bits after the last channel
  std::vector<float> residual;
};

PackedLayer MakePackedLayer(Layer layer, std::mt19937* random) {
  PackedLayer packed{std::move(layer), {}, {}, {}};
  std::normal_distribution<float> normal;
  const auto draw = [&](std::size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = (*random)() % 8 == 0 ? 0.0f : normal(*random);
    return values;
  };
  const std::size_t outs = packed.layer.scale.size();
  packed.block = {draw(outs), draw(outs), draw(outs), draw(outs)};
  const ConvGeometry& g = packed.layer.geometry;
  packed.b.resize(static_cast<std::size_t>(g.batch * PackedBytes(g.InputChannels()) * g.height * g.width));
  for (std::uint8_t& byte : packed.b) byte = static_cast<std::uint8_t>((*random)());
  packed.residual = draw(packed.layer.YSize());
  return packed;
}

/// Both outputs, filled beforehand with values that no kernel writes.
struct Results {
  std::vector<float> y;
  std::vector<std::uint8_t> s;

  explicit Results(const PackedLayer& packed)
      : y(packed.layer.YSize(), std::numeric_limits<float>::quiet_NaN()), s(SignsSize(packed.layer.geometry), 0x5a) {}

  static std::size_t SignsSize(const ConvGeometry& g) {
    return static_cast<std::size_t>(g.batch * PackedBytes(g.attributes.out_channels) * g.out_height * g.out_width);
  }
};

void RunPacked(const PackedLayer& packed, const PackedConvKernel& kernel, const PackedInputs& inputs,
               const PackedOutputs& outputs) {
  TestScratch scratch(kernel.ScratchBytes(packed.layer.geometry));
  kernel.Run(packed.layer.geometry, inputs, outputs, scratch.get(), RunBackwards);
}

/// Runs with both outputs, then with each alone.
void ExpectEqual(const PackedLayer& packed, const PackedConvKernel& kernel, const PackedInputs& inputs,
                 const Results& expected) {
  const std::string what = Describe(packed.layer, kernel.Name());
  Results both(packed);
  RunPacked(packed, kernel, inputs, {both.y.data(), both.s.data()});
  ASSERT_EQ(both.y, expected.y) << what;
  ASSERT_EQ(both.s, expected.s) << what;
  Results alone(packed);
  RunPacked(packed, kernel, inputs, {alone.y.data(), nullptr});
  RunPacked(packed, kernel, inputs, {nullptr, alone.s.data()});
  ASSERT_EQ(alone.y, expected.y) << what;
  ASSERT_EQ(alone.s, expected.s) << what;
}

void ExpectExact(const PackedLayer& packed) {
  const Layer& layer = packed.layer;
  const PackedInputs signs{packed.b.data(), nullptr};
  const PackedInputs with_residual{packed.b.data(), packed.residual.data()};
  Results conv(packed);
  Results block(packed);
  ReferencePackedBinarySubBitConv(layer.geometry, layer.weights, layer.scale, layer.bias, packed.b.data(),
                                  {conv.y.data(), conv.s.data()}, RunSerially);
  ReferenceBinarySubBitBlock(layer.geometry, layer.weights, layer.scale, layer.bias, packed.block, with_residual,
                             {block.y.data(), block.s.data()}, RunSerially);
  for (Isa isa : FastIsas()) {
    for (KernelPolicy policy : {KernelPolicy::kPopcount, KernelPolicy::kLookUp, KernelPolicy::kMeasure}) {
      ExpectEqual(packed, *ChoosePackedBinarySubBitConv(isa, policy, layer.weights, layer.scale, layer.bias), signs,
                  conv);
      ExpectEqual(packed, *ChooseBinarySubBitBlock(isa, policy, layer.weights, layer.scale, layer.bias, packed.block),
                  with_residual, block);
    }
  }
}

TEST(PackedKernels, EqualTheReferenceOnRandomLayers) {
  std::mt19937 random(30);
  for (int round = 0; round < SweepRounds(120); ++round) ExpectExact(MakePackedLayer(RandomLayer(&random), &random));
}

TEST(PackedKernels, EqualTheReferenceOnImagesOfManyTiles) {
  std::mt19937 random(31);
  for (std::int64_t group : {1, 3}) {
    ConvAttributes attributes;
    attributes.tau = 5;
    attributes.group = group;
    attributes.in_channels = 13;
    attributes.out_channels = 11 * group;
    attributes.pads = {1, 1, 1, 1};
    for (std::int64_t batch : {1, 2, 40}) {
      const std::int64_t height = batch == 40 ? 9 : 27;
      const Layer layer = MakeLayer(attributes, {batch, attributes.in_channels * group, height, 23}, &random);
      ExpectExact(MakePackedLayer(layer, &random));
    }
  }
}

TEST(PackedKernels, PackSignsEqualsTheReference) {
  std::mt19937 random(32);
  std::normal_distribution<float> normal;
  const float inf = std::numeric_limits<float>::infinity();
  const float specials[] = {-0.0f, 0.0f, std::numeric_limits<float>::quiet_NaN(), inf, -inf, -1e-45f, 1e-45f};
  for (std::int64_t channels : {1, 8, 9, 31, 32, 33, 70}) {
    for (std::int64_t pixels : {1, 16, 49, 700}) {
      const SignsShape shape{2, channels, pixels};
      std::vector<float> x(static_cast<std::size_t>(shape.batch * channels * pixels));
      for (float& value : x) value = random() % 4 == 0 ? specials[random() % 7] : normal(random);
      std::vector<float> shift(static_cast<std::size_t>(channels));
      for (float& value : shift) value = random() % 3 == 0 ? 0.0f : normal(random);
      const auto run = [&](const PackSignsKernel& kernel) {
        std::vector<std::uint8_t> b(static_cast<std::size_t>(shape.batch * PackedBytes(channels) * pixels), 0x5a);
        TestScratch scratch(kernel.ScratchBytes(shape));
        kernel.Run(shape, x.data(), b.data(), scratch.get(), RunBackwards);
        return b;
      };
      const std::vector<std::uint8_t> expected = run(*ChoosePackSigns(Isa::kReference, shift));
      for (Isa isa : FastIsas()) {
        const auto kernel = ChoosePackSigns(isa, shift);
        EXPECT_EQ(run(*kernel), expected) << kernel->Name() << " " << channels << " channels " << pixels << " pixels";
      }
    }
  }
}

}  // namespace
}  // namespace subbit
