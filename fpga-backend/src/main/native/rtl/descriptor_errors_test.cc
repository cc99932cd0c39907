// The module that checks descriptors alone, one fault at a time: every error that docs/DEVICE.md names.

#include <gtest/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

#include "rtl/descriptor_bench.h"

namespace subbit::fpga {
namespace {

/// Of the module's parameters.
constexpr std::uint64_t kMemoryBytes = std::uint64_t{1} << 28;
constexpr std::uint32_t kMaxChannels = 512;

/// A layer with everything that a descriptor can have.
LayerDescriptor Whole() {
  LayerDescriptor d;
  d.version = 2;
  d.tau = 6;
  d.input_zero_point = 3;
  d.output_zero_point = 7;
  d.batch = 2;
  d.in_channels = 8;
  d.in_height = 9;
  d.in_width = 10;
  d.out_channels = 20;
  d.out_height = 9;
  d.out_width = 10;
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = 1;
  d.input_address = 0x10000;
  d.output_address = 0x20000;
  d.index_address = 0x30000;
  d.codebook_address = 0x40000;
  d.bias_address = 0x50000;
  d.multiplier_address = 0x60000;
  d.adds_residual = true;
  d.residual_address = 0x70000;
  d.residual_multiplier = 0.5f;
  d.residual_zero_point = 9;
  return d;
}

/// Bytes of a descriptor.
struct Place {
  std::size_t at;
  std::size_t bytes;
};

template <class T>
constexpr Place Of(Field<T> field) {
  return {field.at, sizeof(T)};
}

/// What is written over a right descriptor, and the error that follows.
struct Fault {
  const char* what;
  Place place;
  std::uint64_t value;
  ErrorCode error;
};

void Expect(Vsubbit_descriptor& m, const LayerDescriptor& right, const std::vector<Fault>& faults) {
  std::mt19937 random(1);
  for (const Fault& fault : faults) {
    ASSERT_EQ(Judge(m, Encode(right, random)), ErrorCode::kNone) << "before " << fault.what;
    DescriptorBytes bytes = Encode(right, random);
    std::memcpy(&bytes[fault.place.at], &fault.value, fault.place.bytes);
    EXPECT_EQ(Judge(m, bytes), fault.error) << fault.what << " of " << fault.value;
  }
}

TEST(DescriptorModule, NamesEveryError) {
  Vsubbit_descriptor m;
  Reset(m);
  constexpr auto kHeader = ErrorCode::kHeader;
  constexpr auto kUnsupported = ErrorCode::kUnsupported;
  constexpr auto kShape = ErrorCode::kShape;
  constexpr auto kAddress = ErrorCode::kAddress;
  constexpr auto kMultiplier = ErrorCode::kMultiplier;
  constexpr auto kZeroPoint = ErrorCode::kZeroPoint;
  std::vector<Fault> faults = {
      {"magic", Of(fields::kMagic), 0x444C4254, kHeader},
      {"version", Of(fields::kVersion), 0, kHeader},
      {"version", Of(fields::kVersion), 3, kHeader},
      {"version", Of(fields::kVersion), 0x102, kHeader},
      {"size", Of(fields::kSize), 128, kHeader},
      {"size", Of(fields::kSize), 193, kHeader},
      {"input_format", Of(fields::kInputFormat), 3, kUnsupported},
      {"input_format", Of(fields::kInputFormat), 129, kUnsupported},
      {"output_format", Of(fields::kOutputFormat), 4, kUnsupported},
      {"output_format", Of(fields::kOutputFormat), 129, kUnsupported},
      {"tau", Of(fields::kTau), 0, kUnsupported},
      {"tau", Of(fields::kTau), 7, kUnsupported},
      {"tau", Of(fields::kTau), 10, kUnsupported},
      {"tau", Of(fields::kTau), 32, kUnsupported},
      {"mode", Of(fields::kMode), 2, kUnsupported},
      {"mode", Of(fields::kMode), 0x81, kUnsupported},
      {"group", Of(fields::kGroup), 0, kUnsupported},
      {"group", Of(fields::kGroup), 2, kUnsupported},
      {"batch", Of(fields::kBatch), 0, kShape},
      {"in_channels", Of(fields::kInChannels), 0, kShape},
      {"in_channels", Of(fields::kInChannels), kMaxChannels + 1, kShape},
      {"in_channels", Of(fields::kInChannels), 0x10008, kShape},
      {"in_height", Of(fields::kInHeight), 0, kShape},
      {"in_height", Of(fields::kInHeight), 8, kShape},
      {"in_height", Of(fields::kInHeight), 0x10009, kShape},
      {"in_width", Of(fields::kInWidth), 0, kShape},
      {"in_width", Of(fields::kInWidth), 11, kShape},
      {"out_channels", Of(fields::kOutChannels), 0, kShape},
      {"out_channels", Of(fields::kOutChannels), kMaxChannels + 1, kShape},
      {"out_height", Of(fields::kOutHeight), 0, kShape},
      {"out_height", Of(fields::kOutHeight), 10, kShape},
      {"out_height", Of(fields::kOutHeight), 0x10009, kShape},
      {"out_width", Of(fields::kOutWidth), 9, kShape},
      {"input_zero_point", Of(fields::kInputZeroPoint), 256, kZeroPoint},
      {"input_zero_point", Of(fields::kInputZeroPoint), 0xFFFF, kZeroPoint},
      {"output_zero_point", Of(fields::kOutputZeroPoint), 256, kZeroPoint},
      {"output_zero_point", Of(fields::kOutputZeroPoint), 0xFFFF, kZeroPoint},
      {"residual_zero_point", Of(fields::kResidualZeroPoint), 256, kZeroPoint},
      {"residual_zero_point", Of(fields::kResidualZeroPoint), 0xFFFF, kZeroPoint},
      {"infinite residual_multiplier", Of(fields::kResidualMultiplier), 0x7F800000, kMultiplier},
      {"not-a-number as residual_multiplier", Of(fields::kResidualMultiplier), 0x7FC00000, kMultiplier},
      {"residual_multiplier", Of(fields::kResidualMultiplier), 0x7B800000, kMultiplier},
      {"residual_multiplier", Of(fields::kResidualMultiplier), 0xFB800000, kMultiplier},
      {"batch beyond memory", Of(fields::kBatch), kMemoryBytes / 1800, kAddress},
      {"batch beyond 40 bits", Of(fields::kBatch), 0xFFFFFFFF, kAddress},
      {"no multiplier", Of(fields::kMultiplierAddress), 0, kAddress},
  };
  for (const Reserved& reserved : fields::kReserved) {
    if (reserved.at >= LayerDescriptor::kResidualBytes) {
      continue;  // of version 3
    }
    faults.push_back({"first reserved byte", {reserved.at, 1}, 1, kHeader});
    faults.push_back({"last reserved byte", {reserved.at + reserved.bytes - 1, 1}, 0x80, kHeader});
  }
  for (const auto field : {fields::kStrideH, fields::kStrideW}) {
    faults.push_back({"stride", Of(field), 0, kUnsupported});
    faults.push_back({"stride", Of(field), 3, kUnsupported});
    faults.push_back({"stride", Of(field), 0x101, kUnsupported});
  }
  for (const auto field : {fields::kDilationH, fields::kDilationW}) {
    faults.push_back({"dilation", Of(field), 0, kUnsupported});
    faults.push_back({"dilation", Of(field), 2, kUnsupported});
  }
  for (const auto field : {fields::kPadTop, fields::kPadLeft, fields::kPadBottom, fields::kPadRight}) {
    faults.push_back({"padding", Of(field), 3, kUnsupported});
    faults.push_back({"padding", Of(field), 2, kShape});
  }
  // Where the addresses of tensors stand, and how long the tensors are, rounded up to their alignment.
  const std::pair<Field<std::uint64_t>, std::uint64_t> tensors[] = {
      {fields::kInputAddress, 1472},   {fields::kOutputAddress, 3648}, {fields::kIndexAddress, 128},
      {fields::kCodebookAddress, 128}, {fields::kBiasAddress, 128},    {fields::kMultiplierAddress, 128},
      {fields::kResidualAddress, 3648}};
  for (const auto& [field, length] : tensors) {
    const Place at = Of(field);
    faults.push_back({"misaligned address", at, 0x80020, kAddress});
    faults.push_back({"last place in memory", at, kMemoryBytes - length, ErrorCode::kNone});
    faults.push_back({"address that leaves memory", at, kMemoryBytes - length + 64, kAddress});
    faults.push_back({"address beyond 40 bits", at, 0x8000080000, kAddress});
    faults.push_back({"address near the last", at, ~std::uint64_t{63}, kAddress});
    if (field.at != fields::kOutputAddress.at) {
      // Two images of 20 channels of 9x10 lie from 0x20000 on.
      faults.push_back({"neighbour of the output's start", at, 0x20000 - length, ErrorCode::kNone});
      faults.push_back({"overlap with the output's start", at, 0x20000 - length + 64, kAddress});
      faults.push_back({"overlap with the output's end", at, 0x20E00, kAddress});
      faults.push_back({"neighbour of the output's end", at, 0x20E40, ErrorCode::kNone});
    }
  }
  Expect(m, Whole(), faults);
}

TEST(DescriptorModule, JudgesWhatDependsOnFormatsAndVersion) {
  Vsubbit_descriptor m;
  Reset(m);
  LayerDescriptor words = Whole();
  words.version = 1;
  words.output_format = OutputFormat::kI32;
  words.output_zero_point = 0;
  words.multiplier_address = 0;
  Expect(m, words,
         {{"size", Of(fields::kSize), 192, ErrorCode::kHeader},
          {"version", Of(fields::kVersion), 2, ErrorCode::kHeader},
          {"output_zero_point of i32", Of(fields::kOutputZeroPoint), 1, ErrorCode::kZeroPoint},
          {"multiplier of i32", Of(fields::kMultiplierAddress), 0x60000, ErrorCode::kAddress},
          {"no bias", Of(fields::kBiasAddress), 0, ErrorCode::kNone}});
  words.version = 2;
  words.adds_residual = false;
  words.residual_address = 0;
  words.residual_zero_point = 0;
  Expect(m, words,
         {{"residual of i32", Of(fields::kResidualAddress), 0x70000, ErrorCode::kAddress},
          {"zero point without a residual", Of(fields::kResidualZeroPoint), 1, ErrorCode::kZeroPoint},
          {"infinite multiplier without a residual", Of(fields::kResidualMultiplier), 0xFF800000,
           ErrorCode::kMultiplier}});
  LayerDescriptor powers = Whole();
  powers.in_channels = powers.out_channels = 16;
  powers.in_height = powers.out_height = powers.in_width = powers.out_width = 8;
  Expect(m, powers, {{"batch of 2^40 bytes", Of(fields::kBatch), 1u << 30, ErrorCode::kAddress}});
  LayerDescriptor signs = words;
  signs.output_format = OutputFormat::kBits;
  signs.multiplier_address = 0x60000;
  Expect(m, signs,
         {{"output_zero_point of bits", Of(fields::kOutputZeroPoint), 1, ErrorCode::kZeroPoint},
          {"residual of bits", Of(fields::kResidualAddress), 0x70000, ErrorCode::kAddress},
          {"no sign rules", Of(fields::kMultiplierAddress), 0, ErrorCode::kAddress},
          {"sign rules at the end of memory", Of(fields::kMultiplierAddress), kMemoryBytes - 64, ErrorCode::kAddress},
          // Two images of 20 channels of 9 rows of two bytes.
          {"output at the end of memory", Of(fields::kOutputAddress), kMemoryBytes - 768, ErrorCode::kNone},
          {"output at the end of memory", Of(fields::kOutputAddress), kMemoryBytes - 704, ErrorCode::kAddress}});
  LayerDescriptor bits = Whole();
  bits.input_format = InputFormat::kBits;
  bits.input_zero_point = 0;
  bits.output_format = OutputFormat::kS8;
  bits.mode = Mode::kDirect;
  Expect(m, bits,
         {{"input_zero_point of bits", Of(fields::kInputZeroPoint), 1, ErrorCode::kZeroPoint},
          {"output_zero_point of s8", Of(fields::kOutputZeroPoint), 128, ErrorCode::kZeroPoint},
          {"output_zero_point of s8", Of(fields::kOutputZeroPoint), 0xFF7F, ErrorCode::kZeroPoint},
          {"output_zero_point of s8", Of(fields::kOutputZeroPoint), 0xFF80, ErrorCode::kNone},
          {"residual_zero_point of s8", Of(fields::kResidualZeroPoint), 0xFF80, ErrorCode::kNone},
          {"residual_zero_point of s8", Of(fields::kResidualZeroPoint), 128, ErrorCode::kZeroPoint},
          {"tau in direct mode", Of(fields::kTau), 9, ErrorCode::kNone},
          {"tau in direct mode", Of(fields::kTau), 10, ErrorCode::kUnsupported}});
}

}  // namespace
}  // namespace subbit::fpga
