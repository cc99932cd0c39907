#include "core/choice/kernel_choice.h"

#include <limits>
#include <utility>

#include "core/choice/map_or_dense_conv.h"
#include "core/dense/dense_conv.h"
#include "core/packing/pack_signs.h"
#include "core/packing/patch_layout.h"
#include "core/popcount/popcount_conv.h"
#include "core/reference/reference_kernels.h"
#include "core/response/map_conv.h"
#include "core/response/quantized_finish.h"
#include "core/response/response_conv.h"
#include "core/response/response_tables.h"
#include "core/signs/binary_conv.h"

namespace subbit {
namespace {

/// Returns the inner loops of the map kernels for `isa`, which is not kReference.
const MapKernelSet& MapKernelsFor(Isa isa) {
#ifdef SUBBIT_X86_KERNELS
  if (isa == Isa::kAvx512) return Avx512MapKernels();
  if (isa == Isa::kAvx2) return Avx2MapKernels();
#endif
#ifdef SUBBIT_NEON_KERNELS
  if (isa == Isa::kNeon) return NeonMapKernels();
#endif
  static_cast<void>(isa);
  return PortableMapKernels();
}

/// The loops that count differing signs for `isa`, which is not kReference.
const PopcountKernels& PopcountKernelsFor(Isa isa) {
#ifdef SUBBIT_X86_KERNELS
  if (isa == Isa::kAvx512 && HasAvx512Popcount()) return Avx512PopcountKernels();
  if (isa >= Isa::kAvx2) return Avx2PopcountKernels();
#endif
#ifdef SUBBIT_NEON_KERNELS
  if (isa == Isa::kNeon) return NeonPopcountKernels();
#endif
  static_cast<void>(isa);
  return PortablePopcountKernels();
}

/// Whether looking up responses is faster than counting bits with AVX2: compares cycles per pixel, fitted to Zen 4.
bool LookUpIsFaster(const SubBitWeights& weights) {
  if (weights.tau > ResponseKernels::kMaxTau || weights.in_channels > ResponseKernels::kMaxChannels) return false;
  const auto up = [](std::int64_t a, std::int64_t b) { return static_cast<double>((a + b - 1) / b); };
  const std::int64_t outs = weights.out_channels / weights.group;
  const auto channels = static_cast<double>(weights.in_channels);
  const double count = 0.26 * up(outs, PopcountKernels::kOutputs) * PopcountKernels::kOutputs *
                       static_cast<double>(PatchLayout(weights.in_channels, true).Size());
  const double tables = ResponseTablesPerPattern(weights.tau);
  const double look_up = up(outs, ResponseKernels::kOutputs) * ((0.1 + 0.85 * tables) * channels + 20) +
                         14 * up(weights.in_channels, PatchLayout::kWordBits);
  return look_up < count;
}

/// Chooses the convolution of signs for `isa`, which is not kReference. On processors that count the bits of vectors, a
/// look-up is never faster.
std::unique_ptr<SignConv> ChooseSignConv(Isa isa, const SubBitWeights& weights, SignConvParameters parameters) {
  const PopcountKernels& kernels = PopcountKernelsFor(isa);
#ifdef SUBBIT_X86_KERNELS
  if (&kernels == &Avx2PopcountKernels() && LookUpIsFaster(weights)) {
    return std::make_unique<ResponseConv>(kernels, Avx2ResponseKernels(), weights, std::move(parameters));
  }
#else
  static_cast<void>(LookUpIsFaster);
#endif
  return std::make_unique<PopcountConv>(kernels, weights, std::move(parameters));
}

/// Whether BinarySubBitConv adds maps instead of counting differing signs. Portable code counts so slowly that it
/// always adds maps. NEON counts a pair of words of four pixels in six operations: 3.4 for an output channel, an input
/// channel and the 16 pixels of a map. Common cores do two of them while they load a map. (The choice rests on these
/// counts alone: no such processor was available.)
bool PrefersMaps(Isa isa, const SubBitWeights& weights) {
  if (isa <= Isa::kPortable) return true;
  if (isa != Isa::kNeon || weights.in_channels > kMaxNarrowBinaryChannels) return false;
  const std::int64_t outs = weights.out_channels / weights.group;
  const double counting = 3.4 / 2 * static_cast<double>(outs);
  return CostOf(ChooseMapKind(weights), outs, MeanCodewords(weights)).Total() < counting;
}

std::vector<ChannelFinish> FloatFinish(const std::vector<float>& scale, const std::vector<float>& bias) {
  std::vector<ChannelFinish> finish;
  for (std::size_t o = 0; o < scale.size(); ++o) finish.push_back({scale[o], bias[o], 0, 0});
  return finish;
}

/// Inputs of 8 bits are read minus the middle of their type's range, so that no magnitude exceeds 128 whatever the zero
/// point is.
template <class Q>
MapInput CentredInput(const Requantization& requantization) {
  const std::int32_t offset = (std::numeric_limits<Q>::min() + std::numeric_limits<Q>::max() + 1) / 2;
  return {offset, requantization.x_zero_point - offset};
}

/// Below this share of the cost of multiplication, maps are chosen without looking at the image.
[[maybe_unused]] constexpr double kSureOfMaps = 2.0 / 3;

const auto& QuantizedKernels(const MapKernelSet& set, std::uint8_t) { return set.quantized_u8; }
const auto& QuantizedKernels(const MapKernelSet& set, std::int8_t) { return set.quantized_i8; }

}  // namespace

std::unique_ptr<ConvKernel<float>> ChooseSubBitConv(Isa isa, SubBitWeights weights, std::vector<float> scale,
                                                    std::vector<float> bias) {
  if (isa == Isa::kReference) return MakeReferenceSubBitConv(std::move(weights), std::move(scale), std::move(bias));
  return MakeMapConv(MapKernelsFor(isa).real, ChooseMapKind(weights), weights, {}, FloatFinish(scale, bias));
}

std::unique_ptr<ConvKernel<float>> ChooseBinarySubBitConv(Isa isa, SubBitWeights weights, std::vector<float> scale,
                                                          std::vector<float> bias) {
  if (isa == Isa::kReference) {
    return MakeReferenceBinarySubBitConv(std::move(weights), std::move(scale), std::move(bias));
  }
  if (!PrefersMaps(isa, weights)) {
    return MakeBinaryConv(ChooseSignConv(isa, weights, {std::move(scale), std::move(bias)}));
  }
  const MapKernelSet& set = MapKernelsFor(isa);
  if (weights.in_channels > kMaxNarrowBinaryChannels) {
    return MakeMapConv(set.wide_binary, ChooseMapKind(weights), weights, {}, FloatFinish(scale, bias));
  }
  return MakeMapConv(set.binary, ChooseMapKind(weights), weights, {}, FloatFinish(scale, bias));
}

std::unique_ptr<PackSignsKernel> ChoosePackSigns(Isa isa, std::vector<float> shift) {
  if (isa == Isa::kReference) return MakeReferencePackSigns(std::move(shift));
  return MakePackSigns(PopcountKernelsFor(isa), std::move(shift));
}

std::unique_ptr<PackedConvKernel> ChoosePackedBinarySubBitConv(Isa isa, SubBitWeights weights, std::vector<float> scale,
                                                               std::vector<float> bias) {
  if (isa == Isa::kReference) {
    return MakeReferencePackedBinarySubBitConv(std::move(weights), std::move(scale), std::move(bias));
  }
  return MakePackedBinaryConv(ChooseSignConv(isa, weights, {std::move(scale), std::move(bias)}));
}

std::unique_ptr<PackedConvKernel> ChooseBinarySubBitBlock(Isa isa, SubBitWeights weights, std::vector<float> scale,
                                                          std::vector<float> bias, BlockParameters block) {
  if (isa == Isa::kReference) {
    return MakeReferenceBinarySubBitBlock(std::move(weights), std::move(scale), std::move(bias), std::move(block));
  }
  return MakePackedBinaryConv(ChooseSignConv(isa, weights, {std::move(scale), std::move(bias), std::move(block)}));
}

template <class Q>
std::unique_ptr<ConvKernel<Q>> ChooseQLinearSubBitConv(Isa isa, SubBitWeights weights, Requantization requantization) {
  if (isa == Isa::kReference) {
    return MakeReferenceQLinearSubBitConv<Q>(std::move(weights), std::move(requantization));
  }
  const MapKind kind = ChooseMapKind(weights);
  const auto by_maps = [&] {
    const MapInput input = CentredInput<Q>(requantization);
    return MakeMapConv(QuantizedKernels(MapKernelsFor(isa), Q{}), kind, weights, input,
                       QuantizedFinish(requantization, weights, input.padding), requantization.residual);
  };
#ifdef SUBBIT_X86_KERNELS
  if (isa == Isa::kAvx512 && HasAvx512Vnni()) {
    const auto dense = [&] { return MakeDenseConv<Q>(Avx512VnniDenseKernels(), weights, requantization); };
    const std::int64_t outs = weights.out_channels / weights.group;
    const QuantizedCosts costs = QuantizedCostsOf(CostOf(kind, outs, MeanCodewords(weights)), outs);
    if (costs.maps > costs.dense) return dense();
    if (costs.maps > kSureOfMaps * costs.dense) return MakeMapOrDenseConv<Q>(by_maps(), dense(), costs);
  }
#endif
  return by_maps();
}

template std::unique_ptr<ConvKernel<std::uint8_t>> ChooseQLinearSubBitConv(Isa, SubBitWeights, Requantization);
template std::unique_ptr<ConvKernel<std::int8_t>> ChooseQLinearSubBitConv(Isa, SubBitWeights, Requantization);

}  // namespace subbit
