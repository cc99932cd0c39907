#pragma once

#include <memory>
#include <vector>

#include "core/conv_kernel.h"
#include "core/conv_weights.h"
#include "core/popcount_kernels.h"

/// BinarySubBitConv on processors that count bits in vectors: there a plain binary convolution beats every look-up, so
/// the indices are decoded to kernel bits once, at load, and tau only saves memory on disk.
///
/// With signs as bits (set: +1), the sum of n products is n - 2 * popcount(x ^ w). The signs of 32 input channels at
/// one position form a word, laid out as PhasePlanes; a patch is all words of a position's nine taps. The last
/// channels, r of them with r = in_channels mod 32, would waste most of a word a tap, so the words of floor(32 / r)
/// taps are merged into one.
///
/// Padding must add 0, but a bit can only say -1 or +1. Padded positions hold clear bits, that is -1, which adds -w for
/// each weight w that falls into the padding; the sum of these weights is added back. It depends on the output channel
/// and on which kernel rows and columns fall outside the image (a mask of 3 + 3 bits), so it comes from a table of 64
/// entries a channel. All integer results are exact: at most 9 * 2^19 in magnitude.
namespace subbit {

/// `finish` holds one entry an output channel. `kernels` must stay valid.
std::unique_ptr<ConvKernel<float>> MakePopcountConv(const PopcountKernels& kernels, const SubBitWeights& weights,
                                                    std::vector<ChannelFinish> finish);

}  // namespace subbit
