#include "device/layer_shape.h"

#include <algorithm>
#include <cmath>

#include "core/operator/conv_geometry.h"
#include "device/integer_parameters.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

/// The limit of |residual_multiplier|: with it the product with a residual of 8 bits is finite, so that no sum can be
/// that of two infinities.
constexpr float kResidualMultiplierLimit = 0x1p120f;

bool InRange(std::uint32_t value, std::uint32_t low, std::uint32_t high) { return value >= low && value <= high; }

/// Windows along an axis of `length` positions, pads included; none if none fits.
std::int64_t Positions(std::int64_t length, std::int64_t window, std::int64_t stride) {
  return length < window ? 0 : (length - window) / stride + 1;
}

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

/// Fields that integer layers have no use for, and those of every kind but a convolution.
bool UnusedFieldsAreClear(const LayerShape& d) {
  const bool conv = d.integer->kind == Kind::kConv;
  const bool stem = d.integer->kind == Kind::kStem;
  const bool strides = conv || stem;
  return d.input_format == InputFormat{} && d.output_format == OutputFormat{} && d.mode == Mode::kTable &&
         d.input_zero_point == 0 && d.output_zero_point == 0 && d.group == 1 && d.dilation_h == 1 &&
         d.dilation_w == 1 && d.residual_multiplier == 0 && d.residual_zero_point == 0 && (conv || d.tau == 0) &&
         (conv || !d.adds_residual) && (d.adds_residual || d.integer->slope_shift == 0) &&
         (stem || (d.integer->kernel == 0 && d.integer->taps == 0)) &&
         (strides || (d.stride_h == 1 && d.stride_w == 1 && d.pad_top == 0 && d.pad_left == 0 && d.pad_bottom == 0 &&
                      d.pad_right == 0));
}

/// Of a stem's window that begins with an odd column the last of its 16 pixels is not read, which only the largest
/// stride needs.
bool WindowIsWhole(const LayerShape& d) { return d.stride_w != contract::kMaxKernel || d.pad_left % 2 == 0; }

/// The window of a stem's max pool, which overlaps the next one by at most one, or of a shortcut's average pool; other
/// kinds have none.
bool PoolIsSound(const IntegerStage& stage) {
  const std::array<std::uint8_t, 4> none{};
  if (stage.kind == Kind::kStem) {
    return InRange(stage.pool[0], 1, contract::kMaxPool) && InRange(stage.pool[1], 1, contract::kMaxPool) &&
           InRange(stage.pool_strides[0], std::max(1, stage.pool[0] - 1), stage.pool[0]) &&
           InRange(stage.pool_strides[1], std::max(1, stage.pool[1] - 1), stage.pool[1]) &&
           std::max(stage.pool_pads[0], stage.pool_pads[2]) < stage.pool[0] &&
           std::max(stage.pool_pads[1], stage.pool_pads[3]) < stage.pool[1];
  }
  const std::uint32_t most = stage.kind == Kind::kShortcut ? 2 : 1;
  return InRange(stage.pool[0], 1, most) && stage.pool[1] == stage.pool[0] && stage.pool_strides == stage.pool &&
         stage.pool_pads == none;
}

bool ShiftsAreSound(const IntegerStage& stage) {
  const bool classifier = stage.kind == Kind::kClassifier;
  const bool bits = classifier ? stage.value_bits == 0 : InRange(stage.value_bits, 9, 16);
  switch (stage.kind) {
    case Kind::kConv:
      return bits && stage.shift <= 11 && stage.slope_shift <= 3;
    case Kind::kStem:
      return bits && InRange(stage.shift, 1, 17);
    case Kind::kShortcut:
      return bits && InRange(stage.shift, 1, 23);
    default:
      return bits && stage.shift <= 15 && !stage.gives_signs;
  }
}

/// The bit of FEATURES that a kind of integer layer needs.
std::uint32_t FeatureOf(Kind kind) {
  switch (kind) {
    case Kind::kConv:
      return registers::kFeaturesIntegerConv;
    case Kind::kStem:
      return registers::kFeaturesStem;
    case Kind::kShortcut:
      return registers::kFeaturesShortcut;
    default:
      return registers::kFeaturesClassifier;
  }
}

ErrorCode ValidateIntegerSupport(const LayerShape& d, const Capabilities& c) {
  const IntegerStage& stage = *d.integer;
  const bool may_be_beside = stage.kind == Kind::kStem && (c.features & registers::kFeaturesBeside) != 0;
  bool ok = (c.features & FeatureOf(stage.kind)) != 0 && UnusedFieldsAreClear(d) && PoolIsSound(stage) &&
            ShiftsAreSound(stage) && stage.beside <= (may_be_beside ? 1 : 0);
  if (stage.kind == Kind::kConv) {
    ok = ok && InRange(d.tau, 1, std::min<std::uint32_t>(LayerShape::kMaxTau, c.max_tau)) &&
         (1u << d.tau) <= c.table_depth && InRange(d.stride_h, 1, 2) && InRange(d.stride_w, 1, 2) && d.pad_top <= 2 &&
         d.pad_bottom <= 2 && d.pad_left <= 2 && d.pad_right <= 2;
  } else if (stage.kind == Kind::kStem) {
    ok = ok && InRange(stage.kernel, 1, contract::kMaxKernel) && InRange(d.stride_h, 1, stage.kernel) &&
         InRange(d.stride_w, 1, stage.kernel) && WindowIsWhole(d) &&
         std::max({d.pad_top, d.pad_left, d.pad_bottom, d.pad_right}) < stage.kernel;
  }
  return ok ? ErrorCode::kNone : ErrorCode::kUnsupported;
}

ErrorCode ValidateIntegerChannels(const LayerShape& d, const Capabilities& c) {
  const IntegerStage& stage = *d.integer;
  const bool conv = stage.kind == Kind::kConv;
  const bool stem = stage.kind == Kind::kStem;
  const std::uint32_t most_in = stem                            ? contract::kStemChannels
                                : stage.kind == Kind::kShortcut ? std::min(contract::kDenseTaps, c.max_channels)
                                                                : c.max_channels;
  const std::uint32_t most_out = stage.kind == Kind::kClassifier ? contract::kMaxClasses : c.max_channels;
  // 16 bits hold a convolution's sums, moved up.
  const bool ok = InRange(d.in_channels, 1, most_in) && InRange(d.out_channels, 1, most_out) &&
                  (!conv || (std::uint64_t{9} * d.in_channels << stage.shift) <= 32767) &&
                  (!stem || InRange(stage.taps, 1, contract::kStemTaps));
  return ok ? ErrorCode::kNone : ErrorCode::kShape;
}

bool IsStem(const LayerShape& d) { return d.integer.has_value() && d.integer->kind == Kind::kStem; }

bool IsPooledStem(const LayerShape& d) { return IsStem(d) && d.integer->pool != std::array<std::uint8_t, 2>{1, 1}; }

bool IsShortcut(const LayerShape& d) { return d.integer.has_value() && d.integer->kind == Kind::kShortcut; }

/// Sums of a row of a set of output channels.
std::uint64_t PooledSums(const LayerShape& d) {
  return std::uint64_t{d.out_width} * std::min<std::uint64_t>(d.out_channels, contract::kDenseOutputs);
}

/// Pairs of values of a row of all input channels, averaged.
std::uint64_t ShortcutPairs(const LayerShape& d) {
  return std::uint64_t{d.in_channels} * ((std::uint64_t{d.out_width} + 1) / 2);
}

/// Whether what a stem or shortcut keeps of a row of its output, or of its input, has room on chip.
bool RowStays(const LayerShape& d) {
  return (!IsPooledStem(d) || PooledSums(d) <= contract::kPooledSums) &&
         (!IsShortcut(d) || ShortcutPairs(d) <= contract::kShortcutPairs);
}

bool Overlaps(const IntegerStage& stage, std::size_t axis) { return stage.pool[axis] > stage.pool_strides[axis] + 1; }

}  // namespace

ErrorCode LayerShape::ValidateLayer(const Capabilities& capabilities) const {
  if (integer.has_value()) {
    const ErrorCode code = ValidateIntegerSupport(*this, capabilities);
    return code == ErrorCode::kNone ? ValidateIntegerChannels(*this, capabilities) : code;
  }
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

std::string LayerShape::ExceededLimit() const {
  if (IsPooledStem(*this) && (Overlaps(*integer, 0) || Overlaps(*integer, 1))) {
    return "the windows of a stem's max pool overlap by one row or column at most";
  }
  if (IsPooledStem(*this) && PooledSums(*this) > contract::kPooledSums) {
    return "the width of a stem's output times its output channels, of which up to " +
           std::to_string(contract::kDenseOutputs) + " count, is at most " + std::to_string(contract::kPooledSums) +
           " with a max pool, and here " + std::to_string(PooledSums(*this));
  }
  if (IsStem(*this) && !WindowIsWhole(*this)) {
    return "a stem with a stride of " + std::to_string(contract::kMaxKernel) +
           " has an even number of columns of padding on the left";
  }
  if (IsShortcut(*this) && in_channels > contract::kDenseTaps) {
    return "a shortcut has at most " + std::to_string(contract::kDenseTaps) + " input channels";
  }
  if (IsShortcut(*this) && ShortcutPairs(*this) > contract::kShortcutPairs) {
    return "the input channels of a shortcut times half the width of its output are at most " +
           std::to_string(contract::kShortcutPairs) + ", and here " + std::to_string(ShortcutPairs(*this));
  }
  return {};
}

ElementFormat LayerShape::input_element() const {
  if (!integer.has_value()) {
    return FormatOf(input_format);
  }
  return integer->kind == Kind::kConv   ? ElementFormat::kBits
         : integer->kind == Kind::kStem ? ElementFormat::kU8
                                        : ElementFormat::kS16;
}

ElementFormat LayerShape::output_element() const {
  if (!integer.has_value()) {
    return FormatOf(output_format);
  }
  return integer->kind == Kind::kClassifier ? ElementFormat::kI32 : ElementFormat::kS16;
}

std::uint64_t LayerShape::parameter_bytes() const {
  return integer->kind == Kind::kClassifier ? 0 : std::uint64_t{IntegerParameters::kBytes} * out_channels;
}

ImageSize LayerShape::OutputSize(ImageSize in) const {
  const auto length = [&](int axis) -> std::uint32_t {
    const std::uint32_t size = axis == 0 ? in.height : in.width;
    const std::int64_t pad_begin = axis == 0 ? pad_top : pad_left;
    const std::int64_t pad_end = axis == 0 ? pad_bottom : pad_right;
    const std::int64_t stride = axis == 0 ? stride_h : stride_w;
    if (!integer.has_value() || integer->kind == Kind::kConv) {
      const std::int64_t dilation = axis == 0 ? dilation_h : dilation_w;
      return static_cast<std::uint32_t>(OutputLength(size, pad_begin, pad_end, dilation, stride));
    }
    const auto a = static_cast<std::size_t>(axis);
    const std::int64_t window = integer->pool[a];
    switch (integer->kind) {
      case Kind::kStem: {
        const std::int64_t sums = Positions(size + pad_begin + pad_end, integer->kernel, stride);
        const std::int64_t pads = integer->pool_pads[a] + integer->pool_pads[a + 2];
        return sums < 1 ? 0 : static_cast<std::uint32_t>(Positions(sums + pads, window, integer->pool_strides[a]));
      }
      case Kind::kShortcut:
        return static_cast<std::uint32_t>((size + window - 1) / window);
      default:
        return 1;
    }
  };
  return {length(0), length(1)};
}

ErrorCode LayerShape::ValidateImages(const Capabilities& capabilities) const {
  constexpr std::uint32_t kMaxHeight = 65535;
  const bool rows_stay = !integer.has_value() || integer->kind == Kind::kConv;
  const bool positions_fit = !integer.has_value() || integer->kind != Kind::kClassifier ||
                             std::uint64_t{in_height} * in_width <= contract::kMaxPositions;
  const std::uint64_t places = std::uint64_t{in_channels} * ((std::uint64_t{in_height} + 2) / 3);
  if (!InRange(in_height, 1, kMaxHeight) ||
      !InRange(in_width, 1, IsStem(*this) ? contract::kStemWidth : capabilities.max_width)) {
    return ErrorCode::kShape;
  }
  const ImageSize due = OutputSize({in_height, in_width});
  const bool ok = (capabilities.input_rows == 0 || !rows_stay || places <= capabilities.input_rows) && batch >= 1 &&
                  positions_fit && RowStays(*this) && InRange(out_height, 1, kMaxHeight) &&
                  InRange(out_width, 1, capabilities.max_width) && out_height == due.height && out_width == due.width;
  return ok ? ErrorCode::kNone : ErrorCode::kShape;
}

}  // namespace subbit::fpga
