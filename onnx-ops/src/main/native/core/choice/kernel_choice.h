#pragma once

#include <memory>
#include <vector>

#include "core/choice/kernel_policy.h"
#include "core/kernel/conv_kernel.h"
#include "core/kernel/isa.h"
#include "core/kernel/packed_kernels.h"
#include "core/operator/block_parameters.h"
#include "core/operator/conv_weights.h"
#include "core/operator/requantization.h"

/// The only place where kernels are chosen: when the weights are known, from the operator, the layer's channels and
/// tau, and the instruction set; where several kernels give the same result, also from `policy`. `isa` must not exceed
/// DetectIsa(). `scale` and `bias` hold one value per output channel.
namespace subbit {

std::unique_ptr<ConvKernel<float>> ChooseSubBitConv(Isa isa, SubBitWeights weights, std::vector<float> scale,
                                                    std::vector<float> bias);

/// `stages` holds at least one, all of the same channels and tau.
std::unique_ptr<ConvKernel<float>> ChooseStagedSubBitConv(Isa isa, std::vector<WeightStage> stages,
                                                          std::vector<float> bias);

std::unique_ptr<ConvKernel<float>> ChooseBinarySubBitConv(Isa isa, KernelPolicy policy, SubBitWeights weights,
                                                          std::vector<float> scale, std::vector<float> bias);

/// `shift` holds one value per input channel.
std::unique_ptr<PackSignsKernel> ChoosePackSigns(Isa isa, std::vector<float> shift);

std::unique_ptr<PackedConvKernel> ChoosePackedBinarySubBitConv(Isa isa, KernelPolicy policy, SubBitWeights weights,
                                                               std::vector<float> scale, std::vector<float> bias);

std::unique_ptr<PackedConvKernel> ChooseBinarySubBitBlock(Isa isa, KernelPolicy policy, SubBitWeights weights,
                                                          std::vector<float> scale, std::vector<float> bias,
                                                          BlockParameters block);

/// Chooses for QLinearSubBitConv, and for QLinearSubBitBlock, whose runs have a residual. Q is uint8_t or int8_t.
template <class Q>
std::unique_ptr<ConvKernel<Q>> ChooseQLinearSubBitConv(Isa isa, KernelPolicy policy, SubBitWeights weights,
                                                       Requantization requantization);

extern template std::unique_ptr<ConvKernel<std::uint8_t>> ChooseQLinearSubBitConv(Isa, KernelPolicy, SubBitWeights,
                                                                                  Requantization);
extern template std::unique_ptr<ConvKernel<std::int8_t>> ChooseQLinearSubBitConv(Isa, KernelPolicy, SubBitWeights,
                                                                                 Requantization);

}  // namespace subbit
