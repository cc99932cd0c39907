#include "device/layer_descriptor.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "device/index_order.h"
#include "device/integer_parameters.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

/// The unsigned number that a value of type T is in the encoded form: of an enumeration its value, of a float its bits.
template <typename T>
struct Encoded {
  using Type = std::make_unsigned_t<T>;
};
template <>
struct Encoded<float> {
  using Type = std::uint32_t;
};

template <typename T>
void Put(LayerDescriptor::Bytes& bytes, Field<T> field, T value) {
  typename Encoded<T>::Type bits{};
  static_assert(sizeof bits == sizeof value);
  std::memcpy(&bits, &value, sizeof bits);
  for (std::size_t i = 0; i < sizeof bits; ++i) {
    bytes[field.at + i] = static_cast<std::uint8_t>(bits >> (8 * i));
  }
}

template <typename T>
T Get(const std::uint8_t* bytes, Field<T> field) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    number |= static_cast<std::uint64_t>(bytes[field.at + i]) << (8 * i);
  }
  const auto bits = static_cast<typename Encoded<T>::Type>(number);
  T value{};
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// Calls visit(field, member) for every field but the header and the status, so that encoding and decoding cannot drift
/// apart.
template <typename Descriptor, typename Visit>
void ForEachField(Descriptor& d, Visit visit) {
  visit(fields::kInputFormat, d.input_format);
  visit(fields::kOutputFormat, d.output_format);
  visit(fields::kTau, d.tau);
  visit(fields::kMode, d.mode);
  visit(fields::kInputZeroPoint, d.input_zero_point);
  visit(fields::kOutputZeroPoint, d.output_zero_point);
  visit(fields::kBatch, d.batch);
  visit(fields::kInChannels, d.in_channels);
  visit(fields::kInHeight, d.in_height);
  visit(fields::kInWidth, d.in_width);
  visit(fields::kOutChannels, d.out_channels);
  visit(fields::kOutHeight, d.out_height);
  visit(fields::kOutWidth, d.out_width);
  visit(fields::kGroup, d.group);
  visit(fields::kStrideH, d.stride_h);
  visit(fields::kStrideW, d.stride_w);
  visit(fields::kDilationH, d.dilation_h);
  visit(fields::kDilationW, d.dilation_w);
  visit(fields::kPadTop, d.pad_top);
  visit(fields::kPadLeft, d.pad_left);
  visit(fields::kPadBottom, d.pad_bottom);
  visit(fields::kPadRight, d.pad_right);
  visit(fields::kInputAddress, d.input_address);
  visit(fields::kOutputAddress, d.output_address);
  visit(fields::kIndexAddress, d.index_address);
  visit(fields::kCodebookAddress, d.codebook_address);
  visit(fields::kBiasAddress, d.bias_address);
  visit(fields::kMultiplierAddress, d.multiplier_address);
  visit(fields::kCycles, d.cycles);
  if (d.version >= 2) {
    visit(fields::kResidualAddress, d.residual_address);
    visit(fields::kResidualMultiplier, d.residual_multiplier);
    visit(fields::kResidualZeroPoint, d.residual_zero_point);
  }
  if (d.version == 3) {
    visit(fields::kKind, d.integer->kind);
    visit(fields::kShift, d.integer->shift);
    visit(fields::kSlopeShift, d.integer->slope_shift);
    visit(fields::kValueBits, d.integer->value_bits);
    visit(fields::kKernel, d.integer->kernel);
    visit(fields::kPoolHeight, d.integer->pool[0]);
    visit(fields::kPoolWidth, d.integer->pool[1]);
    visit(fields::kPoolStrideH, d.integer->pool_strides[0]);
    visit(fields::kPoolStrideW, d.integer->pool_strides[1]);
    visit(fields::kPoolPadTop, d.integer->pool_pads[0]);
    visit(fields::kPoolPadLeft, d.integer->pool_pads[1]);
    visit(fields::kPoolPadBottom, d.integer->pool_pads[2]);
    visit(fields::kPoolPadRight, d.integer->pool_pads[3]);
    visit(fields::kBeside, d.integer->beside);
    visit(fields::kTaps, d.integer->taps);
    visit(fields::kSignsAddress, d.signs_address);
  }
}

/// Checks magic, version, size and reserved fields.
bool HeaderIsRight(const std::uint8_t* bytes, std::uint64_t available) {
  if (available < LayerDescriptor::kPlainBytes || Get(bytes, fields::kMagic) != contract::kMagic) {
    return false;
  }
  const std::uint16_t version = Get(bytes, fields::kVersion);
  const std::uint16_t size = Get(bytes, fields::kSize);
  const bool sized = (version == 1 && size == LayerDescriptor::kPlainBytes) ||
                     (version == 2 && size == LayerDescriptor::kResidualBytes) ||
                     (version == 3 && size == LayerDescriptor::kIntegerBytes);
  return sized && available >= size &&
         std::all_of(fields::kReserved.begin(), fields::kReserved.end(), [&](const Reserved& reserved) {
           const std::uint8_t* begin = bytes + reserved.at;
           return reserved.at >= size ||
                  std::all_of(begin, begin + reserved.bytes, [](std::uint8_t byte) { return byte == 0; });
         });
}

struct Region {
  std::uint64_t begin;
  std::uint64_t bytes;

  bool Inside(std::uint64_t memory) const {
    return begin % LayerDescriptor::kAlignment == 0 && begin <= memory && bytes <= memory - begin;
  }
  bool Overlaps(const Region& other) const { return begin < other.begin + other.bytes && other.begin < begin + bytes; }
};

/// What a layer reads, by kinds that have no index and other parameters than multipliers.
std::vector<Region> InputsOfIntegerLayer(const LayerDescriptor& d, const Capabilities& c) {
  const bool conv = d.integer->kind == Kind::kConv;
  const bool stem = d.integer->kind == Kind::kStem;
  return {{d.input_address, d.batch * d.input_image_bytes()},
          {d.index_address, conv ? IndexBytes(d, IndexOrderOf(c)) : d.dense_bytes()},
          {d.codebook_address, conv   ? d.codebook_bytes()
                               : stem ? d.stem_codebook_bytes()
                                      : 0},
          {d.multiplier_address, d.parameter_bytes()},
          {d.residual_address, d.adds_residual ? d.batch * d.output_image_bytes() : 0}};
}

ErrorCode ValidateAddressesOfIntegerLayer(const LayerDescriptor& d, const Capabilities& c) {
  const bool conv = d.integer->kind == Kind::kConv;
  const bool stem = d.integer->kind == Kind::kStem;
  const bool classifier = d.integer->kind == Kind::kClassifier;
  if (d.batch > c.memory_bytes / d.input_image_bytes() || d.batch > c.memory_bytes / d.output_image_bytes() ||
      (d.codebook_address != 0) != (conv || stem) || (d.multiplier_address != 0) != !classifier ||
      d.bias_address != 0) {
    return ErrorCode::kAddress;
  }
  const Region output = {d.output_address, d.batch * d.output_image_bytes()};
  const Region signs = {d.signs_address, d.integer->gives_signs ? d.batch * d.signs_image_bytes() : 0};
  if (!output.Inside(c.memory_bytes) || !signs.Inside(c.memory_bytes) || (signs.bytes != 0 && signs.Overlaps(output))) {
    return ErrorCode::kAddress;
  }
  for (const Region& input : InputsOfIntegerLayer(d, c)) {
    const bool overlaps = input.bytes != 0 && (input.Overlaps(output) || (signs.bytes != 0 && input.Overlaps(signs)));
    if (!input.Inside(c.memory_bytes) || overlaps) {
      return ErrorCode::kAddress;
    }
  }
  return ErrorCode::kNone;
}

ErrorCode ValidateAddresses(const LayerDescriptor& d, const Capabilities& c) {
  // Image sizes stay below 2^16 * 2^16 * 2^16 * 4; the batch is bounded before it multiplies them.
  if (d.batch > c.memory_bytes / d.input_image_bytes() || d.batch > c.memory_bytes / d.output_image_bytes()) {
    return ErrorCode::kAddress;
  }
  // Multipliers or sign rules.
  const bool has_multipliers = d.output_format != OutputFormat::kI32;
  if (has_multipliers == (d.multiplier_address == 0) || d.adds_residual == (d.residual_address == 0) ||
      (d.adds_residual && !HasEightBits(d.output_format)) ||
      (c.response_unit == registers::kResponseUnitTables && d.bias_address != 0)) {
    return ErrorCode::kAddress;
  }
  const Region output = {d.output_address, d.batch * d.output_image_bytes()};
  const std::uint64_t per_channel = std::uint64_t{4} * d.out_channels;
  const Region inputs[] = {
      {d.input_address, d.batch * d.input_image_bytes()},
      {d.index_address, IndexBytes(d, IndexOrderOf(c))},
      {d.codebook_address, d.codebook_bytes()},
      {d.bias_address, d.bias_address == 0 ? 0 : per_channel},
      {d.multiplier_address, has_multipliers ? per_channel : 0},
      {d.residual_address, d.adds_residual ? output.bytes : 0},
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
  if (adds_residual == (residual_address == 0)) {
    throw std::logic_error("a descriptor adds a residual that has no address, or the reverse");
  }
  if (integer.has_value() != (version == 3)) {
    throw std::logic_error("a descriptor of version 3 must be that of an integer layer, and no other");
  }
  if ((integer.has_value() && integer->gives_signs) == (signs_address == 0)) {
    throw std::logic_error("a descriptor gives signs that have no address, or the reverse");
  }
  Bytes bytes(this->bytes());
  Put(bytes, fields::kMagic, contract::kMagic);
  Put(bytes, fields::kVersion, version);
  Put(bytes, fields::kSize, static_cast<std::uint16_t>(bytes.size()));
  Put(bytes, fields::kStatus, static_cast<std::uint32_t>(status));
  ForEachField(*this, [&](auto field, const auto& value) { Put(bytes, field, value); });
  return bytes;
}

ErrorCode LayerDescriptor::Decode(const std::uint8_t* bytes, std::uint64_t available, LayerDescriptor* descriptor,
                                  std::uint16_t newest) {
  if (!HeaderIsRight(bytes, available) || Get(bytes, fields::kVersion) > newest) {
    return ErrorCode::kHeader;
  }
  if (bytes[fields::kInputFormat.at] >= kInputFormatValues || bytes[fields::kOutputFormat.at] >= kOutputFormatValues ||
      bytes[fields::kMode.at] >= kModeValues) {
    return ErrorCode::kUnsupported;
  }
  *descriptor = {};
  descriptor->version = Get(bytes, fields::kVersion);
  if (descriptor->version == 3) {
    if (bytes[fields::kKind.at] >= kKindValues) {
      return ErrorCode::kUnsupported;
    }
    descriptor->integer.emplace();
  }
  descriptor->status = static_cast<ErrorCode>(Get(bytes, fields::kStatus));
  ForEachField(*descriptor, [&](auto field, auto& value) { value = Get(bytes, field); });
  descriptor->adds_residual = descriptor->residual_address != 0;
  if (descriptor->integer.has_value()) {
    descriptor->integer->gives_signs = descriptor->signs_address != 0;
  }
  return ErrorCode::kNone;
}

ErrorCode LayerDescriptor::Validate(const Capabilities& capabilities) const {
  if (const ErrorCode code = ValidateLayer(capabilities); code != ErrorCode::kNone) {
    return code;
  }
  if (const ErrorCode code = ValidateImages(capabilities); code != ErrorCode::kNone) {
    return code;
  }
  return integer.has_value() ? ValidateAddressesOfIntegerLayer(*this, capabilities)
                             : ValidateAddresses(*this, capabilities);
}

}  // namespace subbit::fpga
