#pragma once

#include <cstdint>
#include <vector>

#include "core/operator/conv_weights.h"
#include "core/operator/requantization.h"
#include "core/response/map_kernels.h"

namespace subbit {

/// What each output channel's sum goes through where the input is read as x - x_zero_point + excess, in the image and
/// in its padding. That makes a sum too large by `excess` times the sum of the channel's weights; the bias takes it
/// back, with two's-complement wrap-around as in Requantize.
std::vector<ChannelFinish> QuantizedFinish(const Requantization& requantization, const SubBitWeights& weights,
                                           std::int32_t excess);

}  // namespace subbit
