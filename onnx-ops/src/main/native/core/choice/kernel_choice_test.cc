// Sweeps every kernel that this processor can run over random layers and compares it with the reference.

#include "core/choice/kernel_choice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <thread>
#include <type_traits>
#include <utility>

#include "core/dense/dense_conv.h"
#include "core/popcount/popcount_conv.h"
#include "core/reference/reference.h"
#include "core/response/map_conv.h"
#include "core/response/quantized_finish.h"
#include "core/response/response_conv.h"
#include "core/signs/binary_conv.h"
#include "core/testing/random_layer.h"
#include "core/testing/sweep.h"

namespace subbit {
namespace {

/// Runs a kernel; its output memory holds no plausible result beforehand.
template <class T>
std::vector<T> RunKernel(const Layer& layer, const ConvKernel<T>& kernel, const std::vector<T>& x,
                         const T* residual = nullptr) {
  T implausible = std::numeric_limits<T>::max();
  if constexpr (std::is_same_v<T, float>) implausible = std::numeric_limits<float>::quiet_NaN();
  std::vector<T> y(layer.YSize(), implausible);
  TestScratch scratch(kernel.ScratchBytes(layer.geometry));
  kernel.Run(layer.geometry, {x.data(), residual}, y.data(), scratch.get(), RunBackwards);
  return y;
}

std::vector<const MapKernelSet*> MapKernelSets() {
  std::vector<const MapKernelSet*> sets = {&PortableMapKernels()};
#ifdef SUBBIT_X86_KERNELS
  if (DetectIsa() >= Isa::kAvx2) sets.push_back(&Avx2MapKernels());
  if (DetectIsa() >= Isa::kAvx512) sets.push_back(&Avx512MapKernels());
#endif
#ifdef SUBBIT_NEON_KERNELS
  sets.push_back(&NeonMapKernels());
#endif
  return sets;
}

constexpr MapKind kMapKinds[] = {MapKind::kRows, MapKind::kHalves, MapKind::kResponses};

std::vector<ChannelFinish> FloatFinish(const Layer& layer) {
  std::vector<ChannelFinish> finish;
  for (std::size_t o = 0; o < layer.scale.size(); ++o) finish.push_back({layer.scale[o], layer.bias[o], 0, 0});
  return finish;
}

/// Every kernel for binary activations, including those that kernel_choice would not choose on this processor.
std::vector<std::unique_ptr<ConvKernel<float>>> BinaryKernels(const Layer& layer) {
  std::vector<std::unique_ptr<ConvKernel<float>>> kernels;
  for (const MapKernelSet* set : MapKernelSets()) {
    for (const MapKind kind : kMapKinds) {
      if (layer.weights.in_channels <= kMaxNarrowBinaryChannels) {
        kernels.push_back(MakeMapConv(set->binary, kind, layer.weights, {}, FloatFinish(layer)));
      }
      kernels.push_back(MakeMapConv(set->wide_binary, kind, layer.weights, {}, FloatFinish(layer)));
    }
  }
  const auto counting = [&](const PopcountKernels& popcount) {
    kernels.push_back(MakeBinaryConv(
        std::make_unique<PopcountConv>(popcount, layer.weights, SignConvParameters{layer.scale, layer.bias})));
  };
  counting(PortablePopcountKernels());
#ifdef SUBBIT_X86_KERNELS
  if (DetectIsa() >= Isa::kAvx2) {
    counting(Avx2PopcountKernels());
    const bool fits =
        layer.weights.tau <= ResponseKernels::kMaxTau && layer.weights.in_channels <= ResponseKernels::kMaxChannels;
    if (fits) {
      kernels.push_back(MakeBinaryConv(std::make_unique<ResponseConv>(
          Avx2PopcountKernels(), Avx2ResponseKernels(), layer.weights, SignConvParameters{layer.scale, layer.bias})));
    }
  }
  if (HasAvx512Popcount()) counting(Avx512PopcountKernels());
#endif
#ifdef SUBBIT_NEON_KERNELS
  counting(NeonPopcountKernels());
#endif
  kernels.push_back(
      ChooseBinarySubBitConv(DetectIsa(), KernelPolicy::kMeasure, layer.weights, layer.scale, layer.bias));
  return kernels;
}

/// Every kernel for real activations.
std::vector<std::unique_ptr<ConvKernel<float>>> RealKernels(const Layer& layer) {
  std::vector<std::unique_ptr<ConvKernel<float>>> kernels;
  for (const MapKernelSet* set : MapKernelSets()) {
    for (const MapKind kind : kMapKinds) {
      kernels.push_back(MakeMapConv(set->real, kind, layer.weights, {}, FloatFinish(layer)));
    }
  }
  kernels.push_back(ChooseSubBitConv(DetectIsa(), layer.weights, layer.scale, layer.bias));
  return kernels;
}

const auto& QuantizedMapKernels(const MapKernelSet& set, std::uint8_t) { return set.quantized_u8; }
const auto& QuantizedMapKernels(const MapKernelSet& set, std::int8_t) { return set.quantized_i8; }

/// Every kernel for activations of type Q.
template <class Q>
std::vector<std::unique_ptr<ConvKernel<Q>>> QuantizedKernels(const Layer& layer) {
  std::vector<std::unique_ptr<ConvKernel<Q>>> kernels;
  const Requantization& requantization = layer.requantization;
  const std::int32_t middle = std::is_signed_v<Q> ? 0 : 128;
  const MapInput input{middle, requantization.x_zero_point - middle};
  const std::vector<ChannelFinish> finish = QuantizedFinish(requantization, layer.weights, input.padding);
  for (const MapKernelSet* set : MapKernelSets()) {
    for (const MapKind kind : kMapKinds) {
      kernels.push_back(
          MakeMapConv(QuantizedMapKernels(*set, Q{}), kind, layer.weights, input, finish, requantization.residual));
    }
  }
#ifdef SUBBIT_X86_KERNELS
  if (DetectIsa() >= Isa::kAvx2) kernels.push_back(MakeDenseConv<Q>(Avx2DenseKernels(), layer.weights, requantization));
  if (HasAvx512Vnni()) {
    kernels.push_back(MakeDenseConv<Q>(Avx512VnniDenseKernels(), layer.weights, requantization));
  }
#endif
  for (Isa isa : FastIsas())
    kernels.push_back(ChooseQLinearSubBitConv<Q>(isa, KernelPolicy::kMeasure, layer.weights, requantization));
  return kernels;
}

void ExpectBinaryExact(const Layer& layer) {
  std::vector<float> expected(layer.YSize());
  ReferenceBinarySubBitConv(layer.geometry, layer.weights, layer.scale, layer.bias, layer.x.data(), expected.data(),
                            RunSerially);
  for (const auto& kernel : BinaryKernels(layer)) {
    ASSERT_EQ(RunKernel(layer, *kernel, layer.x), expected) << Describe(layer, kernel->Name());
  }
}

template <class Q>
void ExpectQuantizedExact(const Layer& layer, const std::vector<Q>& x) {
  std::vector<Q> expected(layer.YSize());
  ReferenceQLinearSubBitConv<Q>(layer.geometry, layer.weights, layer.requantization, x.data(), expected.data(),
                                RunSerially);
  for (const auto& kernel : QuantizedKernels<Q>(layer)) {
    ASSERT_EQ(RunKernel(layer, *kernel, x), expected) << Describe(layer, kernel->Name());
  }
}

template <class Q>
void ExpectBlockExact(const Layer& layer, const std::vector<Q>& x, const std::vector<Q>& residual) {
  std::vector<Q> expected(layer.YSize());
  ReferenceQLinearSubBitBlock<Q>(layer.geometry, layer.weights, layer.requantization, x.data(), residual.data(),
                                 expected.data(), RunSerially);
  for (const auto& kernel : QuantizedKernels<Q>(layer)) {
    ASSERT_EQ(RunKernel(layer, *kernel, x, residual.data()), expected) << Describe(layer, kernel->Name());
  }
}

template <class Q>
std::vector<Q> RandomValues(std::size_t count, std::mt19937* random) {
  std::uniform_int_distribution<int> any(std::numeric_limits<Q>::min(), std::numeric_limits<Q>::max());
  std::vector<Q> values(count);
  for (Q& value : values) value = static_cast<Q>(any(*random));
  return values;
}

template <class Q>
std::vector<Q> RandomQuantized(const Layer& layer, std::mt19937* random) {
  return RandomValues<Q>(layer.XSize(), random);
}

/// Of each sweep.
const int kRounds = SweepRounds(120);

/// `scale[o]` is the sum of the magnitudes of all stages' scales. The tolerance is relative to the magnitude that is
/// summed up: all taps of an output pixel, each about 1.
void ExpectClose(const Layer& layer, const std::vector<float>& scale, const ConvKernel<float>& kernel,
                 const std::vector<float>& expected) {
  const std::int64_t plane = layer.geometry.out_height * layer.geometry.out_width;
  const std::vector<float> y = RunKernel(layer, kernel, layer.x);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const auto channel = static_cast<std::size_t>(static_cast<std::int64_t>(i) / plane) % scale.size();
    const float magnitude = std::fabs(scale[channel]) * static_cast<float>(kTaps * layer.weights.in_channels) +
                            std::fabs(layer.bias[channel]);
    ASSERT_NEAR(y[i], expected[i], 1e-6f * magnitude) << Describe(layer, kernel.Name());
  }
}

TEST(KernelChoice, SubBitConvIsCloseToTheReference) {
  std::mt19937 random(10);
  for (int round = 0; round < kRounds; ++round) {
    const Layer layer = RandomLayer(&random);
    std::vector<float> expected(layer.YSize());
    ReferenceSubBitConv(layer.geometry, layer.weights, layer.scale, layer.bias, layer.x.data(), expected.data(),
                        RunSerially);
    for (const auto& kernel : RealKernels(layer)) ExpectClose(layer, layer.scale, *kernel, expected);
  }
}

TEST(KernelChoice, StagedSubBitConvIsCloseToTheReference) {
  std::mt19937 random(21);
  for (int round = 0; round < kRounds; ++round) {
    const Layer layer = RandomLayer(&random);
    const std::vector<WeightStage> stages = RandomStages(layer, round % 4, &random);
    std::vector<float> expected(layer.YSize());
    ReferenceStagedSubBitConv(layer.geometry, stages, layer.bias, layer.x.data(), expected.data(), RunSerially);
    std::vector<float> scale(layer.scale.size(), 0.0f);
    for (const WeightStage& stage : stages) {
      for (std::size_t o = 0; o < scale.size(); ++o) scale[o] += std::fabs(stage.scale[o]);
    }
    for (const MapKernelSet* set : MapKernelSets()) {
      for (const MapKind kind : kMapKinds) {
        ExpectClose(layer, scale, *MakeStagedMapConv(set->real, kind, stages, layer.bias), expected);
      }
    }
    for (const Isa isa : AvailableIsas()) {
      ExpectClose(layer, scale, *ChooseStagedSubBitConv(isa, stages, layer.bias), expected);
    }
  }
}

TEST(KernelChoice, BinarySubBitConvIsExact) {
  std::mt19937 random(11);
  for (int round = 0; round < kRounds; ++round) ExpectBinaryExact(RandomLayer(&random));
}

TEST(KernelChoice, QLinearSubBitConvIsExact) {
  std::mt19937 random(12);
  for (int round = 0; round < kRounds; ++round) {
    Layer layer = RandomLayer(&random);
    ExpectQuantizedExact(layer, RandomQuantized<std::uint8_t>(layer, &random));
    layer.requantization.x_zero_point -= 128;
    layer.requantization.y_zero_point -= 64;
    ExpectQuantizedExact(layer, RandomQuantized<std::int8_t>(layer, &random));
  }
}

TEST(KernelChoice, QLinearSubBitBlockIsExact) {
  std::mt19937 random(20);
  for (int round = 0; round < kRounds; ++round) {
    Layer layer = RandomLayer(&random);
    layer.requantization.residual = {0.01f * static_cast<float>(1 + random() % 100), static_cast<int>(random() % 256)};
    ExpectBlockExact(layer, RandomQuantized<std::uint8_t>(layer, &random),
                     RandomValues<std::uint8_t>(layer.YSize(), &random));
    layer.requantization.x_zero_point -= 128;
    layer.requantization.y_zero_point -= 64;
    layer.requantization.residual.zero_point -= 128;
    ExpectBlockExact(layer, RandomQuantized<std::int8_t>(layer, &random),
                     RandomValues<std::int8_t>(layer.YSize(), &random));
  }
}

TEST(KernelChoice, SpecialFloatsAreBinarisedAsSpecified) {
  std::mt19937 random(13);
  Layer layer = RandomLayer(&random);
  const float inf = std::numeric_limits<float>::infinity();
  const float specials[] = {-0.0f, std::numeric_limits<float>::quiet_NaN(), inf, -inf, -1e-45f, 1e-45f};
  for (std::size_t i = 0; i < layer.x.size(); ++i) layer.x[i] = specials[random() % 6];
  ExpectBinaryExact(layer);
}

TEST(KernelChoice, TheLargestSumsDoNotOverflow) {
  std::mt19937 random(14);
  ConvAttributes attributes;
  attributes.tau = 1;
  attributes.pads = {1, 1, 1, 1};
  for (std::int64_t outs : {1, 9}) {  // row maps, response maps
    attributes.out_channels = outs;
    attributes.in_channels = 100;
    Layer layer = MakeLayer(attributes, {1, 100, 4, 5}, &random);
    layer.weights.codewords = {0, 511};
    for (std::uint16_t index : {0, 1}) {
      layer.weights.index.assign(layer.weights.index.size(), index);
      layer.x.assign(layer.x.size(), 1.0f);
      ExpectBinaryExact(layer);
      layer.x.assign(layer.x.size(), -1.0f);
      ExpectBinaryExact(layer);
      layer.requantization.multiplier.assign(layer.requantization.multiplier.size(), 127.0f / (9 * 255 * 100));
      for (int zero_point : {0, 255}) {
        layer.requantization.x_zero_point = zero_point;
        ExpectQuantizedExact(layer,
                             std::vector<std::uint8_t>(layer.XSize(), static_cast<std::uint8_t>(255 - zero_point)));
      }
    }
  }
}

TEST(KernelChoice, SoManyChannelsThatSixteenBitSumsWouldOverflow) {
  std::mt19937 random(15);
  ConvAttributes attributes;
  attributes.tau = 1;
  attributes.out_channels = 2;
  attributes.in_channels = kMaxNarrowBinaryChannels + 1;
  Layer layer = MakeLayer(attributes, {1, attributes.in_channels, 3, 3}, &random);
  layer.weights.codewords = {511, 511};
  layer.x.assign(layer.x.size(), 1.0f);
  ExpectBinaryExact(layer);
}

TEST(KernelChoice, ManyImagesRunAsOneTaskEach) {
  std::mt19937 random(16);
  ConvAttributes attributes;
  attributes.tau = 2;
  attributes.out_channels = 4;
  attributes.in_channels = 3;
  attributes.group = 2;
  attributes.pads = {1, 1, 1, 1};
  Layer layer = MakeLayer(attributes, {70, 6, 9, 9}, &random);
  ExpectBinaryExact(layer);
  ExpectQuantizedExact(layer, RandomQuantized<std::uint8_t>(layer, &random));
}

TEST(KernelChoice, AnEmptyBatchDoesNothing) {
  std::mt19937 random(17);
  ConvAttributes attributes;
  attributes.tau = attributes.out_channels = attributes.in_channels = 1;
  ExpectBinaryExact(MakeLayer(attributes, {0, 1, 3, 3}, &random));
}

/// Runs each task on its own thread.
void RunOnThreads(std::size_t tasks, Task task) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < tasks; ++i) threads.emplace_back([=] { task(i); });
  for (std::thread& thread : threads) thread.join();
}

template <class T>
void ExpectSameOnThreads(const Layer& layer, const ConvKernel<T>& kernel, const std::vector<T>& x) {
  const std::vector<T> expected = RunKernel(layer, kernel, x);
  std::vector<std::vector<T>> results(4, std::vector<T>(layer.YSize()));
  RunOnThreads(results.size(), [&](std::size_t i) {
    TestScratch scratch(kernel.ScratchBytes(layer.geometry));
    for (int run = 0; run < 3; ++run) {
      kernel.Run(layer.geometry, {x.data()}, results[i].data(), scratch.get(), RunOnThreads);
    }
  });
  for (const auto& result : results) EXPECT_EQ(result, expected) << Describe(layer, kernel.Name());
}

TEST(KernelChoice, OneKernelServesSeveralThreadsWithSeveralTasksEach) {
  std::mt19937 random(18);
  ConvAttributes attributes;
  attributes.tau = 3;
  attributes.out_channels = 9;
  attributes.in_channels = 5;
  attributes.pads = {1, 1, 1, 1};
  for (std::int64_t batch : {1, 17}) {  // tiles of an image, images
    const Layer layer = MakeLayer(attributes, {batch, 5, 13, 17}, &random);
    for (const auto& kernel : BinaryKernels(layer)) ExpectSameOnThreads(layer, *kernel, layer.x);
    for (const auto& kernel : RealKernels(layer)) ExpectSameOnThreads(layer, *kernel, layer.x);
    const std::vector<std::uint8_t> x = RandomQuantized<std::uint8_t>(layer, &random);
    for (const auto& kernel : QuantizedKernels<std::uint8_t>(layer)) ExpectSameOnThreads(layer, *kernel, x);
  }
}

TEST(KernelChoice, TheReferenceLevelTakesTheReference) {
  std::mt19937 random(19);
  const Layer layer = RandomLayer(&random);
  EXPECT_EQ(ChooseSubBitConv(Isa::kReference, layer.weights, layer.scale, layer.bias)->Name(), "reference");
  EXPECT_EQ(
      ChooseBinarySubBitConv(Isa::kReference, KernelPolicy::kMeasure, layer.weights, layer.scale, layer.bias)->Name(),
      "reference");
  EXPECT_EQ(
      ChooseQLinearSubBitConv<std::int8_t>(Isa::kReference, KernelPolicy::kMeasure, layer.weights, layer.requantization)
          ->Name(),
      "reference");
}

TEST(KernelChoice, APolicyNamesTheKernelWhereTheLayerHasIt) {
  std::mt19937 random(21);
  ConvAttributes attributes;
  attributes.tau = 4;
  attributes.out_channels = attributes.in_channels = 33;
  const Layer layer = MakeLayer(attributes, {1, 33, 5, 5}, &random);
  const auto binary = [&](Isa isa, KernelPolicy policy) {
    return ChooseBinarySubBitConv(isa, policy, layer.weights, layer.scale, layer.bias)->Name();
  };
  const auto quantized = [&](Isa isa, KernelPolicy policy) {
    return ChooseQLinearSubBitConv<std::uint8_t>(isa, policy, layer.weights, layer.requantization)->Name();
  };
  const auto has = [](const std::string& name, const char* part) { return name.find(part) != std::string::npos; };
  for (Isa isa : FastIsas()) {
    EXPECT_TRUE(has(quantized(isa, KernelPolicy::kMaps), "maps")) << quantized(isa, KernelPolicy::kMaps);
    // A kind that the operator never has.
    EXPECT_EQ(quantized(isa, KernelPolicy::kPopcount), quantized(isa, KernelPolicy::kEstimate));
    EXPECT_EQ(binary(isa, KernelPolicy::kDense), binary(isa, KernelPolicy::kEstimate));
    EXPECT_FALSE(has(binary(isa, KernelPolicy::kEstimate), "as measured"));
    if (isa == Isa::kPortable) {
      EXPECT_EQ(binary(isa, KernelPolicy::kMeasure), binary(isa, KernelPolicy::kEstimate));
    } else {
      EXPECT_TRUE(has(binary(isa, KernelPolicy::kPopcount), "popcount"));
    }
    if (isa == Isa::kAvx2) {
      EXPECT_EQ(binary(isa, KernelPolicy::kLookUp), "response look-up, avx2");
      EXPECT_EQ(quantized(isa, KernelPolicy::kDense), "dense, avx2");
      EXPECT_TRUE(has(quantized(isa, KernelPolicy::kMeasure), " or "));
      EXPECT_TRUE(has(binary(isa, KernelPolicy::kMeasure), "as measured"));
    }
  }
}

TEST(KernelChoice, TheLargestProductsDoNotOverflowInMultiplicationEither) {
  std::mt19937 random(22);
  ConvAttributes attributes;
  attributes.tau = 1;
  attributes.out_channels = 5;
  attributes.pads = {1, 1, 1, 1};
  for (std::int64_t channels : {27, 28, 29, 57}) {  // sums of 16 bits are widened every 28 channels
    attributes.in_channels = channels;
    Layer layer = MakeLayer(attributes, {1, channels, 5, 17}, &random);
    layer.requantization.multiplier.assign(layer.requantization.multiplier.size(),
                                           127.0f / static_cast<float>(9 * 255 * channels));
    for (std::uint16_t codeword : {0, 511}) {
      layer.weights.codewords = {codeword, codeword};
      ExpectQuantizedExact(layer, std::vector<std::uint8_t>(layer.XSize(), 255));
      ExpectQuantizedExact(layer, std::vector<std::uint8_t>(layer.XSize(), 0));
    }
  }
}

}  // namespace
}  // namespace subbit
