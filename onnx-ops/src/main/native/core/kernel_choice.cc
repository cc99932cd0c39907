#include "core/kernel_choice.h"

#include <utility>

#include "core/reference_kernels.h"

namespace subbit {

std::unique_ptr<ConvKernel<float>> ChooseSubBitConv(Isa, SubBitWeights weights, std::vector<float> scale,
                                                    std::vector<float> bias) {
  return MakeReferenceSubBitConv(std::move(weights), std::move(scale), std::move(bias));
}

std::unique_ptr<ConvKernel<float>> ChooseBinarySubBitConv(Isa, SubBitWeights weights, std::vector<float> scale,
                                                          std::vector<float> bias) {
  return MakeReferenceBinarySubBitConv(std::move(weights), std::move(scale), std::move(bias));
}

template <class Q>
std::unique_ptr<ConvKernel<Q>> ChooseQLinearSubBitConv(Isa, SubBitWeights weights, Requantization requantization) {
  return MakeReferenceQLinearSubBitConv<Q>(std::move(weights), std::move(requantization));
}

template std::unique_ptr<ConvKernel<std::uint8_t>> ChooseQLinearSubBitConv(Isa, SubBitWeights, Requantization);
template std::unique_ptr<ConvKernel<std::int8_t>> ChooseQLinearSubBitConv(Isa, SubBitWeights, Requantization);

}  // namespace subbit
