#include "emulator/integer_output.h"

#include <algorithm>
#include <limits>

#include "core/integer/integer_arithmetic.h"

namespace subbit::fpga {

std::optional<std::vector<IntegerParameters>> LoadParameters(const LayerDescriptor& layer, const std::uint8_t* memory) {
  constexpr std::int16_t kRefused = std::numeric_limits<std::int16_t>::min();
  std::vector<IntegerParameters> parameters(layer.out_channels);
  const std::uint8_t* from = memory + layer.multiplier_address;
  for (IntegerParameters& p : parameters) {
    p = {ValueAt(from, 0), ValueAt(from, 1), ValueAt(from, 2), ValueAt(from, 3), ValueAt(from, 4), {}};
    if (p.multiplier == kRefused || p.slope == kRefused) {
      return std::nullopt;
    }
    from += IntegerParameters::kBytes;
  }
  return parameters;
}

std::size_t ValueRow(std::uint32_t image, std::uint32_t row, std::uint32_t channel, std::uint32_t height,
                     std::uint32_t channels, std::uint32_t width) {
  return ((std::size_t{image} * height + row) * channels + channel) * RowBytes(ElementFormat::kS16, width);
}

std::int16_t FinishedValue(const LayerShape& layer, const IntegerParameters& p, std::int32_t sum,
                           std::int16_t residual) {
  const int bits = layer.integer->value_bits;
  std::int32_t value = MulHrs(sum * (1 << layer.integer->shift), p.multiplier) + p.bias;
  if (layer.adds_residual) {
    const std::int32_t slope_up = 1 << layer.integer->slope_shift;
    value = Saturate(Saturate(value, 16) + residual, bits);
    value = (value >= 0 ? value : Saturate(MulHrs(value, p.slope) * slope_up, bits)) + p.shift_out;
  }
  return static_cast<std::int16_t>(Saturate(value, bits));
}

void IntegerOutput::WriteSums(std::uint32_t image, std::uint32_t row, std::uint32_t channel, const std::int32_t* sums) {
  const IntegerParameters& p = parameters_[channel];
  const std::uint8_t* residual =
      memory_ + layer_.residual_address +
      ValueRow(image, row, channel, layer_.out_height, layer_.out_channels, layer_.out_width);
  for (std::uint32_t x = 0; x < layer_.out_width; ++x) {
    values_[x] = FinishedValue(layer_, p, sums[x], layer_.adds_residual ? ValueAt(residual, x) : std::int16_t{0});
  }
  WriteValues(image, row, channel, values_.data());
}

void IntegerOutput::WriteValues(std::uint32_t image, std::uint32_t row, std::uint32_t channel,
                                const std::int16_t* values) {
  const std::size_t row_bytes = RowBytes(ElementFormat::kS16, layer_.out_width);
  std::uint8_t* to = memory_ + layer_.output_address +
                     ValueRow(image, row, channel, layer_.out_height, layer_.out_channels, layer_.out_width);
  std::fill_n(to, row_bytes, std::uint8_t{0});
  for (std::uint32_t x = 0; x < layer_.out_width; ++x) {
    to[2 * x] = static_cast<std::uint8_t>(values[x]);
    to[2 * x + 1] = static_cast<std::uint8_t>(values[x] >> 8);
  }
  if (layer_.integer->gives_signs) {
    const std::size_t sign_bytes = RowBytes(ElementFormat::kBits, layer_.out_width);
    std::uint8_t* signs = memory_ + layer_.signs_address +
                          ((std::size_t{image} * layer_.out_channels + channel) * layer_.out_height + row) * sign_bytes;
    std::fill_n(signs, sign_bytes, std::uint8_t{0});
    for (std::uint32_t x = 0; x < layer_.out_width; ++x) {
      signs[x / 8] =
          static_cast<std::uint8_t>(signs[x / 8] | (values[x] >= parameters_[channel].threshold ? 1 : 0) << x % 8);
    }
  }
}

}  // namespace subbit::fpga
