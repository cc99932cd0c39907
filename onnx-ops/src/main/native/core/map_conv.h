#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/conv_kernel.h"
#include "core/conv_weights.h"
#include "core/map_kernels.h"

/// Convolution by maps: the fast path of all three operators on processors with vectors.
///
/// The input is laid out as PhasePlanes and worked on in tiles of neighbouring positions, one map of values at
/// a time. With taps of -1 and +1 no multiplication is needed, and little addition:
///
/// 1. Row maps. A row of three taps can carry eight sign patterns. For each input channel of a tile the 3 * 8 row maps
/// are made with
///    some 30 additions.
/// 2. Response maps. A codeword's response is the sum of its three row maps: two additions. It is computed once for a
/// channel and
///    shared by all output channels that use this codeword (the method of Wang et al., "Sub-bit Neural Networks", ICCV
///    2021).
/// 3. Sums. Each output channel adds, for each input channel, the response map that its index selects: one addition of
/// a map in
///    place of nine multiply-adds.
///
/// For one channel of a tile, with c_out output channels, this costs about 30 + 2 * 2^tau + c_out additions. Where
/// c_out is not well above 2^tau, step 2 is left out and each output channel adds three row maps itself: 30 + 3 *
/// c_out, still a third of a dense convolution. UsesResponseMaps() draws the line.
///
/// The maps that an output channel selects are prepared at load as 16-bit slot numbers, in blocks of input channels
/// whose maps stay in the first-level cache together. Within a block sums are kept in the narrow type E of the maps; a
/// block has so few channels that they cannot overflow (map_kernels-inl.h), and between blocks they are widened to A.
/// All integer results are exact.
namespace subbit {

/// Whether an output channel of a group of `outs` reads response maps (true) or row maps (false): the one that adds
/// less.
constexpr bool UsesResponseMaps(int tau, std::int64_t outs) { return outs * 2 > (std::int64_t{3} << tau); }

/// `finish` holds one entry an output channel. `kernels` must stay valid.
template <class X, class E, class A, class Y>
std::unique_ptr<ConvKernel<X, Y>> MakeMapConv(const MapKernels<X, E, A, Y>& kernels, const SubBitWeights& weights,
                                              std::int32_t x_zero_point, std::vector<ChannelFinish> finish);

}  // namespace subbit
