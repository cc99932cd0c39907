#include "device/layer_descriptor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "core/operator/conv_geometry.h"
#include "device/registers.h"

namespace subbit::fpga {
namespace {

/// Byte offsets of the encoded form; docs/DEVICE.md has the same table.
enum Offset : std::size_t {
  kMagicAt = 0x00,
  kVersionAt = 0x04,
  kSizeAt = 0x06,
  kInputFormatAt = 0x08,
  kOutputFormatAt = 0x09,
  kTauAt = 0x0A,
  kModeAt = 0x0B,
  kInputZeroPointAt = 0x0C,
  kOutputZeroPointAt = 0x0E,
  kBatchAt = 0x10,
  kInChannelsAt = 0x14,
  kInHeightAt = 0x18,
  kInWidthAt = 0x1C,
  kOutChannelsAt = 0x20,
  kOutHeightAt = 0x24,
  kOutWidthAt = 0x28,
  kGroupAt = 0x2C,
  kStrideHAt = 0x30,
  kStrideWAt = 0x32,
  kDilationHAt = 0x34,
  kDilationWAt = 0x36,
  kPadTopAt = 0x38,
  kPadLeftAt = 0x3A,
  kPadBottomAt = 0x3C,
  kPadRightAt = 0x3E,
  kInputAddressAt = 0x40,
  kOutputAddressAt = 0x48,
  kIndexAddressAt = 0x50,
  kCodebookAddressAt = 0x58,
  kBiasAddressAt = 0x60,
  kMultiplierAddressAt = 0x68,
  kStatusAt = 0x70,
  kReservedAt = 0x74,
  kCyclesAt = 0x78,
  // Of version 2.
  kResidualAddressAt = 0x80,
  kResidualMultiplierAt = 0x88,
  kResidualZeroPointAt = 0x8C,
  kReservedTailAt = 0x8E,
};

/// The limit of |residual_multiplier|: with it the product with a residual of 8 bits is finite, so that no sum can be
/// that of two infinities.
constexpr float kResidualMultiplierLimit = 0x1p120f;

template <typename T>
void Put(LayerDescriptor::Bytes& bytes, std::size_t at, T value) {
  if constexpr (std::is_same_v<T, float>) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    Put(bytes, at, bits);
  } else {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      bytes[at + i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i));
    }
  }
}

template <typename T>
T Get(const std::uint8_t* bytes, std::size_t at) {
  if constexpr (std::is_same_v<T, float>) {
    const auto bits = Get<std::uint32_t>(bytes, at);
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  } else {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value |= static_cast<std::uint64_t>(bytes[at + i]) << (8 * i);
    }
    return static_cast<T>(value);
  }
}

/// Calls visit(offset, field) for every plain field, so that encoding and decoding cannot drift apart.
template <typename Descriptor, typename Visit>
void ForEachField(Descriptor& d, Visit visit) {
  visit(kTauAt, d.tau);
  visit(kInputZeroPointAt, d.input_zero_point);
  visit(kOutputZeroPointAt, d.output_zero_point);
  visit(kBatchAt, d.batch);
  visit(kInChannelsAt, d.in_channels);
  visit(kInHeightAt, d.in_height);
  visit(kInWidthAt, d.in_width);
  visit(kOutChannelsAt, d.out_channels);
  visit(kOutHeightAt, d.out_height);
  visit(kOutWidthAt, d.out_width);
  visit(kGroupAt, d.group);
  visit(kStrideHAt, d.stride_h);
  visit(kStrideWAt, d.stride_w);
  visit(kDilationHAt, d.dilation_h);
  visit(kDilationWAt, d.dilation_w);
  visit(kPadTopAt, d.pad_top);
  visit(kPadLeftAt, d.pad_left);
  visit(kPadBottomAt, d.pad_bottom);
  visit(kPadRightAt, d.pad_right);
  visit(kInputAddressAt, d.input_address);
  visit(kOutputAddressAt, d.output_address);
  visit(kIndexAddressAt, d.index_address);
  visit(kCodebookAddressAt, d.codebook_address);
  visit(kBiasAddressAt, d.bias_address);
  visit(kMultiplierAddressAt, d.multiplier_address);
  visit(kCyclesAt, d.cycles);
  if (d.version == 2) {
    visit(kResidualAddressAt, d.residual_address);
    visit(kResidualMultiplierAt, d.residual_multiplier);
    visit(kResidualZeroPointAt, d.residual_zero_point);
  }
}

/// Checks magic, version, size and reserved fields.
bool HeaderIsRight(const std::uint8_t* bytes, std::uint64_t available) {
  if (available < LayerDescriptor::kPlainBytes || Get<std::uint32_t>(bytes, kMagicAt) != LayerDescriptor::kMagic ||
      Get<std::uint32_t>(bytes, kReservedAt) != 0) {
    return false;
  }
  const auto version = Get<std::uint16_t>(bytes, kVersionAt);
  const auto size = Get<std::uint16_t>(bytes, kSizeAt);
  if (version == 1) {
    return size == LayerDescriptor::kPlainBytes;
  }
  return version == 2 && size == LayerDescriptor::kResidualBytes && available >= size &&
         std::all_of(bytes + kReservedTailAt, bytes + size, [](std::uint8_t byte) { return byte == 0; });
}

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
bool ResidualZeroPointFits(const LayerDescriptor& d) {
  return d.has_residual() ? OutputZeroPointFits(d.output_format, d.residual_zero_point) : d.residual_zero_point == 0;
}

struct Region {
  std::uint64_t begin;
  std::uint64_t bytes;

  bool Inside(std::uint64_t memory) const {
    return begin % LayerDescriptor::kAlignment == 0 && begin <= memory && bytes <= memory - begin;
  }
  bool Overlaps(const Region& other) const { return begin < other.begin + other.bytes && other.begin < begin + bytes; }
};

ErrorCode ValidateSupport(const LayerDescriptor& d, const Capabilities& c) {
  const bool binary = d.input_format == InputFormat::kBits;
  const bool any_stride = (c.features & registers::kFeatureAnyStride) != 0;
  const std::uint32_t max_stride = any_stride ? LayerDescriptor::kMaxStride : 2;
  const std::uint32_t max_dilation =
      (c.features & registers::kFeatureDilation) != 0 ? LayerDescriptor::kMaxDilation : 1;
  const bool ok = (c.features & (binary ? registers::kFeatureBinary : registers::kFeatureInt8)) != 0 &&
                  (!d.has_residual() || (c.features & registers::kFeatureResidual) != 0) &&
                  (d.output_format != OutputFormat::kBits || (c.features & registers::kFeatureBitsOut) != 0) &&
                  InRange(d.tau, 1, std::min<std::uint32_t>(LayerDescriptor::kMaxTau, c.max_tau)) &&
                  (d.mode == Mode::kDirect || (1u << d.tau) <= c.table_depth) && InRange(d.stride_h, 1, max_stride) &&
                  InRange(d.stride_w, 1, max_stride) && InRange(d.dilation_h, 1, max_dilation) &&
                  InRange(d.dilation_w, 1, max_dilation) &&
                  (d.group == 1 || (c.features & registers::kFeatureGroups) != 0) && d.pad_top <= 2 * d.dilation_h &&
                  d.pad_bottom <= 2 * d.dilation_h && d.pad_left <= 2 * d.dilation_w && d.pad_right <= 2 * d.dilation_w;
  return ok ? ErrorCode::kNone : ErrorCode::kUnsupported;
}

ErrorCode ValidateChannels(const LayerDescriptor& d, const Capabilities& c) {
  const bool ok = InRange(d.in_channels, 1, c.max_channels) && InRange(d.out_channels, 1, c.max_channels) &&
                  d.group >= 1 && d.in_channels % d.group == 0 && d.out_channels % d.group == 0;
  return ok ? ErrorCode::kNone : ErrorCode::kShape;
}

ErrorCode ValidateImages(const LayerDescriptor& d, const Capabilities& c) {
  constexpr std::uint32_t kMaxHeight = 65535;
  const bool ok = d.batch >= 1 && InRange(d.in_height, 1, kMaxHeight) && InRange(d.out_height, 1, kMaxHeight) &&
                  InRange(d.in_width, 1, c.max_width) && InRange(d.out_width, 1, c.max_width) &&
                  d.out_height == OutputLength(d.in_height, d.pad_top, d.pad_bottom, d.dilation_h, d.stride_h) &&
                  d.out_width == OutputLength(d.in_width, d.pad_left, d.pad_right, d.dilation_w, d.stride_w);
  return ok ? ErrorCode::kNone : ErrorCode::kShape;
}

ErrorCode ValidateAddresses(const LayerDescriptor& d, const Capabilities& c) {
  // Image sizes stay below 2^16 * 2^16 * 2^16 * 4; the batch is bounded before it multiplies them.
  if (d.batch > c.memory_bytes / d.input_image_bytes() || d.batch > c.memory_bytes / d.output_image_bytes()) {
    return ErrorCode::kAddress;
  }
  // Multipliers or sign rules.
  const bool has_multipliers = d.output_format != OutputFormat::kI32;
  if (has_multipliers == (d.multiplier_address == 0) || (d.has_residual() && !HasEightBits(d.output_format))) {
    return ErrorCode::kAddress;
  }
  const Region output = {d.output_address, d.batch * d.output_image_bytes()};
  const std::uint64_t per_channel = std::uint64_t{4} * d.out_channels;
  const Region inputs[] = {
      {d.input_address, d.batch * d.input_image_bytes()},
      {d.index_address, d.index_bytes()},
      {d.codebook_address, d.codebook_bytes()},
      {d.bias_address, d.bias_address == 0 ? 0 : per_channel},
      {d.multiplier_address, has_multipliers ? per_channel : 0},
      {d.residual_address, d.has_residual() ? output.bytes : 0},
  };
  if (!output.Inside(c.memory_bytes)) {
    return ErrorCode::kAddress;
  }
  for (const Region& input : inputs) {
    if (!input.Inside(c.memory_bytes) || (input.bytes != 0 && input.Overlaps(output))) {
      return ErrorCode::kAddress;
    }
  }
  return ErrorCode::kNone;
}

}  // namespace

LayerDescriptor::Bytes LayerDescriptor::Encode() const {
  Bytes bytes(this->bytes());
  Put(bytes, kMagicAt, kMagic);
  Put(bytes, kVersionAt, version);
  Put(bytes, kSizeAt, static_cast<std::uint16_t>(bytes.size()));
  Put(bytes, kInputFormatAt, static_cast<std::uint8_t>(input_format));
  Put(bytes, kOutputFormatAt, static_cast<std::uint8_t>(output_format));
  Put(bytes, kModeAt, static_cast<std::uint8_t>(mode));
  Put(bytes, kStatusAt, static_cast<std::uint32_t>(status));
  ForEachField(*this, [&](std::size_t at, auto field) { Put(bytes, at, field); });
  return bytes;
}

ErrorCode LayerDescriptor::Decode(const std::uint8_t* bytes, std::uint64_t available, LayerDescriptor* descriptor) {
  if (!HeaderIsRight(bytes, available)) {
    return ErrorCode::kHeader;
  }
  if (bytes[kInputFormatAt] > 2 || bytes[kOutputFormatAt] > 3 || bytes[kModeAt] > 1) {
    return ErrorCode::kUnsupported;
  }
  *descriptor = {};
  descriptor->version = Get<std::uint16_t>(bytes, kVersionAt);
  descriptor->input_format = static_cast<InputFormat>(bytes[kInputFormatAt]);
  descriptor->output_format = static_cast<OutputFormat>(bytes[kOutputFormatAt]);
  descriptor->mode = static_cast<Mode>(bytes[kModeAt]);
  descriptor->status = static_cast<ErrorCode>(Get<std::uint32_t>(bytes, kStatusAt));
  ForEachField(*descriptor,
               [&](std::size_t at, auto& field) { field = Get<std::decay_t<decltype(field)>>(bytes, at); });
  return ErrorCode::kNone;
}

ErrorCode LayerDescriptor::ValidateLayer(const Capabilities& capabilities) const {
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

ErrorCode LayerDescriptor::Validate(const Capabilities& capabilities) const {
  if (const ErrorCode code = ValidateLayer(capabilities); code != ErrorCode::kNone) {
    return code;
  }
  if (const ErrorCode code = ValidateImages(*this, capabilities); code != ErrorCode::kNone) {
    return code;
  }
  return ValidateAddresses(*this, capabilities);
}

}  // namespace subbit::fpga
