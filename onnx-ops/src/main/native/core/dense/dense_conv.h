#pragma once

#include <memory>

#include "core/dense/dense_kernels.h"
#include "core/kernel/conv_kernel.h"
#include "core/kernel/phase_planes.h"
#include "core/operator/conv_weights.h"
#include "core/operator/requantization.h"

/// QLinearSubBitConv by plain multiplication, on processors that multiply and add four bytes in a 32-bit lane at once:
/// where few output channels share maps, nine such steps for four channels take less time than maps.
///
/// The indices are decoded to taps of -1 and +1 once, at load. Four input channels at one position form a word of
/// unsigned bytes (signed ones have their top bit flipped, which adds 128), laid out as PhasePlanes; channels past the
/// last have taps of 0. The zero point is not subtracted: padding has its value, and the bias subtracts what it adds to
/// each sum. All integer results are exact.
namespace subbit {

/// How DenseConv reads a tile's words.
enum class DenseReading {
  kInPlace,  ///< where they lie; vectors run across the ends of rows, where lanes are lost
  kSpans,    ///< likewise, but a vector is put together from the rows that its pixels lie in, each time it is loaded
  kCopied,   ///< copied together first, which takes as long as a few output channels
};

/// The way that is estimated to take least.
DenseReading ChooseDenseReading(const DenseKernels& kernels, const PhasePlanes& planes, std::int64_t outs);

/// Q is uint8_t or int8_t. `kernels` must stay valid.
template <class Q>
std::unique_ptr<ConvKernel<Q>> MakeDenseConv(const DenseKernels& kernels, const SubBitWeights& weights,
                                             const Requantization& requantization);

extern template std::unique_ptr<ConvKernel<std::uint8_t>> MakeDenseConv(const DenseKernels&, const SubBitWeights&,
                                                                        const Requantization&);
extern template std::unique_ptr<ConvKernel<std::int8_t>> MakeDenseConv(const DenseKernels&, const SubBitWeights&,
                                                                       const Requantization&);

}  // namespace subbit
