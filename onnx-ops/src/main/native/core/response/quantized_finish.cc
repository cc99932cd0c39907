#include "core/response/quantized_finish.h"

namespace subbit {

std::vector<ChannelFinish> QuantizedFinish(const Requantization& requantization, const SubBitWeights& weights,
                                           std::int32_t excess) {
  std::vector<ChannelFinish> finish;
  for (std::size_t o = 0; o < requantization.bias.size(); ++o) {
    std::int64_t sum = 0;
    for (std::int64_t c = 0; c < weights.in_channels; ++c) {
      const std::uint16_t codeword = weights.Codeword(static_cast<std::int64_t>(o), c);
      for (int tap = 0; tap < kTaps; ++tap) sum += TapSign(codeword, tap);
    }
    const auto bias = static_cast<std::int32_t>(static_cast<std::uint32_t>(requantization.bias[o]) -
                                                static_cast<std::uint32_t>(excess * sum));
    finish.push_back({requantization.multiplier[o], 0.0f, bias, requantization.y_zero_point});
  }
  return finish;
}

}  // namespace subbit
