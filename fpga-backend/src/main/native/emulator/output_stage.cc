#include "emulator/output_stage.h"

#include <algorithm>

namespace subbit::fpga {
namespace {

std::int32_t AddModulo(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

void WriteAccumulators(const ChannelOutput& channel, const std::int32_t* accumulators, std::size_t count,
                       std::uint8_t* to) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<std::uint32_t>(AddModulo(accumulators[i], channel.bias));
    for (std::size_t byte = 0; byte < 4; ++byte) {
      to[4 * i + byte] = static_cast<std::uint8_t>(value >> (8 * byte));
    }
  }
}

void WriteRequantised(const ChannelOutput& channel, const std::int32_t* __restrict accumulators, std::size_t count,
                      std::uint8_t* __restrict to) {
  const bool is_signed = channel.format == OutputFormat::kS8;
  const float low = static_cast<float>((is_signed ? -128 : 0) - channel.zero_point);
  const float high = static_cast<float>((is_signed ? 127 : 255) - channel.zero_point);
  // Clamping first to whole numbers gives the same as clamping last, and makes the addition and subtraction of 1.5 *
  // 2^23 round to the nearest whole number, ties to even, in a loop that vectorises.
  constexpr float kRound = 12582912.0f;
  for (std::size_t i = 0; i < count; ++i) {
    const float scaled = static_cast<float>(AddModulo(accumulators[i], channel.bias)) * channel.multiplier;
    const float clamped = std::min(std::max(scaled, low), high);
    const float rounded = (clamped + kRound) - kRound;
    to[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(rounded) + channel.zero_point);
  }
}

}  // namespace

void WriteOutput(const ChannelOutput& channel, const std::int32_t* accumulators, std::size_t count, std::uint8_t* to) {
  if (channel.format == OutputFormat::kI32) {
    WriteAccumulators(channel, accumulators, count, to);
  } else {
    WriteRequantised(channel, accumulators, count, to);
  }
}

}  // namespace subbit::fpga
