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

void WriteBits(const ChannelOutput& channel, const std::int32_t* accumulators, std::size_t count, std::uint8_t* to) {
  for (std::size_t first = 0; first < count; first += 8) {
    unsigned byte = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(8, count - first); ++i) {
      byte |= (channel.rule(AddModulo(accumulators[first + i], channel.bias)) ? 1u : 0u) << i;
    }
    *to++ = static_cast<std::uint8_t>(byte);
  }
}

/// What is added to element i.
template <OutputFormat format>
float ResidualAt(const Residual& residual, std::size_t i) {
  const int value = format == OutputFormat::kS8 ? static_cast<std::int8_t>(residual.values[i]) : residual.values[i];
  return static_cast<float>(value - residual.zero_point) * residual.multiplier;
}

template <OutputFormat format, bool has_residual>
void WriteRequantised(const ChannelOutput& channel, const Residual& residual,
                      const std::int32_t* __restrict accumulators, std::size_t count, std::uint8_t* __restrict to) {
  constexpr bool kSigned = format == OutputFormat::kS8;
  const float low = static_cast<float>((kSigned ? -128 : 0) - channel.zero_point);
  const float high = static_cast<float>((kSigned ? 127 : 255) - channel.zero_point);
  // Clamping first to whole numbers gives the same as clamping last, and makes the addition and subtraction of 1.5 *
  // 2^23 round to the nearest whole number, ties to even, in a loop that vectorises.
  constexpr float kRound = 12582912.0f;
  for (std::size_t i = 0; i < count; ++i) {
    float scaled = static_cast<float>(AddModulo(accumulators[i], channel.bias)) * channel.multiplier;
    if constexpr (has_residual) {
      scaled += ResidualAt<format>(residual, i);
    }
    const float clamped = std::min(std::max(scaled, low), high);
    const float rounded = (clamped + kRound) - kRound;
    to[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(rounded) + channel.zero_point);
  }
}

template <OutputFormat format>
void WriteRequantised(const ChannelOutput& channel, const Residual& residual, const std::int32_t* accumulators,
                      std::size_t count, std::uint8_t* to) {
  if (residual.values == nullptr) {
    WriteRequantised<format, false>(channel, residual, accumulators, count, to);
  } else {
    WriteRequantised<format, true>(channel, residual, accumulators, count, to);
  }
}

}  // namespace

void WriteOutput(const ChannelOutput& channel, const Residual& residual, const std::int32_t* accumulators,
                 std::size_t count, std::uint8_t* to) {
  switch (channel.format) {
    case OutputFormat::kI32:
      return WriteAccumulators(channel, accumulators, count, to);
    case OutputFormat::kU8:
      return WriteRequantised<OutputFormat::kU8>(channel, residual, accumulators, count, to);
    case OutputFormat::kS8:
      return WriteRequantised<OutputFormat::kS8>(channel, residual, accumulators, count, to);
    case OutputFormat::kBits:
      return WriteBits(channel, accumulators, count, to);
  }
}

}  // namespace subbit::fpga
