#pragma once

#include <memory>

#include "core/kernel/conv_kernel.h"
#include "core/kernel/packed_kernels.h"
#include "core/signs/sign_conv.h"

/// The fast kernels of the operators on binary activations.
///
/// Signs are packed into words of 32 channels (set: +1), in planes shaped like the image. Output pixels are worked on
/// in tiles of 32, in row-major order and whatever the geometry: the words that their nine taps read are gathered into
/// patches (patch_layout.h), padding as clear bits (padding_sums.h has the correction). Then the signs that differ
/// between patches and kernels are counted, since the sum of n products of signs is n less twice those that differ, by
/// one of two methods (PopcountConv, ResponseConv). All output channels run over the tile, and their sums go through
/// scale, bias and whatever else the operator asks for to memory.
namespace subbit {

/// BinarySubBitConv.
std::unique_ptr<ConvKernel<float>> MakeBinaryConv(std::unique_ptr<SignConv> conv);

/// PackedBinarySubBitConv, and BinarySubBitBlock where the convolution has a block's parameters.
std::unique_ptr<PackedConvKernel> MakePackedBinaryConv(std::unique_ptr<SignConv> conv);

}  // namespace subbit
