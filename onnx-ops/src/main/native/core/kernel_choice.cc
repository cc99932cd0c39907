#include "core/kernel_choice.h"

#include <limits>
#include <utility>

#include "core/map_conv.h"
#include "core/pack_signs.h"
#include "core/popcount_conv.h"
#include "core/reference_kernels.h"

namespace subbit {
namespace {

/// The inner loops for `isa`, which is not kReference.
const MapKernelSet& MapKernelsFor(Isa isa) {
#ifdef SUBBIT_X86_KERNELS
  if (isa == Isa::kAvx512) return Avx512MapKernels();
  if (isa == Isa::kAvx2) return Avx2MapKernels();
#endif
  static_cast<void>(isa);
  return PortableMapKernels();
}

/// The loops that count differing signs for `isa`, or null if it has none.
const PopcountKernels* PopcountKernelsFor(Isa isa) {
#ifdef SUBBIT_X86_KERNELS
  if (isa == Isa::kAvx512 && HasAvx512Popcount()) return &Avx512PopcountKernels();
#endif
  static_cast<void>(isa);
  return nullptr;
}

std::vector<ChannelFinish> FloatFinish(const std::vector<float>& scale, const std::vector<float>& bias) {
  std::vector<ChannelFinish> finish;
  for (std::size_t o = 0; o < scale.size(); ++o) finish.push_back({scale[o], bias[o], 0, 0});
  return finish;
}

/// Inputs of 8 bits are read less the middle of their type's range, so that no magnitude passes 128 whatever the zero
/// point is.
template <class Q>
MapInput CentredInput(const Requantization& requantization) {
  const std::int32_t offset = (std::numeric_limits<Q>::min() + std::numeric_limits<Q>::max() + 1) / 2;
  return {offset, requantization.x_zero_point - offset};
}

/// An input that is read less `padding` too little makes each sum too large by `padding` times the sum of the weights,
/// in and outside of the image alike. The bias takes it back, with two's-complement wrap-around as in Requantize.
std::vector<ChannelFinish> QuantizedFinish(const Requantization& requantization, const SubBitWeights& weights,
                                           const MapInput& input) {
  std::vector<ChannelFinish> finish;
  for (std::size_t o = 0; o < requantization.bias.size(); ++o) {
    std::int64_t sum = 0;
    for (std::int64_t c = 0; c < weights.in_channels; ++c) {
      for (int tap = 0; tap < kTaps; ++tap) sum += TapSign(weights.Codeword(static_cast<std::int64_t>(o), c), tap);
    }
    const auto bias = static_cast<std::int32_t>(static_cast<std::uint32_t>(requantization.bias[o]) -
                                                static_cast<std::uint32_t>(input.padding * sum));
    finish.push_back({requantization.multiplier[o], 0.0f, bias, requantization.y_zero_point});
  }
  return finish;
}

const auto& QuantizedKernels(const MapKernelSet& set, std::uint8_t) { return set.quantized_u8; }
const auto& QuantizedKernels(const MapKernelSet& set, std::int8_t) { return set.quantized_i8; }

}  // namespace

std::unique_ptr<ConvKernel<float>> ChooseSubBitConv(Isa isa, SubBitWeights weights, std::vector<float> scale,
                                                    std::vector<float> bias) {
  if (isa == Isa::kReference) return MakeReferenceSubBitConv(std::move(weights), std::move(scale), std::move(bias));
  return MakeMapConv(MapKernelsFor(isa).real, weights, {}, FloatFinish(scale, bias));
}

std::unique_ptr<ConvKernel<float>> ChooseBinarySubBitConv(Isa isa, SubBitWeights weights, std::vector<float> scale,
                                                          std::vector<float> bias) {
  if (isa == Isa::kReference) {
    return MakeReferenceBinarySubBitConv(std::move(weights), std::move(scale), std::move(bias));
  }
  if (const PopcountKernels* kernels = PopcountKernelsFor(isa)) {
    return MakePopcountConv(*kernels, weights, std::move(scale), std::move(bias));
  }
  const MapKernelSet& set = MapKernelsFor(isa);
  if (weights.in_channels > kMaxNarrowBinaryChannels) {
    return MakeMapConv(set.wide_binary, weights, {}, FloatFinish(scale, bias));
  }
  return MakeMapConv(set.binary, weights, {}, FloatFinish(scale, bias));
}

std::unique_ptr<PackSignsKernel> ChoosePackSigns(Isa isa, std::vector<float> shift) {
  if (const PopcountKernels* kernels = PopcountKernelsFor(isa)) return MakePackSigns(*kernels, std::move(shift));
  return MakeReferencePackSigns(std::move(shift));
}

std::unique_ptr<PackedConvKernel> ChoosePackedBinarySubBitConv(Isa isa, SubBitWeights weights, std::vector<float> scale,
                                                               std::vector<float> bias) {
  if (const PopcountKernels* kernels = PopcountKernelsFor(isa)) {
    return MakePackedPopcountConv(*kernels, weights, std::move(scale), std::move(bias));
  }
  return MakeReferencePackedBinarySubBitConv(std::move(weights), std::move(scale), std::move(bias));
}

std::unique_ptr<PackedConvKernel> ChooseBinarySubBitBlock(Isa isa, SubBitWeights weights, std::vector<float> scale,
                                                          std::vector<float> bias, BlockParameters block) {
  if (const PopcountKernels* kernels = PopcountKernelsFor(isa)) {
    return MakePopcountBlock(*kernels, weights, std::move(scale), std::move(bias), std::move(block));
  }
  return MakeReferenceBinarySubBitBlock(std::move(weights), std::move(scale), std::move(bias), std::move(block));
}

template <class Q>
std::unique_ptr<ConvKernel<Q>> ChooseQLinearSubBitConv(Isa isa, SubBitWeights weights, Requantization requantization) {
  if (isa == Isa::kReference) {
    return MakeReferenceQLinearSubBitConv<Q>(std::move(weights), std::move(requantization));
  }
  const MapInput input = CentredInput<Q>(requantization);
  return MakeMapConv(QuantizedKernels(MapKernelsFor(isa), Q{}), weights, input,
                     QuantizedFinish(requantization, weights, input));
}

template std::unique_ptr<ConvKernel<std::uint8_t>> ChooseQLinearSubBitConv(Isa, SubBitWeights, Requantization);
template std::unique_ptr<ConvKernel<std::int8_t>> ChooseQLinearSubBitConv(Isa, SubBitWeights, Requantization);

}  // namespace subbit
