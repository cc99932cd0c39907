// Descriptors of version 3: layers of integer networks.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <stdexcept>

#include "device/dense_order.h"
#include "device/layer_descriptor.h"
#include "emulator/emulator.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

using D = LayerDescriptor;

Capabilities Offered() {
  Capabilities c = Emulator::CapabilitiesOf("tables");
  c.memory_bytes = 0x30000;
  return c;
}

D Layer(Kind kind) {
  D d;
  d.version = 3;
  d.input_format = {};
  d.output_format = {};
  d.tau = 0;
  d.batch = 2;
  d.in_channels = 3;
  d.in_height = 10;
  d.in_width = 11;
  d.out_channels = 70;
  d.integer.emplace().kind = kind;
  d.input_address = 0x1000;
  d.output_address = 0x2000;
  d.index_address = 0x14000;
  d.multiplier_address = 0x18000;
  return d;
}

D Conv() {
  D d = Layer(Kind::kConv);
  d.tau = 5;
  d.out_height = 5;
  d.out_width = 11;
  d.stride_h = 2;
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = 1;
  d.codebook_address = 0x17000;
  d.adds_residual = true;
  d.residual_address = 0xA000;
  d.integer->shift = 3;
  d.integer->slope_shift = 2;
  d.integer->value_bits = 12;
  d.integer->gives_signs = true;
  d.signs_address = 0x19000;
  return d;
}

D Stem() {
  D d = Layer(Kind::kStem);
  d.stride_h = d.stride_w = 2;
  d.pad_top = d.pad_left = 2;
  d.pad_bottom = d.pad_right = 1;
  d.codebook_address = 0x17000;
  d.integer->shift = 8;
  d.integer->kernel = 5;
  d.integer->taps = 0x104;
  d.index_address = 0x1C000;
  d.integer->pool = {3, 2};
  d.integer->pool_strides = {2, 1};
  d.integer->pool_pads = {1, 1, 0, 0};
  // Sums of 5x5, pooled.
  d.out_height = 2;
  d.out_width = 5;
  d.integer->gives_signs = true;
  d.signs_address = 0x19000;
  return d;
}

D Shortcut() {
  D d = Layer(Kind::kShortcut);
  d.out_height = 5;
  d.out_width = 6;
  d.integer->shift = 9;
  d.integer->pool = d.integer->pool_strides = {2, 2};
  return d;
}

D Classifier() {
  D d = Layer(Kind::kClassifier);
  d.out_height = d.out_width = 1;
  d.multiplier_address = 0;
  d.integer->value_bits = 0;
  d.integer->shift = 4;
  return d;
}

TEST(IntegerDescriptor, EveryKindPassesItsChecks) {
  EXPECT_EQ(Conv().Validate(Offered()), ErrorCode::kNone);
  EXPECT_EQ(Stem().Validate(Offered()), ErrorCode::kNone);
  EXPECT_EQ(Shortcut().Validate(Offered()), ErrorCode::kNone);
  EXPECT_EQ(Classifier().Validate(Offered()), ErrorCode::kNone);
}

TEST(IntegerDescriptor, OfAStemMayBeBesideOthersIfTheDeviceOffersIt) {
  D d = Stem();
  d.integer->beside = 1;
  EXPECT_EQ(d.Validate(Offered()), ErrorCode::kNone);
  Capabilities without = Offered();
  without.features &= ~registers::kFeaturesBeside;
  EXPECT_EQ(d.Validate(without), ErrorCode::kUnsupported);
  EXPECT_EQ(Stem().Validate(without), ErrorCode::kNone);
}

TEST(IntegerDescriptor, HasTheDocumentedTail) {
  D stem = Stem();
  stem.integer->beside = 1;
  const D::Bytes bytes = stem.Encode();
  ASSERT_EQ(bytes.size(), 256u);
  EXPECT_EQ(bytes[0x04], 3) << "version";
  EXPECT_EQ(bytes[0x06], 0) << "size";
  EXPECT_EQ(bytes[0x07], 1) << "size";
  const std::uint8_t tail[] = {1, 8, 0, 16, 5, 3, 2, 2, 1, 1, 1, 0, 0, 1, 4, 1, 0, 0x90, 1};
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_EQ(bytes[0xC0 + i], i < sizeof tail ? tail[i] : 0) << "byte " << 0xC0 + i;
  }
}

TEST(IntegerDescriptor, SurvivesARoundTripWhateverItsFieldsHold) {
  std::mt19937 random(1);
  const D::Bytes head = Stem().Encode();
  for (int run = 0; run < 200; ++run) {
    D::Bytes bytes(head.size());
    for (auto& byte : bytes) {
      byte = static_cast<std::uint8_t>(random());
    }
    std::copy(head.begin(), head.begin() + 8, bytes.begin());
    for (const Reserved& reserved : fields::kReserved) {
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(reserved.at), reserved.bytes, std::uint8_t{0});
    }
    bytes[8] %= 3;
    bytes[9] %= 4;
    bytes[11] %= 2;
    bytes[0xC0] %= 4;
    D decoded;
    ASSERT_EQ(D::Decode(bytes.data(), bytes.size(), &decoded), ErrorCode::kNone);
    EXPECT_EQ(decoded.Encode(), bytes);
  }
}

TEST(IntegerDescriptor, IsAWrongVersionForOtherDevices) {
  const D::Bytes bytes = Stem().Encode();
  D decoded;
  EXPECT_EQ(D::Decode(bytes.data(), bytes.size(), &decoded, 2), ErrorCode::kHeader);
  EXPECT_EQ(D::Decode(bytes.data(), bytes.size() - 1, &decoded), ErrorCode::kHeader) << "cut off";
  D::Bytes unknown = bytes;
  unknown[0xC0] = 4;
  EXPECT_EQ(D::Decode(unknown.data(), unknown.size(), &decoded), ErrorCode::kUnsupported) << "a fifth kind";
  unknown[0x04] = 3;
  EXPECT_EQ(D::Decode(unknown.data(), unknown.size(), &decoded, 2), ErrorCode::kHeader);
}

TEST(IntegerDescriptor, MustBeConsistentToBeWritten) {
  D d = Stem();
  d.version = 2;
  EXPECT_THROW(d.Encode(), std::logic_error) << "an integer layer in version 2";
  d = Stem();
  d.integer.reset();
  EXPECT_THROW(d.Encode(), std::logic_error) << "version 3 without an integer layer";
  d = Stem();
  d.integer->gives_signs = false;
  EXPECT_THROW(d.Encode(), std::logic_error) << "an address without signs";
}

struct Corruption {
  const char* name;
  D (*of)();
  ErrorCode expected;
  std::function<void(D&)> apply;
};

TEST(IntegerDescriptor, RejectsEveryCorruptField) {
  const Corruption corruptions[] = {
      {"input format", Conv, ErrorCode::kUnsupported, [](D& d) { d.input_format = InputFormat::kU8; }},
      {"output format", Stem, ErrorCode::kUnsupported, [](D& d) { d.output_format = OutputFormat::kBits; }},
      {"direct mode", Conv, ErrorCode::kUnsupported, [](D& d) { d.mode = Mode::kDirect; }},
      {"input zero point", Stem, ErrorCode::kUnsupported, [](D& d) { d.input_zero_point = 1; }},
      {"residual multiplier", Conv, ErrorCode::kUnsupported, [](D& d) { d.residual_multiplier = 1; }},
      {"groups", Conv, ErrorCode::kUnsupported, [](D& d) { d.group = 2; }},
      {"dilation", Stem, ErrorCode::kUnsupported, [](D& d) { d.dilation_w = 2; }},
      {"tau of a stem", Stem, ErrorCode::kUnsupported, [](D& d) { d.tau = 1; }},
      {"tau 6", Conv, ErrorCode::kUnsupported, [](D& d) { d.tau = 6; }},
      {"stride 3", Conv, ErrorCode::kUnsupported, [](D& d) { d.stride_w = 3; }},
      {"pads 3", Conv, ErrorCode::kUnsupported, [](D& d) { d.pad_right = 3; }},
      {"shift 12 of a conv", Conv, ErrorCode::kUnsupported, [](D& d) { d.integer->shift = 12; }},
      {"shift 0 of a stem", Stem, ErrorCode::kUnsupported, [](D& d) { d.integer->shift = 0; }},
      {"shift 18 of a stem", Stem, ErrorCode::kUnsupported, [](D& d) { d.integer->shift = 18; }},
      {"shift 24 of a shortcut", Shortcut, ErrorCode::kUnsupported, [](D& d) { d.integer->shift = 24; }},
      {"shift 16 of a classifier", Classifier, ErrorCode::kUnsupported, [](D& d) { d.integer->shift = 16; }},
      {"slope shift 4", Conv, ErrorCode::kUnsupported, [](D& d) { d.integer->slope_shift = 4; }},
      {"slope shift without a residual", Conv, ErrorCode::kUnsupported,
       [](D& d) {
         d.adds_residual = false;
         d.residual_address = 0;
       }},
      {"8 bits of values", Stem, ErrorCode::kUnsupported, [](D& d) { d.integer->value_bits = 8; }},
      {"17 bits of values", Shortcut, ErrorCode::kUnsupported, [](D& d) { d.integer->value_bits = 17; }},
      {"values of a classifier", Classifier, ErrorCode::kUnsupported, [](D& d) { d.integer->value_bits = 16; }},
      {"no kernel", Stem, ErrorCode::kUnsupported, [](D& d) { d.integer->kernel = 0; }},
      {"kernel 9", Stem, ErrorCode::kUnsupported, [](D& d) { d.integer->kernel = 9; }},
      {"kernel of a shortcut", Shortcut, ErrorCode::kUnsupported, [](D& d) { d.integer->kernel = 1; }},
      {"pads of the kernel's size", Stem, ErrorCode::kUnsupported, [](D& d) { d.pad_top = 5; }},
      {"a stride beyond the kernel", Stem, ErrorCode::kUnsupported, [](D& d) { d.stride_h = 6; }},
      {"pads of a shortcut", Shortcut, ErrorCode::kUnsupported, [](D& d) { d.pad_left = 1; }},
      {"stride of a classifier", Classifier, ErrorCode::kUnsupported, [](D& d) { d.stride_h = 2; }},
      {"taps of a shortcut", Shortcut, ErrorCode::kUnsupported, [](D& d) { d.integer->taps = 1; }},
      {"taps of a conv", Conv, ErrorCode::kUnsupported, [](D& d) { d.integer->taps = 3; }},
      {"taps of a classifier", Classifier, ErrorCode::kUnsupported, [](D& d) { d.integer->taps = 512; }},
      {"no pool", Stem, ErrorCode::kUnsupported, [](D& d) { d.integer->pool[1] = 0; }},
      {"pool 4", Stem, ErrorCode::kUnsupported, [](D& d) { d.integer->pool[0] = 4; }},
      {"a stride beyond the pool", Stem, ErrorCode::kUnsupported, [](D& d) { d.integer->pool_strides[1] = 3; }},
      {"windows of a pool that overlap by two", Stem, ErrorCode::kUnsupported,
       [](D& d) { d.integer->pool_strides[0] = 1; }},
      {"pads of the pool's size", Stem, ErrorCode::kUnsupported, [](D& d) { d.integer->pool_pads[2] = 3; }},
      {"pool of a conv", Conv, ErrorCode::kUnsupported,
       [](D& d) { d.integer->pool = d.integer->pool_strides = {2, 2}; }},
      {"pool 3 of a shortcut", Shortcut, ErrorCode::kUnsupported,
       [](D& d) { d.integer->pool = d.integer->pool_strides = {3, 3}; }},
      {"an oblong pool of a shortcut", Shortcut, ErrorCode::kUnsupported,
       [](D& d) { d.integer->pool = d.integer->pool_strides = {2, 1}; }},
      {"a pool that overlaps", Shortcut, ErrorCode::kUnsupported, [](D& d) { d.integer->pool_strides = {1, 1}; }},
      {"signs of a classifier", Classifier, ErrorCode::kUnsupported,
       [](D& d) {
         d.integer->gives_signs = true;
         d.signs_address = 0x19000;
       }},
      {"residual of a shortcut", Shortcut, ErrorCode::kUnsupported,
       [](D& d) {
         d.adds_residual = true;
         d.residual_address = 0xA000;
       }},
      {"a stem neither beside others nor not", Stem, ErrorCode::kUnsupported, [](D& d) { d.integer->beside = 2; }},
      {"a conv beside others", Conv, ErrorCode::kUnsupported, [](D& d) { d.integer->beside = 1; }},
      {"a shortcut beside others", Shortcut, ErrorCode::kUnsupported, [](D& d) { d.integer->beside = 1; }},
      {"a classifier beside others", Classifier, ErrorCode::kUnsupported, [](D& d) { d.integer->beside = 1; }},
      {"no channels", Shortcut, ErrorCode::kShape, [](D& d) { d.in_channels = 0; }},
      {"513 channels", Shortcut, ErrorCode::kShape, [](D& d) { d.out_channels = 513; }},
      {"257 channels of a shortcut", Shortcut, ErrorCode::kShape, [](D& d) { d.in_channels = 257; }},
      {"rows of a shortcut that do not fit", Shortcut, ErrorCode::kShape,
       [](D& d) {
         d.in_channels = 147;
         d.in_width = 56;
         d.out_width = 28;
       }},
      {"five channels of pixels", Stem, ErrorCode::kShape, [](D& d) { d.in_channels = 5; }},
      {"no taps", Stem, ErrorCode::kShape, [](D& d) { d.integer->taps = 0; }},
      {"513 taps", Stem, ErrorCode::kShape, [](D& d) { d.integer->taps = 513; }},
      {"65536 classes", Classifier, ErrorCode::kShape, [](D& d) { d.out_channels = 65536; }},
      {"sums beyond 16 bits", Conv, ErrorCode::kShape, [](D& d) { d.integer->shift = 11; }},
      {"no images", Stem, ErrorCode::kShape, [](D& d) { d.batch = 0; }},
      {"no rows", Stem, ErrorCode::kShape, [](D& d) { d.in_height = 0; }},
      {"257 columns of pixels", Stem, ErrorCode::kShape, [](D& d) { d.in_width = 257; }},
      {"57 columns of values", Shortcut, ErrorCode::kShape, [](D& d) { d.in_width = 57; }},
      {"rows that do not fit", Conv, ErrorCode::kShape,
       [](D& d) {
         d.in_channels = 400;
         d.in_height = 19;
         d.out_height = 10;
         d.integer->shift = 0;
       }},
      {"output rows disagree", Stem, ErrorCode::kShape, [](D& d) { d.out_height = 3; }},
      {"output columns disagree", Shortcut, ErrorCode::kShape, [](D& d) { d.out_width = 5; }},
      {"rows of classes", Classifier, ErrorCode::kShape, [](D& d) { d.out_height = 2; }},
      {"257 positions", Classifier, ErrorCode::kShape,
       [](D& d) {
         d.in_height = 257;
         d.in_width = 1;
       }},
      {"batch beyond memory", Stem, ErrorCode::kAddress, [](D& d) { d.batch = 0xFFFFFFFF; }},
      {"no codebook", Conv, ErrorCode::kAddress, [](D& d) { d.codebook_address = 0; }},
      {"no zero pixels", Stem, ErrorCode::kAddress, [](D& d) { d.codebook_address = 0; }},
      {"codebook of a shortcut", Shortcut, ErrorCode::kAddress, [](D& d) { d.codebook_address = 0x17000; }},
      {"no parameters", Shortcut, ErrorCode::kAddress, [](D& d) { d.multiplier_address = 0; }},
      {"parameters of a classifier", Classifier, ErrorCode::kAddress, [](D& d) { d.multiplier_address = 0x18000; }},
      {"bias", Conv, ErrorCode::kAddress, [](D& d) { d.bias_address = 0x18000; }},
      {"list of taps past the end", Stem, ErrorCode::kAddress, [](D& d) { d.codebook_address = 0x30000 - 0x400; }},
      {"weights of a stem past the end", Stem, ErrorCode::kAddress, [](D& d) { d.index_address = 0x30000 - 0x10000; }},
      {"output misaligned", Stem, ErrorCode::kAddress, [](D& d) { d.output_address += 8; }},
      {"output past the end", Conv, ErrorCode::kAddress, [](D& d) { d.output_address = 0x30000; }},
      {"signs past the end", Conv, ErrorCode::kAddress, [](D& d) { d.signs_address = 0x2FFC0; }},
      {"signs overlap the output", Stem, ErrorCode::kAddress, [](D& d) { d.signs_address = 0x2040; }},
      {"signs overlap the input", Stem, ErrorCode::kAddress, [](D& d) { d.signs_address = 0x1040; }},
      {"weights past the end", Classifier, ErrorCode::kAddress, [](D& d) { d.index_address = 0x2FFC0; }},
      {"weights overlap the output", Shortcut, ErrorCode::kAddress, [](D& d) { d.index_address = 0x2040; }},
      {"residual overlaps the output", Conv, ErrorCode::kAddress, [](D& d) { d.residual_address = 0x2040; }},
  };
  for (const Corruption& corruption : corruptions) {
    D d = corruption.of();
    corruption.apply(d);
    EXPECT_EQ(d.Validate(Offered()), corruption.expected) << corruption.name;
  }
}

TEST(IntegerDescriptor, OfAStemHasALimitOnItsPooledSums) {
  Capabilities wide = Offered();
  wide.max_width = 100;
  D d = Stem();
  d.input_address = 0xE000;
  d.in_width = 127;
  d.out_width = 63;
  EXPECT_EQ(d.Validate(wide), ErrorCode::kNone) << "a set of 64 channels counts";
  d.in_width = 131;
  d.out_width = 65;
  EXPECT_EQ(d.Validate(wide), ErrorCode::kShape);
  d.out_channels = 63;
  EXPECT_EQ(d.Validate(wide), ErrorCode::kNone);
}

TEST(IntegerDescriptor, NeedsTheFeatureOfItsKind) {
  const std::pair<D (*)(), std::uint32_t> features[] = {{Conv, registers::kFeaturesIntegerConv},
                                                        {Stem, registers::kFeaturesStem},
                                                        {Shortcut, registers::kFeaturesShortcut},
                                                        {Classifier, registers::kFeaturesClassifier}};
  for (const auto& [of, feature] : features) {
    Capabilities without = Offered();
    without.features &= ~feature;
    EXPECT_EQ(without.NewestDescriptor(), 3);
    EXPECT_EQ(of().Validate(without), ErrorCode::kUnsupported) << feature;
  }
}

TEST(DenseOrder, HasTheWeightsOfATapTogether) {
  LayerShape shape = Shortcut();
  std::vector<std::int8_t> weights;
  for (std::uint32_t o = 0; o < shape.out_channels; ++o) {
    for (std::uint32_t c = 0; c < shape.in_channels; ++c) {
      weights.push_back(static_cast<std::int8_t>(o + 40 * c));
    }
  }
  const std::vector<std::int8_t> ordered = InDenseOrder(shape, weights);
  ASSERT_EQ(ordered.size(), shape.dense_bytes());
  ASSERT_EQ(ordered.size(), 2u * 3 * 64) << "two blocks";
  EXPECT_EQ(ordered[0], 0);
  EXPECT_EQ(ordered[63], 63);
  EXPECT_EQ(ordered[64], 40) << "the second tap";
  EXPECT_EQ(ordered[3 * 64], 64) << "the second block";
  EXPECT_EQ(ordered[3 * 64 + 5], 69);
  EXPECT_EQ(ordered[3 * 64 + 6], 0) << "filled up";
}

}  // namespace
}  // namespace subbit::fpga
