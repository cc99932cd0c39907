#include "device/layer_descriptor.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "device/registers.h"
#include "emulator/emulator.h"

namespace subbit::fpga {
namespace {

/// A layer that every check lets through.
LayerDescriptor ValidLayer() {
  LayerDescriptor d;
  d.input_format = InputFormat::kU8;
  d.output_format = OutputFormat::kS8;
  d.tau = 5;
  d.mode = Mode::kTable;
  d.input_zero_point = 7;
  d.output_zero_point = -9;
  d.batch = 2;
  d.in_channels = 6;
  d.in_height = 10;
  d.in_width = 11;
  d.out_channels = 8;
  d.out_height = 5;
  d.out_width = 11;
  d.group = 2;
  d.stride_h = 2;
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = 1;
  d.input_address = 0x1000;
  d.output_address = 0x2000;
  d.index_address = 0x4000;
  d.codebook_address = 0x5000;
  d.bias_address = 0x6000;
  d.multiplier_address = 0x7000;
  return d;
}

Capabilities Offered() {
  Capabilities c = Emulator::DefaultCapabilities();
  c.memory_bytes = 0x8000;
  return c;
}

TEST(LayerDescriptor, HasTheDocumentedLayout) {
  LayerDescriptor d = ValidLayer();
  d.cycles = 0x0102030405060708;
  const LayerDescriptor::Bytes bytes = d.Encode();
  const std::uint8_t head[] = {'S', 'B', 'L', 'D', 1, 0, 128, 0, 1, 2, 5, 0, 7, 0, 0xF7, 0xFF, 2, 0, 0, 0, 6, 0, 0, 0};
  for (std::size_t i = 0; i < sizeof head; ++i) {
    EXPECT_EQ(bytes[i], head[i]) << "byte " << i;
  }
  EXPECT_EQ(bytes[0x2C], 2) << "group";
  EXPECT_EQ(bytes[0x30], 2) << "stride of rows";
  EXPECT_EQ(bytes[0x41], 0x10) << "input address";
  EXPECT_EQ(bytes[0x78], 8) << "cycles, least significant byte first";
  EXPECT_EQ(bytes[0x7F], 1);
}

TEST(LayerDescriptor, SurvivesARoundTripWhateverItsFieldsHold) {
  std::mt19937 random(1);
  for (int run = 0; run < 200; ++run) {
    LayerDescriptor::Bytes bytes;
    for (auto& byte : bytes) {
      byte = static_cast<std::uint8_t>(random());
    }
    const LayerDescriptor::Bytes head = LayerDescriptor().Encode();
    std::copy(head.begin(), head.begin() + 8, bytes.begin());
    bytes[8] %= 3;
    bytes[9] %= 3;
    bytes[11] %= 2;
    std::fill(bytes.begin() + 0x74, bytes.begin() + 0x78, std::uint8_t{0});
    LayerDescriptor decoded;
    ASSERT_EQ(LayerDescriptor::Decode(bytes, &decoded), ErrorCode::kNone);
    EXPECT_EQ(decoded.Encode(), bytes);
  }
}

TEST(LayerDescriptor, RejectsAWrongHeader) {
  for (const std::size_t at : {0, 1, 2, 3, 4, 5, 6, 7, 0x74, 0x75, 0x76, 0x77}) {
    LayerDescriptor::Bytes bytes = ValidLayer().Encode();
    bytes[at] ^= 0x10;
    LayerDescriptor decoded;
    EXPECT_EQ(LayerDescriptor::Decode(bytes, &decoded), ErrorCode::kHeader) << "byte " << at;
  }
}

TEST(LayerDescriptor, RejectsFormatsAndModesOutsideTheEnumerations) {
  for (const std::size_t at : {0x08, 0x09, 0x0B}) {
    LayerDescriptor::Bytes bytes = ValidLayer().Encode();
    bytes[at] = 3;
    LayerDescriptor decoded;
    EXPECT_EQ(LayerDescriptor::Decode(bytes, &decoded), ErrorCode::kUnsupported) << "byte " << at;
  }
}

struct Corruption {
  const char* name;
  ErrorCode expected;
  std::function<void(LayerDescriptor&)> apply;
};

TEST(LayerDescriptor, RejectsEveryCorruptField) {
  using D = LayerDescriptor;
  const Corruption corruptions[] = {
      {"tau 0", ErrorCode::kUnsupported, [](D& d) { d.tau = 0; }},
      {"tau 10", ErrorCode::kUnsupported,
       [](D& d) {
         d.tau = 10;
         d.mode = Mode::kDirect;
       }},
      {"table too small for tau 7", ErrorCode::kUnsupported, [](D& d) { d.tau = 7; }},
      {"stride 0", ErrorCode::kUnsupported, [](D& d) { d.stride_w = 0; }},
      {"stride 256", ErrorCode::kUnsupported, [](D& d) { d.stride_h = 256; }},
      {"dilation 0", ErrorCode::kUnsupported, [](D& d) { d.dilation_h = 0; }},
      {"dilation 256", ErrorCode::kUnsupported, [](D& d) { d.dilation_w = 256; }},
      {"padding beyond the window", ErrorCode::kUnsupported, [](D& d) { d.pad_right = 3; }},
      {"no input channels", ErrorCode::kShape, [](D& d) { d.in_channels = 0; }},
      {"too many channels", ErrorCode::kShape, [](D& d) { d.out_channels = 65536; }},
      {"group 0", ErrorCode::kShape, [](D& d) { d.group = 0; }},
      {"group does not divide", ErrorCode::kShape, [](D& d) { d.group = 4; }},
      {"no images", ErrorCode::kShape, [](D& d) { d.batch = 0; }},
      {"no rows", ErrorCode::kShape, [](D& d) { d.in_height = 0; }},
      {"too many rows", ErrorCode::kShape, [](D& d) { d.in_height = 0xFFFFFFFF; }},
      {"no columns", ErrorCode::kShape, [](D& d) { d.in_width = 0; }},
      {"output rows disagree", ErrorCode::kShape, [](D& d) { d.out_height = 6; }},
      {"output columns disagree", ErrorCode::kShape, [](D& d) { d.out_width = 10; }},
      {"zero point of u8 negative", ErrorCode::kZeroPoint, [](D& d) { d.input_zero_point = -1; }},
      {"zero point of s8 128", ErrorCode::kZeroPoint, [](D& d) { d.output_zero_point = 128; }},
      {"zero point of accumulators", ErrorCode::kZeroPoint, [](D& d) { d.output_format = OutputFormat::kI32; }},
      {"batch beyond memory", ErrorCode::kAddress, [](D& d) { d.batch = 0xFFFFFFFF; }},
      {"input misaligned", ErrorCode::kAddress, [](D& d) { d.input_address += 4; }},
      {"input past the end", ErrorCode::kAddress, [](D& d) { d.input_address = 0x7FC0; }},
      {"input address wraps", ErrorCode::kAddress, [](D& d) { d.input_address = ~std::uint64_t{0} - 63; }},
      {"output overlaps the input", ErrorCode::kAddress, [](D& d) { d.output_address = 0x1040; }},
      {"output past the end", ErrorCode::kAddress, [](D& d) { d.output_address = 0x8000; }},
      {"index past the end", ErrorCode::kAddress, [](D& d) { d.index_address = 0x8000; }},
      {"codebook past the end", ErrorCode::kAddress, [](D& d) { d.codebook_address = 0x7FE0; }},
      {"bias past the end", ErrorCode::kAddress, [](D& d) { d.bias_address = 0x10000; }},
      {"no multipliers", ErrorCode::kAddress, [](D& d) { d.multiplier_address = 0; }},
      {"multipliers overlap the output", ErrorCode::kAddress, [](D& d) { d.multiplier_address = 0x2040; }},
  };
  ASSERT_EQ(ValidLayer().Validate(Offered()), ErrorCode::kNone);
  for (const Corruption& corruption : corruptions) {
    LayerDescriptor d = ValidLayer();
    corruption.apply(d);
    EXPECT_EQ(d.Validate(Offered()), corruption.expected) << corruption.name;
  }
}

TEST(LayerDescriptor, RejectsWhatADeviceDoesNotOffer) {
  Capabilities bare = Offered();
  bare.features = 0;
  EXPECT_EQ(ValidLayer().Validate(bare), ErrorCode::kUnsupported) << "int8 activations";
  bare = Offered();
  bare.features &= ~registers::kFeatureGroups;
  EXPECT_EQ(ValidLayer().Validate(bare), ErrorCode::kUnsupported) << "groups";
  bare = Offered();
  bare.features &= ~registers::kFeatureDilation;
  LayerDescriptor dilated = ValidLayer();
  dilated.dilation_w = 2;
  EXPECT_EQ(dilated.Validate(bare), ErrorCode::kUnsupported) << "dilation";
  bare = Offered();
  bare.features &= ~registers::kFeatureAnyStride;
  LayerDescriptor strided = ValidLayer();
  strided.stride_h = 3;
  EXPECT_EQ(strided.Validate(bare), ErrorCode::kUnsupported) << "stride 3";
  EXPECT_EQ(ValidLayer().Validate(bare), ErrorCode::kNone) << "stride 2 is always there";
  bare = Offered();
  bare.max_width = 10;
  EXPECT_EQ(ValidLayer().Validate(bare), ErrorCode::kShape) << "rows wider than the line memory";
}

}  // namespace
}  // namespace subbit::fpga
