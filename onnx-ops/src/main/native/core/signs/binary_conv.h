#pragma once

#include <memory>

#include "core/kernel/conv_kernel.h"
#include "core/kernel/packed_kernels.h"
#include "core/signs/sign_conv.h"

/// The fast kernels of the operators on binary activations.
///
/// Signs are packed into words of 32 channels (set: +1), in planes shaped like the image. Output pixels are processed
/// in tiles of 32, in row-major order and whatever the geometry: the words that their nine taps read are gathered into
/// patches (patch_layout.h), with padding as clear bits (padding_sums.h has the correction). The signs that differ
/// between patches and kernels are then counted by one of two methods (PopcountConv, ResponseConv), since the sum of n
/// products of signs is n minus twice the number that differ. All output channels run over the tile, and their sums go
/// through scale, bias and whatever else the operator requires, and then to memory.
namespace subbit {

/// BinarySubBitConv.
std::unique_ptr<ConvKernel<float>> MakeBinaryConv(std::unique_ptr<SignConv> conv);

/// PackedBinarySubBitConv, and BinarySubBitBlock where the convolution has a block's parameters.
std::unique_ptr<PackedConvKernel> MakePackedBinaryConv(std::unique_ptr<SignConv> conv);

}  // namespace subbit
