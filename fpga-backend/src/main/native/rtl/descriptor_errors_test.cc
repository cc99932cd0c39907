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
  d.residual_address = 0x70000;
  d.residual_multiplier = 0.5f;
  d.residual_zero_point = 9;
  return d;
}

/// What is written over a right descriptor, and the error that follows.
struct Fault {
  const char* what;
  std::size_t at;
  int bytes;
  std::uint64_t value;
  ErrorCode error;
};

void Expect(Vsubbit_descriptor& m, const LayerDescriptor& right, const std::vector<Fault>& faults) {
  std::mt19937 random(1);
  for (const Fault& fault : faults) {
    ASSERT_EQ(Judge(m, Encode(right, random)), ErrorCode::kNone) << "before " << fault.what;
    DescriptorBytes bytes = Encode(right, random);
    std::memcpy(&bytes[fault.at], &fault.value, static_cast<std::size_t>(fault.bytes));
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
      {"magic", 0x00, 4, 0x444C4254, kHeader},
      {"version", 0x04, 2, 0, kHeader},
      {"version", 0x04, 2, 3, kHeader},
      {"version", 0x04, 2, 0x102, kHeader},
      {"size", 0x06, 2, 128, kHeader},
      {"size", 0x06, 2, 193, kHeader},
      {"reserved", 0x74, 4, 1, kHeader},
      {"reserved", 0x77, 1, 0x80, kHeader},
      {"reserved", 0x8E, 1, 1, kHeader},
      {"reserved", 0xBF, 1, 0x80, kHeader},
      {"input_format", 0x08, 1, 3, kUnsupported},
      {"input_format", 0x08, 1, 129, kUnsupported},
      {"output_format", 0x09, 1, 4, kUnsupported},
      {"output_format", 0x09, 1, 129, kUnsupported},
      {"tau", 0x0A, 1, 0, kUnsupported},
      {"tau", 0x0A, 1, 7, kUnsupported},
      {"tau", 0x0A, 1, 10, kUnsupported},
      {"tau", 0x0A, 1, 32, kUnsupported},
      {"mode", 0x0B, 1, 2, kUnsupported},
      {"mode", 0x0B, 1, 0x81, kUnsupported},
      {"group", 0x2C, 4, 0, kUnsupported},
      {"group", 0x2C, 4, 2, kUnsupported},
      {"batch", 0x10, 4, 0, kShape},
      {"in_channels", 0x14, 4, 0, kShape},
      {"in_channels", 0x14, 4, kMaxChannels + 1, kShape},
      {"in_channels", 0x14, 4, 0x10008, kShape},
      {"in_height", 0x18, 4, 0, kShape},
      {"in_height", 0x18, 4, 8, kShape},
      {"in_height", 0x18, 4, 0x10009, kShape},
      {"in_width", 0x1C, 4, 0, kShape},
      {"in_width", 0x1C, 4, 11, kShape},
      {"out_channels", 0x20, 4, 0, kShape},
      {"out_channels", 0x20, 4, kMaxChannels + 1, kShape},
      {"out_height", 0x24, 4, 0, kShape},
      {"out_height", 0x24, 4, 10, kShape},
      {"out_height", 0x24, 4, 0x10009, kShape},
      {"out_width", 0x28, 4, 9, kShape},
      {"input_zero_point", 0x0C, 2, 256, kZeroPoint},
      {"input_zero_point", 0x0C, 2, 0xFFFF, kZeroPoint},
      {"output_zero_point", 0x0E, 2, 256, kZeroPoint},
      {"output_zero_point", 0x0E, 2, 0xFFFF, kZeroPoint},
      {"residual_zero_point", 0x8C, 2, 256, kZeroPoint},
      {"residual_zero_point", 0x8C, 2, 0xFFFF, kZeroPoint},
      {"infinite residual_multiplier", 0x88, 4, 0x7F800000, kMultiplier},
      {"not-a-number as residual_multiplier", 0x88, 4, 0x7FC00000, kMultiplier},
      {"residual_multiplier", 0x88, 4, 0x7B800000, kMultiplier},
      {"residual_multiplier", 0x88, 4, 0xFB800000, kMultiplier},
      {"batch beyond memory", 0x10, 4, kMemoryBytes / 1800, kAddress},
      {"batch beyond 40 bits", 0x10, 4, 0xFFFFFFFF, kAddress},
      {"no multiplier", 0x68, 8, 0, kAddress},
  };
  for (const std::size_t at : {0x30, 0x32}) {
    faults.push_back({"stride", at, 2, 0, kUnsupported});
    faults.push_back({"stride", at, 2, 3, kUnsupported});
    faults.push_back({"stride", at, 2, 0x101, kUnsupported});
    faults.push_back({"dilation", at + 4, 2, 0, kUnsupported});
    faults.push_back({"dilation", at + 4, 2, 2, kUnsupported});
  }
  for (const std::size_t at : {0x38, 0x3A, 0x3C, 0x3E}) {
    faults.push_back({"padding", at, 2, 3, kUnsupported});
    faults.push_back({"padding", at, 2, 2, kShape});
  }
  // Where the addresses of tensors stand, and how long the tensors are, rounded up to their alignment.
  const std::pair<std::size_t, std::uint64_t> tensors[] = {{0x40, 1472}, {0x48, 3648}, {0x50, 128}, {0x58, 128},
                                                           {0x60, 128},  {0x68, 128},  {0x80, 3648}};
  for (const auto& [at, length] : tensors) {
    faults.push_back({"misaligned address", at, 8, 0x80020, kAddress});
    faults.push_back({"last place in memory", at, 8, kMemoryBytes - length, ErrorCode::kNone});
    faults.push_back({"address that leaves memory", at, 8, kMemoryBytes - length + 64, kAddress});
    faults.push_back({"address beyond 40 bits", at, 8, 0x8000080000, kAddress});
    faults.push_back({"address near the last", at, 8, ~std::uint64_t{63}, kAddress});
    if (at != 0x48) {
      // Two images of 20 channels of 9x10 lie from 0x20000 on.
      faults.push_back({"neighbour of the output's start", at, 8, 0x20000 - length, ErrorCode::kNone});
      faults.push_back({"overlap with the output's start", at, 8, 0x20000 - length + 64, kAddress});
      faults.push_back({"overlap with the output's end", at, 8, 0x20E00, kAddress});
      faults.push_back({"neighbour of the output's end", at, 8, 0x20E40, ErrorCode::kNone});
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
         {{"size", 0x06, 2, 192, ErrorCode::kHeader},
          {"version", 0x04, 2, 2, ErrorCode::kHeader},
          {"output_zero_point of i32", 0x0E, 2, 1, ErrorCode::kZeroPoint},
          {"multiplier of i32", 0x68, 8, 0x60000, ErrorCode::kAddress},
          {"no bias", 0x60, 8, 0, ErrorCode::kNone}});
  words.version = 2;
  words.residual_address = 0;
  words.residual_zero_point = 0;
  Expect(m, words,
         {{"residual of i32", 0x80, 8, 0x70000, ErrorCode::kAddress},
          {"zero point without a residual", 0x8C, 2, 1, ErrorCode::kZeroPoint},
          {"infinite multiplier without a residual", 0x88, 4, 0xFF800000, ErrorCode::kMultiplier}});
  LayerDescriptor powers = Whole();
  powers.in_channels = powers.out_channels = 16;
  powers.in_height = powers.out_height = powers.in_width = powers.out_width = 8;
  Expect(m, powers, {{"batch of 2^40 bytes", 0x10, 4, 1u << 30, ErrorCode::kAddress}});
  LayerDescriptor signs = words;
  signs.output_format = OutputFormat::kBits;
  signs.multiplier_address = 0x60000;
  Expect(m, signs,
         {{"output_zero_point of bits", 0x0E, 2, 1, ErrorCode::kZeroPoint},
          {"residual of bits", 0x80, 8, 0x70000, ErrorCode::kAddress},
          {"no sign rules", 0x68, 8, 0, ErrorCode::kAddress},
          {"sign rules at the end of memory", 0x68, 8, kMemoryBytes - 64, ErrorCode::kAddress},
          // Two images of 20 channels of 9 rows of two bytes.
          {"output at the end of memory", 0x48, 8, kMemoryBytes - 768, ErrorCode::kNone},
          {"output at the end of memory", 0x48, 8, kMemoryBytes - 704, ErrorCode::kAddress}});
  LayerDescriptor bits = Whole();
  bits.input_format = InputFormat::kBits;
  bits.input_zero_point = 0;
  bits.output_format = OutputFormat::kS8;
  bits.mode = Mode::kDirect;
  Expect(m, bits,
         {{"input_zero_point of bits", 0x0C, 2, 1, ErrorCode::kZeroPoint},
          {"output_zero_point of s8", 0x0E, 2, 128, ErrorCode::kZeroPoint},
          {"output_zero_point of s8", 0x0E, 2, 0xFF7F, ErrorCode::kZeroPoint},
          {"output_zero_point of s8", 0x0E, 2, 0xFF80, ErrorCode::kNone},
          {"residual_zero_point of s8", 0x8C, 2, 0xFF80, ErrorCode::kNone},
          {"residual_zero_point of s8", 0x8C, 2, 128, ErrorCode::kZeroPoint},
          {"tau in direct mode", 0x0A, 1, 9, ErrorCode::kNone},
          {"tau in direct mode", 0x0A, 1, 10, ErrorCode::kUnsupported}});
}

}  // namespace
}  // namespace subbit::fpga
