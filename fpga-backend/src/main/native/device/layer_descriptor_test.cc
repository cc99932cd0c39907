#include "device/layer_descriptor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>

#include "emulator/emulator.h"
#include "tables/device.h"

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

/// The same with a residual.
LayerDescriptor ValidResidualLayer() {
  LayerDescriptor d = ValidLayer();
  d.version = 2;
  d.adds_residual = true;
  d.residual_address = 0x8000;
  d.residual_multiplier = 0.75f;
  d.residual_zero_point = -3;
  return d;
}

ErrorCode Decode(const LayerDescriptor::Bytes& bytes, LayerDescriptor* descriptor) {
  return LayerDescriptor::Decode(bytes.data(), bytes.size(), descriptor);
}

Capabilities Offered() {
  Capabilities c = Emulator::DefaultCapabilities();
  c.memory_bytes = 0x9000;
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

TEST(LayerDescriptor, HasTheDocumentedTailInVersion2) {
  const LayerDescriptor::Bytes bytes = ValidResidualLayer().Encode();
  ASSERT_EQ(bytes.size(), 192u);
  EXPECT_EQ(bytes[0x04], 2) << "version";
  EXPECT_EQ(bytes[0x06], 192) << "size";
  // Address 0x8000, multiplier 0.75, zero point -3, then nothing.
  const std::uint8_t tail[] = {0x00, 0x80, 0, 0, 0, 0, 0, 0, 0x00, 0x00, 0x40, 0x3F, 0xFD, 0xFF};
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_EQ(bytes[0x80 + i], i < sizeof tail ? tail[i] : 0) << "byte " << 0x80 + i;
  }
  LayerDescriptor plain = ValidResidualLayer();
  plain.version = 1;
  const LayerDescriptor::Bytes version1 = plain.Encode();
  ASSERT_EQ(version1.size(), 128u);
  EXPECT_TRUE(std::equal(version1.begin() + 8, version1.end(), bytes.begin() + 8))
      << "version 2 only adds to version 1";
}

TEST(LayerDescriptor, AddsAResidualIfAndOnlyIfItHasTheAddressOfOne) {
  LayerDescriptor d = ValidResidualLayer();
  LayerDescriptor decoded;
  ASSERT_EQ(Decode(d.Encode(), &decoded), ErrorCode::kNone);
  EXPECT_TRUE(decoded.adds_residual);
  d.adds_residual = false;
  EXPECT_THROW(d.Encode(), std::logic_error) << "an address without a residual";
  d.residual_address = 0;
  ASSERT_EQ(Decode(d.Encode(), &decoded), ErrorCode::kNone);
  EXPECT_FALSE(decoded.adds_residual) << "version 2 may do without";
  d.adds_residual = true;
  EXPECT_THROW(d.Encode(), std::logic_error) << "a residual without an address";
}

TEST(LayerDescriptor, SurvivesARoundTripWhateverItsFieldsHold) {
  std::mt19937 random(1);
  for (int run = 0; run < 200; ++run) {
    LayerDescriptor of_version;
    of_version.version = static_cast<std::uint16_t>(1 + run % 2);
    const LayerDescriptor::Bytes head = of_version.Encode();
    LayerDescriptor::Bytes bytes(head.size());
    for (auto& byte : bytes) {
      byte = static_cast<std::uint8_t>(random());
    }
    std::copy(head.begin(), head.begin() + 8, bytes.begin());
    if (of_version.version == 2) {
      std::fill(bytes.begin() + 0x8E, bytes.end(), std::uint8_t{0});
    }
    bytes[8] %= 3;
    bytes[9] %= 4;
    bytes[11] %= 2;
    std::fill(bytes.begin() + 0x74, bytes.begin() + 0x78, std::uint8_t{0});
    LayerDescriptor decoded;
    ASSERT_EQ(Decode(bytes, &decoded), ErrorCode::kNone);
    EXPECT_EQ(decoded.Encode(), bytes);
  }
}

TEST(LayerDescriptor, RejectsAWrongHeaderOfVersion2) {
  for (std::size_t at : {0x04, 0x06, 0x74, 0x8E, 0x8F, 0x90, 0xA0, 0xBF}) {
    LayerDescriptor::Bytes bytes = ValidResidualLayer().Encode();
    bytes[at] ^= 0x01;
    LayerDescriptor decoded;
    EXPECT_EQ(Decode(bytes, &decoded), ErrorCode::kHeader) << "byte " << at;
  }
}

TEST(LayerDescriptor, MustNotReachBeyondWhatIsThere) {
  const LayerDescriptor::Bytes plain = ValidLayer().Encode();
  const LayerDescriptor::Bytes residual = ValidResidualLayer().Encode();
  LayerDescriptor decoded;
  EXPECT_EQ(LayerDescriptor::Decode(plain.data(), 127, &decoded), ErrorCode::kHeader);
  EXPECT_EQ(LayerDescriptor::Decode(plain.data(), 128, &decoded), ErrorCode::kNone);
  EXPECT_EQ(LayerDescriptor::Decode(residual.data(), 191, &decoded), ErrorCode::kHeader);
  EXPECT_EQ(LayerDescriptor::Decode(residual.data(), 192, &decoded), ErrorCode::kNone);
}

TEST(LayerDescriptor, RejectsAWrongHeader) {
  for (const std::size_t at : {0, 1, 2, 3, 4, 5, 6, 7, 0x74, 0x75, 0x76, 0x77}) {
    LayerDescriptor::Bytes bytes = ValidLayer().Encode();
    bytes[at] ^= 0x10;
    LayerDescriptor decoded;
    EXPECT_EQ(Decode(bytes, &decoded), ErrorCode::kHeader) << "byte " << at;
  }
}

TEST(LayerDescriptor, RejectsFormatsAndModesOutsideTheEnumerations) {
  for (const std::size_t at : {0x08, 0x09, 0x0B}) {
    LayerDescriptor::Bytes bytes = ValidLayer().Encode();
    bytes[at] = at == 0x09 ? 4 : 3;
    LayerDescriptor decoded;
    EXPECT_EQ(Decode(bytes, &decoded), ErrorCode::kUnsupported) << "byte " << at;
  }
}

TEST(LayerDescriptor, MayGiveBits) {
  LayerDescriptor d = ValidLayer();
  d.output_format = OutputFormat::kBits;
  d.output_zero_point = 0;
  EXPECT_EQ(d.output_image_bytes(), 8u * 5 * 2) << "rows of 11 pixels in two bytes each";
  EXPECT_EQ(d.Validate(Offered()), ErrorCode::kNone);
  Capabilities bare = Offered();
  bare.features &= ~registers::kFeaturesBitsOut;
  EXPECT_EQ(d.Validate(bare), ErrorCode::kUnsupported) << "a device of contract 1.2";
  d.output_zero_point = 1;
  EXPECT_EQ(d.Validate(Offered()), ErrorCode::kZeroPoint);
  d.output_zero_point = 0;
  d.multiplier_address = 0;
  EXPECT_EQ(d.Validate(Offered()), ErrorCode::kAddress) << "no sign rules";
}

TEST(LayerDescriptor, HasNoMoreBitsThanTheDeviceStores) {
  LayerDescriptor d = ValidLayer();
  Capabilities six = Offered();
  six.max_tau = 6;
  d.tau = 6;
  EXPECT_EQ(d.Validate(six), ErrorCode::kNone);
  d.tau = 7;
  d.mode = Mode::kDirect;
  EXPECT_EQ(d.Validate(six), ErrorCode::kUnsupported);
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
      {"input past the end", ErrorCode::kAddress, [](D& d) { d.input_address = 0x8FC0; }},
      {"input address wraps", ErrorCode::kAddress, [](D& d) { d.input_address = ~std::uint64_t{0} - 63; }},
      {"output overlaps the input", ErrorCode::kAddress, [](D& d) { d.output_address = 0x1040; }},
      {"output past the end", ErrorCode::kAddress, [](D& d) { d.output_address = 0x9000; }},
      {"index past the end", ErrorCode::kAddress, [](D& d) { d.index_address = 0x9000; }},
      {"codebook past the end", ErrorCode::kAddress, [](D& d) { d.codebook_address = 0x8FE0; }},
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

TEST(LayerDescriptor, RejectsEveryCorruptFieldOfAResidual) {
  using D = LayerDescriptor;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const Corruption corruptions[] = {
      {"multiplier infinite", ErrorCode::kMultiplier, [](D& d) { d.residual_multiplier = kInfinity; }},
      {"multiplier not a number", ErrorCode::kMultiplier, [](D& d) { d.residual_multiplier = kNan; }},
      {"multiplier 2^120", ErrorCode::kMultiplier, [](D& d) { d.residual_multiplier = 0x1p120f; }},
      {"multiplier -2^120", ErrorCode::kMultiplier, [](D& d) { d.residual_multiplier = -0x1p120f; }},
      {"multiplier without a residual", ErrorCode::kMultiplier,
       [](D& d) {
         d.adds_residual = false;
         d.residual_address = 0;
         d.residual_zero_point = 0;
         d.residual_multiplier = kNan;
       }},
      {"zero point too small", ErrorCode::kZeroPoint, [](D& d) { d.residual_zero_point = -129; }},
      {"zero point of u8", ErrorCode::kZeroPoint,
       [](D& d) {
         d.output_format = OutputFormat::kU8;
         d.output_zero_point = 0;
       }},
      {"zero point without a residual", ErrorCode::kZeroPoint,
       [](D& d) {
         d.adds_residual = false;
         d.residual_address = 0;
       }},
      {"residual without an address", ErrorCode::kAddress, [](D& d) { d.residual_address = 0; }},
      {"address without a residual", ErrorCode::kAddress,
       [](D& d) {
         d.adds_residual = false;
         d.residual_zero_point = 0;
       }},
      {"residual misaligned", ErrorCode::kAddress, [](D& d) { d.residual_address += 4; }},
      {"residual past the end", ErrorCode::kAddress, [](D& d) { d.residual_address = 0x8FC0; }},
      {"residual overlaps the output", ErrorCode::kAddress, [](D& d) { d.residual_address = d.output_address; }},
      {"residual of accumulators", ErrorCode::kAddress,
       [](D& d) {
         d.output_format = OutputFormat::kI32;
         d.output_zero_point = d.residual_zero_point = 0;
         d.multiplier_address = 0;
         d.batch = 1;
       }},
      {"residual of bits", ErrorCode::kAddress,
       [](D& d) {
         d.output_format = OutputFormat::kBits;
         d.output_zero_point = d.residual_zero_point = 0;
       }},
  };
  ASSERT_EQ(ValidResidualLayer().Validate(Offered()), ErrorCode::kNone);
  for (const Corruption& corruption : corruptions) {
    LayerDescriptor d = ValidResidualLayer();
    corruption.apply(d);
    EXPECT_EQ(d.Validate(Offered()), corruption.expected) << corruption.name;
  }
  LayerDescriptor large = ValidResidualLayer();
  large.residual_multiplier = std::nextafter(0x1p120f, 0.0f);
  EXPECT_EQ(large.Validate(Offered()), ErrorCode::kNone);
  Capabilities bare = Offered();
  bare.features &= ~registers::kFeaturesResidual;
  EXPECT_EQ(ValidResidualLayer().Validate(bare), ErrorCode::kUnsupported);
}

TEST(LayerDescriptor, RejectsWhatADeviceDoesNotOffer) {
  Capabilities bare = Offered();
  bare.features = 0;
  EXPECT_EQ(ValidLayer().Validate(bare), ErrorCode::kUnsupported) << "int8 activations";
  bare = Offered();
  bare.features &= ~registers::kFeaturesGroups;
  EXPECT_EQ(ValidLayer().Validate(bare), ErrorCode::kUnsupported) << "groups";
  bare = Offered();
  bare.features &= ~registers::kFeaturesDilation;
  LayerDescriptor dilated = ValidLayer();
  dilated.dilation_w = 2;
  EXPECT_EQ(dilated.Validate(bare), ErrorCode::kUnsupported) << "dilation";
  bare = Offered();
  bare.features &= ~registers::kFeaturesAnyStride;
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
