#pragma once

#include <memory>
#include <vector>

#include "core/kernel/conv_kernel.h"
#include "core/kernel/packed_kernels.h"
#include "core/operator/block_parameters.h"
#include "core/operator/conv_weights.h"
#include "core/operator/requantization.h"

namespace subbit {

/// The reference loops behind the interface of the fast kernels; `scale` and `bias` hold one value per output channel.
std::unique_ptr<ConvKernel<float>> MakeReferenceSubBitConv(SubBitWeights weights, std::vector<float> scale,
                                                           std::vector<float> bias);
std::unique_ptr<ConvKernel<float>> MakeReferenceStagedSubBitConv(std::vector<WeightStage> stages,
                                                                 std::vector<float> bias);
std::unique_ptr<ConvKernel<float>> MakeReferenceBinarySubBitConv(SubBitWeights weights, std::vector<float> scale,
                                                                 std::vector<float> bias);
std::unique_ptr<PackSignsKernel> MakeReferencePackSigns(std::vector<float> shift);
std::unique_ptr<PackedConvKernel> MakeReferencePackedBinarySubBitConv(SubBitWeights weights, std::vector<float> scale,
                                                                      std::vector<float> bias);
std::unique_ptr<PackedConvKernel> MakeReferenceBinarySubBitBlock(SubBitWeights weights, std::vector<float> scale,
                                                                 std::vector<float> bias, BlockParameters block);
/// The reference of QLinearSubBitConv and, in runs with a residual, of QLinearSubBitBlock. Q is uint8_t or int8_t.
template <class Q>
std::unique_ptr<ConvKernel<Q>> MakeReferenceQLinearSubBitConv(SubBitWeights weights, Requantization requantization);

extern template std::unique_ptr<ConvKernel<std::uint8_t>> MakeReferenceQLinearSubBitConv(SubBitWeights, Requantization);
extern template std::unique_ptr<ConvKernel<std::int8_t>> MakeReferenceQLinearSubBitConv(SubBitWeights, Requantization);

}  // namespace subbit
