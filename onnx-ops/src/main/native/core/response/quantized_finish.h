#pragma once

#include <cstdint>
#include <vector>

#include "core/operator/conv_weights.h"
#include "core/operator/requantization.h"
#include "core/response/map_kernels.h"

namespace subbit {

/// The parameters for each output channel's sum if the input is read as x - x_zero_point + excess, in the image and in
/// its padding. This makes a sum too large by `excess` times the sum of the channel's weights, which the bias corrects,
/// with two's-complement wrap-around as in Requantize.
std::vector<ChannelFinish> QuantizedFinish(const Requantization& requantization, const SubBitWeights& weights,
                                           std::int32_t excess);

}  // namespace subbit
