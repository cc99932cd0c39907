#include "device/layer_shape.h"

#include <algorithm>
#include <cmath>

#include "core/operator/conv_geometry.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

/// The limit of |residual_multiplier|: with it the product with a residual of 8 bits is finite, so that no sum can be
/// that of two infinities.
constexpr float kResidualMultiplierLimit = 0x1p120f;

bool InRange(std::uint32_t value, std::uint32_t low, std::uint32_t high) { return value >= low && value <= high; }

bool ZeroPointFits(std::int16_t zero_point, bool is_signed) {
  return is_signed ? zero_point >= -128 && zero_point <= 127 : zero_point >= 0 && zero_point <= 255;
}

/// u8 and s8 have a zero point, bits and accumulators have none.
bool InputZeroPointFits(InputFormat format, std::int16_t zero_point) {
  return format == InputFormat::kBits ? zero_point == 0 : ZeroPointFits(zero_point, format == InputFormat::kS8);
}

bool OutputZeroPointFits(OutputFormat format, std::int16_t zero_point) {
  return HasEightBits(format) ? ZeroPointFits(zero_point, format == OutputFormat::kS8) : zero_point == 0;
}

/// The residual has the output's format.
bool ResidualZeroPointFits(const LayerShape& d) {
  return d.adds_residual ? OutputZeroPointFits(d.output_format, d.residual_zero_point) : d.residual_zero_point == 0;
}

ErrorCode ValidateSupport(const LayerShape& d, const Capabilities& c) {
  const bool binary = d.input_format == InputFormat::kBits;
  const bool any_stride = (c.features & registers::kFeaturesAnyStride) != 0;
  const std::uint32_t max_stride = any_stride ? contract::kMaxStride : 2;
  const std::uint32_t max_dilation = (c.features & registers::kFeaturesDilation) != 0 ? contract::kMaxDilation : 1;
  // Tables take bits and give bits.
  const bool tables = c.response_unit == registers::kResponseUnitTables;
  const bool table_form = binary && d.output_format == OutputFormat::kBits && d.mode == Mode::kTable;
  const bool ok = (!tables || table_form) &&
                  (c.features & (binary ? registers::kFeaturesBinary : registers::kFeaturesInt8)) != 0 &&
                  (!d.adds_residual || (c.features & registers::kFeaturesResidual) != 0) &&
                  (d.output_format != OutputFormat::kBits || (c.features & registers::kFeaturesBitsOut) != 0) &&
                  InRange(d.tau, 1, std::min<std::uint32_t>(LayerShape::kMaxTau, c.max_tau)) &&
                  (d.mode == Mode::kDirect || (1u << d.tau) <= c.table_depth) && InRange(d.stride_h, 1, max_stride) &&
                  InRange(d.stride_w, 1, max_stride) && InRange(d.dilation_h, 1, max_dilation) &&
                  InRange(d.dilation_w, 1, max_dilation) &&
                  (d.group == 1 || (c.features & registers::kFeaturesGroups) != 0) && d.pad_top <= 2 * d.dilation_h &&
                  d.pad_bottom <= 2 * d.dilation_h && d.pad_left <= 2 * d.dilation_w && d.pad_right <= 2 * d.dilation_w;
  return ok ? ErrorCode::kNone : ErrorCode::kUnsupported;
}

ErrorCode ValidateChannels(const LayerShape& d, const Capabilities& c) {
  const bool ok = InRange(d.in_channels, 1, c.max_channels) && InRange(d.out_channels, 1, c.max_channels) &&
                  d.group >= 1 && d.in_channels % d.group == 0 && d.out_channels % d.group == 0;
  return ok ? ErrorCode::kNone : ErrorCode::kShape;
}

}  // namespace

ErrorCode LayerShape::ValidateLayer(const Capabilities& capabilities) const {
  if (const ErrorCode code = ValidateSupport(*this, capabilities); code != ErrorCode::kNone) {
    return code;
  }
  if (!InputZeroPointFits(input_format, input_zero_point) || !OutputZeroPointFits(output_format, output_zero_point) ||
      !ResidualZeroPointFits(*this)) {
    return ErrorCode::kZeroPoint;
  }
  // True for not-a-number too.
  if (!(std::fabs(residual_multiplier) < kResidualMultiplierLimit)) {
    return ErrorCode::kMultiplier;
  }
  return ValidateChannels(*this, capabilities);
}

ErrorCode LayerShape::ValidateImages(const Capabilities& capabilities) const {
  constexpr std::uint32_t kMaxHeight = 65535;
  const std::uint64_t places = std::uint64_t{in_channels} * ((std::uint64_t{in_height} + 2) / 3);
  const bool ok = (capabilities.input_rows == 0 || places <= capabilities.input_rows) && batch >= 1 &&
                  InRange(in_height, 1, kMaxHeight) && InRange(out_height, 1, kMaxHeight) &&
                  InRange(in_width, 1, capabilities.max_width) && InRange(out_width, 1, capabilities.max_width) &&
                  out_height == OutputLength(in_height, pad_top, pad_bottom, dilation_h, stride_h) &&
                  out_width == OutputLength(in_width, pad_left, pad_right, dilation_w, stride_w);
  return ok ? ErrorCode::kNone : ErrorCode::kShape;
}

}  // namespace subbit::fpga
