#include "core/integer/ends/end_parameters.h"

#include <algorithm>
#include <limits>

namespace subbit {

PreparedFinish::PreparedFinish(const EndKernels& kernels, const FinishSettings& settings,
                               const std::vector<std::int32_t>& start, const std::vector<std::int16_t>& multiplier,
                               const std::vector<std::int16_t>& bias)
    : shift_(static_cast<int>(settings.shift)),
      low_(static_cast<std::int16_t>(-(1 << (settings.width - 1)))),
      high_(static_cast<std::int16_t>((1 << (settings.width - 1)) - 1)) {
  const auto outs = static_cast<std::int64_t>(start.size());
  const std::int64_t lanes = kernels.lanes;
  const std::int64_t padded = GroupsOf(kernels, outs) * lanes;
  start_ = AlignedArray<std::int32_t>(padded);
  multiplier_ = AlignedArray<std::int16_t>(padded);
  bias_ = AlignedArray<std::int16_t>(padded);
  for (std::int64_t o = 0; o < outs; ++o) {
    const SumLane sum = SumLaneOf(static_cast<int>(o % lanes));
    const auto from = static_cast<std::size_t>(o);
    start_.data()[o / lanes * lanes + sum.vector * lanes / 2 + sum.lane] = start[from] + (1 << (shift_ - 1));
    multiplier_.data()[o] = multiplier[from];
    bias_.data()[o] = bias[from];
  }
}

SumFinish PreparedFinish::View() const {
  return {start_.data(), multiplier_.data(), bias_.data(), shift_, low_, high_};
}

void PadThresholds(const std::int16_t* thresholds, std::int64_t channels, std::int16_t* to) {
  std::copy_n(thresholds, channels, to);
  std::fill(to + channels, to + WordChannels(channels), std::numeric_limits<std::int16_t>::max());
}

}  // namespace subbit
