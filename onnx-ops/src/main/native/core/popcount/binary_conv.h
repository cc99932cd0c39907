#pragma once

#include <memory>
#include <vector>

#include "core/kernel/conv_kernel.h"
#include "core/kernel/packed_kernels.h"
#include "core/operator/block_parameters.h"
#include "core/operator/conv_weights.h"
#include "core/popcount/popcount_kernels.h"
#include "core/response/response_kernels.h"

/// The fast kernels of the operators on binary activations.
///
/// Signs are packed into words of 32 channels (set: +1), in planes shaped like the image. Output pixels are worked on
/// in tiles of 32, in row-major order and whatever the geometry: the words that their nine taps read are gathered into
/// patches (patch_layout.h), padding as clear bits (padding_sums.h has the correction). Then the signs that differ
/// between patches and kernels are counted, since the sum of n products of signs is n less twice those that differ, by
/// one of two methods. All output channels run over the tile, and their sums go through scale, bias and whatever else
/// the operator asks for to memory.
///
/// Exclusive or and population count. The indices are decoded to kernel bits once, at load, so every tau runs at the
/// speed of a plain binary convolution. Words are counted in pairs. Let p and r be the differences x ^ w of two words,
/// and `ones` the differences left over from the pairs before. A carry-save adder gives, bit by bit,
///
///     ones'  = ones ^ p ^ r = ones ^ (x1 ^ x2) ^ (w1 ^ w2)
///     carry  = majority(ones, p, r) = ones == ones' ? p : ones      since ones == ones' where p == r
///
/// and every bit of `carry` counts two. With x1 ^ x2 and w1 ^ w2 made beforehand, once a patch and once a kernel, a
/// pair takes three logic operations, one population count and one addition where the processor has them: five
/// operations in place of six.
///
/// Response look-up, for tau of at most 5. The nine signs that one pixel sees of one channel are a pattern of nine
/// bits. How many of them differ from each of the 2^tau codewords, the responses, comes from a table of all 512
/// patterns that stays in the first-level cache (8 or 16 KiB). A row of it fills one or two vector registers, where a
/// shuffle by the indices selects the responses of 32 output channels at once: nine multiply-adds in a shuffle and an
/// addition of bytes. This is the method of Wang et al., "Sub-bit Neural Networks", ICCV 2021, with the responses of a
/// pixel and channel neither computed nor stored. Sums of bytes are widened every 28 channels.
namespace subbit {

/// BinarySubBitConv. `kernels` and `responses` must stay valid here and below, `responses` is null to count bits;
/// `scale` and `bias` hold one value an output channel.
std::unique_ptr<ConvKernel<float>> MakeBinaryConv(const PopcountKernels& kernels, const ResponseKernels* responses,
                                                  const SubBitWeights& weights, std::vector<float> scale,
                                                  std::vector<float> bias);

/// PackedBinarySubBitConv.
std::unique_ptr<PackedConvKernel> MakePackedBinaryConv(const PopcountKernels& kernels, const ResponseKernels* responses,
                                                       const SubBitWeights& weights, std::vector<float> scale,
                                                       std::vector<float> bias);

/// BinarySubBitBlock.
std::unique_ptr<PackedConvKernel> MakeBinaryBlock(const PopcountKernels& kernels, const ResponseKernels* responses,
                                                  const SubBitWeights& weights, std::vector<float> scale,
                                                  std::vector<float> bias, BlockParameters block);

}  // namespace subbit
