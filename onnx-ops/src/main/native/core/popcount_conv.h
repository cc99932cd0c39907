#pragma once

#include <memory>
#include <vector>

#include "core/block_parameters.h"
#include "core/conv_kernel.h"
#include "core/conv_weights.h"
#include "core/packed_kernels.h"
#include "core/popcount_kernels.h"

/// Convolutions of binary activations by exclusive or and population count. The indices are decoded to kernel bits once,
/// at load; there is no look-up, so every tau runs at the speed of a plain binary convolution.
///
/// With signs as bits (set: +1), the sum of n products of signs is n - 2 * popcount(x ^ w). Signs are packed into words
/// of 32 channels, in planes shaped like the image. Output pixels are worked on in tiles of 32, in row-major order and
/// whatever the geometry: the words that their nine taps read are gathered into patches (patch_layout.h), padding as
/// clear bits (padding_sums.h has the correction). All output channels then run over the tile's patches, four at a time,
/// and each sum goes from its register through scale, bias and whatever else the operator asks for to memory.
///
/// Words are counted in pairs. Let p and r be the differences x ^ w of two words, and `ones` the differences left over
/// from the pairs before. A carry-save adder gives, bit by bit,
///
///     ones'  = ones ^ p ^ r = ones ^ (x1 ^ x2) ^ (w1 ^ w2)
///     carry  = majority(ones, p, r) = ones == ones' ? p : ones      since ones == ones' where p == r
///
/// and every bit of `carry` counts two. With x1 ^ x2 and w1 ^ w2 made beforehand, once a patch and once a kernel, a pair
/// takes three logic operations, one population count and one addition: five operations instead of six.
namespace subbit {

/// BinarySubBitConv. `kernels` must stay valid here and below; `scale` and `bias` hold one value an output channel.
std::unique_ptr<ConvKernel<float>> MakePopcountConv(const PopcountKernels& kernels, const SubBitWeights& weights,
                                                    std::vector<float> scale, std::vector<float> bias);

/// PackedBinarySubBitConv.
std::unique_ptr<PackedConvKernel> MakePackedPopcountConv(const PopcountKernels& kernels, const SubBitWeights& weights,
                                                         std::vector<float> scale, std::vector<float> bias);

/// BinarySubBitBlock.
std::unique_ptr<PackedConvKernel> MakePopcountBlock(const PopcountKernels& kernels, const SubBitWeights& weights,
                                                    std::vector<float> scale, std::vector<float> bias,
                                                    BlockParameters block);

}  // namespace subbit
