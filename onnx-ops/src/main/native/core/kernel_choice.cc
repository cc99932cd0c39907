#include "core/kernel_choice.h"

#include <utility>

#include "core/map_conv.h"
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

std::vector<ChannelFinish> FloatFinish(const std::vector<float>& scale, const std::vector<float>& bias) {
  std::vector<ChannelFinish> finish;
  for (std::size_t o = 0; o < scale.size(); ++o) finish.push_back({scale[o], bias[o], 0, 0});
  return finish;
}

std::vector<ChannelFinish> QuantizedFinish(const Requantization& requantization) {
  std::vector<ChannelFinish> finish;
  for (std::size_t o = 0; o < requantization.bias.size(); ++o) {
    finish.push_back({requantization.multiplier[o], 0.0f, requantization.bias[o], requantization.y_zero_point});
  }
  return finish;
}

const auto& QuantizedKernels(const MapKernelSet& set, std::uint8_t) { return set.quantized_u8; }
const auto& QuantizedKernels(const MapKernelSet& set, std::int8_t) { return set.quantized_i8; }

}  // namespace

std::unique_ptr<ConvKernel<float>> ChooseSubBitConv(Isa isa, SubBitWeights weights, std::vector<float> scale,
                                                    std::vector<float> bias) {
  if (isa == Isa::kReference) return MakeReferenceSubBitConv(std::move(weights), std::move(scale), std::move(bias));
  return MakeMapConv(MapKernelsFor(isa).real, weights, 0, FloatFinish(scale, bias));
}

std::unique_ptr<ConvKernel<float>> ChooseBinarySubBitConv(Isa isa, SubBitWeights weights, std::vector<float> scale,
                                                          std::vector<float> bias) {
  if (isa == Isa::kReference) {
    return MakeReferenceBinarySubBitConv(std::move(weights), std::move(scale), std::move(bias));
  }
#ifdef SUBBIT_X86_KERNELS
  if (isa == Isa::kAvx512 && HasAvx512Popcount()) {
    return MakePopcountConv(Avx512PopcountKernels(), weights, FloatFinish(scale, bias));
  }
#endif
  const MapKernelSet& set = MapKernelsFor(isa);
  if (weights.in_channels > kMaxNarrowBinaryChannels) {
    return MakeMapConv(set.wide_binary, weights, 0, FloatFinish(scale, bias));
  }
  return MakeMapConv(set.binary, weights, 0, FloatFinish(scale, bias));
}

std::unique_ptr<PackSignsKernel> ChoosePackSigns(Isa, std::vector<float> shift) {
  return MakeReferencePackSigns(std::move(shift));
}

std::unique_ptr<PackedConvKernel> ChoosePackedBinarySubBitConv(Isa, SubBitWeights weights, std::vector<float> scale,
                                                               std::vector<float> bias) {
  return MakeReferencePackedBinarySubBitConv(std::move(weights), std::move(scale), std::move(bias));
}

std::unique_ptr<PackedConvKernel> ChooseBinarySubBitBlock(Isa, SubBitWeights weights, std::vector<float> scale,
                                                          std::vector<float> bias, BlockParameters block) {
  return MakeReferenceBinarySubBitBlock(std::move(weights), std::move(scale), std::move(bias), std::move(block));
}

template <class Q>
std::unique_ptr<ConvKernel<Q>> ChooseQLinearSubBitConv(Isa isa, SubBitWeights weights, Requantization requantization) {
  if (isa == Isa::kReference) {
    return MakeReferenceQLinearSubBitConv<Q>(std::move(weights), std::move(requantization));
  }
  return MakeMapConv(QuantizedKernels(MapKernelsFor(isa), Q{}), weights, requantization.x_zero_point,
                     QuantizedFinish(requantization));
}

template std::unique_ptr<ConvKernel<std::uint8_t>> ChooseQLinearSubBitConv(Isa, SubBitWeights, Requantization);
template std::unique_ptr<ConvKernel<std::int8_t>> ChooseQLinearSubBitConv(Isa, SubBitWeights, Requantization);

}  // namespace subbit
