#pragma once

#include <cstdint>
#include <vector>

#include "core/kernel/packed_kernels.h"
#include "core/kernel/parallel_for.h"
#include "core/operator/block_parameters.h"
#include "core/operator/conv_geometry.h"
#include "core/operator/conv_weights.h"
#include "core/operator/requantization.h"

/// The operators exactly as they are specified (docs/OPERATORS.md): one loop nest, one tap at a time. Every fast kernel
/// and every device is tested against these. All tensors are row-major, x is [N, in_channels * group, H, W] and y is
/// [N, out_channels, out_height, out_width]; packed signs are laid out as packed_bits.h has it.
namespace subbit {

/// SubBitConv: y = conv(x, scale[o] * codebook[index[o, c]]) + bias[o], zero padding. Sums in double and rounds once,
/// so it is nearer to the real result than any float kernel. `bias` holds zeros when the input is absent.
void ReferenceSubBitConv(const ConvGeometry& geometry, const SubBitWeights& weights, const std::vector<float>& scale,
                         const std::vector<float>& bias, const float* x, float* y, ParallelFor parallel_for);

/// StagedSubBitConv: the same with the sum of all stages' weights, at least one; sums in double, too.
void ReferenceStagedSubBitConv(const ConvGeometry& geometry, const std::vector<WeightStage>& stages,
                               const std::vector<float>& bias, const float* x, float* y, ParallelFor parallel_for);

/// BinarySubBitConv: x is binarised first (x >= 0 to +1, everything else, NaN too, to -1), padding adds 0. The integer
/// sum is exact; y = float(sum) * scale[o] + bias[o], rounded after the product and after the sum.
void ReferenceBinarySubBitConv(const ConvGeometry& geometry, const SubBitWeights& weights,
                               const std::vector<float>& scale, const std::vector<float>& bias, const float* x,
                               float* y, ParallelFor parallel_for);

/// PackSigns: the bits of x + shift[c] >= 0; NaN gives a clear bit.
void ReferencePackSigns(const SignsShape& shape, const std::vector<float>& shift, const float* x, std::uint8_t* b,
                        ParallelFor parallel_for);

/// PackedBinarySubBitConv: BinarySubBitConv of packed signs; s holds the bits of y >= 0.
void ReferencePackedBinarySubBitConv(const ConvGeometry& geometry, const SubBitWeights& weights,
                                     const std::vector<float>& scale, const std::vector<float>& bias,
                                     const std::uint8_t* b, const PackedOutputs& outputs, ParallelFor parallel_for);

/// BinarySubBitBlock: z = BinarySubBitConv of packed signs + residual, t = z + shift_in[o], y = (t >= 0 ? t : slope[o]
/// * t) + shift_out[o], each step rounded; s holds the bits of y + next_shift[o] >= 0.
void ReferenceBinarySubBitBlock(const ConvGeometry& geometry, const SubBitWeights& weights,
                                const std::vector<float>& scale, const std::vector<float>& bias,
                                const BlockParameters& block, const PackedInputs& inputs, const PackedOutputs& outputs,
                                ParallelFor parallel_for);

/// QLinearSubBitConv: integer sum of (x - x_zero_point) * codebook[index[o, c]], padding adds 0, then Requantize. Q is
/// uint8_t or int8_t.
template <class Q>
void ReferenceQLinearSubBitConv(const ConvGeometry& geometry, const SubBitWeights& weights,
                                const Requantization& requantization, const Q* x, Q* y, ParallelFor parallel_for);

/// QLinearSubBitBlock: the same sum; the residual is added to its product with the multiplier before Requantize rounds.
/// `residual` is shaped as y.
template <class Q>
void ReferenceQLinearSubBitBlock(const ConvGeometry& geometry, const SubBitWeights& weights,
                                 const Requantization& requantization, const Q* x, const Q* residual, Q* y,
                                 ParallelFor parallel_for);

extern template void ReferenceQLinearSubBitConv<std::uint8_t>(const ConvGeometry&, const SubBitWeights&,
                                                              const Requantization&, const std::uint8_t*, std::uint8_t*,
                                                              ParallelFor);
extern template void ReferenceQLinearSubBitConv<std::int8_t>(const ConvGeometry&, const SubBitWeights&,
                                                             const Requantization&, const std::int8_t*, std::int8_t*,
                                                             ParallelFor);
extern template void ReferenceQLinearSubBitBlock<std::uint8_t>(const ConvGeometry&, const SubBitWeights&,
                                                               const Requantization&, const std::uint8_t*,
                                                               const std::uint8_t*, std::uint8_t*, ParallelFor);
extern template void ReferenceQLinearSubBitBlock<std::int8_t>(const ConvGeometry&, const SubBitWeights&,
                                                              const Requantization&, const std::int8_t*,
                                                              const std::int8_t*, std::int8_t*, ParallelFor);

}  // namespace subbit
