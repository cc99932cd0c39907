#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/kernel/conv_kernel.h"
#include "core/operator/conv_weights.h"
#include "core/response/map_kernels.h"
#include "core/response/map_plan.h"

/// Convolution by maps: the fast path on processors with vectors, where the activations are not signs.
///
/// The input is laid out as PhasePlanes and processed in tiles of neighbouring positions, one or two vectors each. With
/// taps of -1 and +1 no multiplications are needed, and few additions:
///
/// 1. Maps. For each input channel of a tile, sums of some taps with some signs are made and stored: for the eight sign
///    patterns of each kernel row, for the 32 + 16 of the first five and last four taps, or for whole codewords, which
///    are then responses (the method of Wang et al., "Sub-bit Neural Networks", ICCV 2021).
/// 2. Sums. Each output channel adds, for each input channel, the three, two or one maps that its index selects, in
///    place of nine multiply-adds. Sums of several output channels stay in registers over a block of input channels.
/// 3. The last block of channels finishes the sums and stores them.
///
/// Which kind of maps costs least depends on how many output channels share them: ChooseMapKind counts.
///
/// Where the weights are a sum of stages, their blocks follow one another, and each block's sums are multiplied by its
/// stage's scales before they are added to those of the blocks before.
///
/// Within a block sums are kept in the type E of the maps; a block has so few channels that they cannot overflow
/// (map_kernels-inl.h), and between blocks they are widened to A. All integer results are exact.
namespace subbit {

/// How an input of 8 bits is read: minus `offset`, which centres it so that sums stay small. Padding holds the zero
/// point minus the offset.
struct MapInput {
  std::int32_t offset = 0;
  std::int32_t padding = 0;
};

/// `finish` holds one entry per output channel; `residual` matters in runs that have one. `kernels` must stay valid.
template <class X, class E, class A, class Y>
std::unique_ptr<ConvKernel<X, Y>> MakeMapConv(const MapKernels<X, E, A, Y>& kernels, MapKind kind,
                                              const SubBitWeights& weights, const MapInput& input,
                                              std::vector<ChannelFinish> finish,
                                              const ResidualScaling& residual = {0.0f, 0});

/// The same for float weights of several stages, at least one, all of the same channels. `kernels` must stay valid.
std::unique_ptr<ConvKernel<float>> MakeStagedMapConv(const MapKernels<float, float, float, float>& kernels,
                                                     MapKind kind, const std::vector<WeightStage>& stages,
                                                     const std::vector<float>& bias);

}  // namespace subbit
