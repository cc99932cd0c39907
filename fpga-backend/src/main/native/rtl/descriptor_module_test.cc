// The module that checks descriptors alone, on random ones: its verdict is compared with the driver's, and the sizes
// and the tile that it computes with their definitions.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <string>

#include "Vsubbit_descriptor_six.h"
#include "rtl/descriptor_bench.h"
#include "rtl/layer_fields.h"
#include "rtl/layer_port.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

/// Of the module's parameters.
constexpr TileLimits kLimits = {4, 1024, 1024};
constexpr std::uint64_t kMemoryBytes = std::uint64_t{1} << 28;
constexpr std::uint32_t kMaxChannels = 512;
constexpr std::uint32_t kMaxWidth = 512;

/// A layer of any shape, small more often than not, whose tensors lie one after the other.
LayerDescriptor RandomLayer(std::mt19937& random) {
  LayerDescriptor d;
  const auto any = [&](int most) {
    return static_cast<std::uint32_t>(Between(random, 1, random() % 4 == 0 ? most : 20));
  };
  d.version = static_cast<std::uint16_t>(Between(random, 1, 2));
  d.input_format = static_cast<InputFormat>(random() % 3);
  d.output_format = static_cast<OutputFormat>(random() % 4);
  d.mode = static_cast<Mode>(random() % 2);
  d.tau = static_cast<std::uint8_t>(Between(random, 1, d.mode == Mode::kDirect ? 9 : 6));
  const auto zero = [&](int format) {
    return static_cast<std::int16_t>(format % 3 == 0 ? 0 : Between(random, 0, 255) - (format == 2 ? 128 : 0));
  };
  d.input_zero_point = zero(static_cast<int>(d.input_format));
  d.output_zero_point = zero(static_cast<int>(d.output_format));
  d.batch = any(3000);
  d.in_channels = any(kMaxChannels);
  d.out_channels = any(kMaxChannels);
  d.in_height = any(3000);
  d.in_width = any(kMaxWidth);
  d.stride_h = static_cast<std::uint16_t>(Between(random, 1, 2));
  d.stride_w = static_cast<std::uint16_t>(Between(random, 1, 2));
  for (std::uint16_t* pad : {&d.pad_top, &d.pad_left, &d.pad_bottom, &d.pad_right}) {
    *pad = static_cast<std::uint16_t>(Between(random, 0, 2));
  }
  const auto length = [](std::uint32_t in, int pads, int stride) {
    const int padded = static_cast<int>(in) + pads;
    return static_cast<std::uint32_t>(padded < 3 ? 0 : (padded - 3) / stride + 1);
  };
  d.out_height = length(d.in_height, d.pad_top + d.pad_bottom, d.stride_h);
  d.out_width = length(d.in_width, d.pad_left + d.pad_right, d.stride_w);
  std::uint64_t at = 64;
  const auto place = [&](std::uint64_t bytes) {
    const std::uint64_t address = at;
    at += (bytes + 63) / 64 * 64 + random() % 3 * 64;
    return address;
  };
  d.input_address = place(d.batch * d.input_image_bytes());
  d.output_address = place(d.batch * d.output_image_bytes());
  d.index_address = place(d.index_bytes());
  d.codebook_address = place(d.codebook_bytes());
  d.bias_address = random() % 2 == 0 ? 0 : place(d.out_channels * 4);
  d.multiplier_address = d.output_format == OutputFormat::kI32 ? 0 : place(d.out_channels * 4);
  if (d.version == 2 && HasEightBits(d.output_format) && random() % 2 == 0) {
    d.adds_residual = true;
    d.residual_address = place(d.batch * d.output_image_bytes());
    d.residual_zero_point = zero(static_cast<int>(d.output_format));
    d.residual_multiplier = std::ldexp(1.5f, Between(random, -20, random() % 4 == 0 ? 126 : 119));
  }
  return d;
}

/// Judges random descriptors; the index may have so many bits.
template <class Descriptor>
void TakesRandomDescriptors(std::uint32_t max_tau) {
  Capabilities capabilities;
  capabilities.features = registers::kFeaturesInt8 | registers::kFeaturesBinary | registers::kFeaturesResidual |
                          registers::kFeaturesBitsOut;
  capabilities.max_channels = kMaxChannels;
  capabilities.max_tau = max_tau;
  capabilities.max_width = kMaxWidth;
  capabilities.memory_bytes = kMemoryBytes;
  std::mt19937 random(2);
  Descriptor m;
  Reset(m);
  std::map<ErrorCode, int> seen;
  for (int run = 0; run < 20000; ++run) {
    DescriptorBytes bytes = Encode(RandomLayer(random), random);
    // Bytes are often wrong by one bit.
    for (int faults = random() % 2 == 0 ? 0 : Between(random, 1, 2); faults > 0; --faults) {
      bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
    }
    LayerDescriptor d;
    const ErrorCode expected = ExpectedError(bytes, capabilities, &d);
    if (random() % 16 == 0) {
      // Given up half way.
      std::memcpy(&m.bytes, bytes.data(), bytes.size());
      m.start = 1;
      for (int cycle = Between(random, 1, 300); cycle > 0 && !m.done; --cycle) {
        Cycle(m);
        m.start = 0;
      }
      Reset(m);
    }
    ASSERT_EQ(Judge(m, bytes), expected) << "run " << run;
    ++seen[expected];
    if (expected == ErrorCode::kNone) {
      for (const auto& [name, value] : LayerFields(d, kLimits)) {
        ASSERT_EQ(GetLayer(m.layer, name), value) << name << ", run " << run;
      }
    }
  }
  EXPECT_GT(seen[ErrorCode::kNone], 3000);
  for (const auto error : {ErrorCode::kHeader, ErrorCode::kUnsupported, ErrorCode::kShape, ErrorCode::kAddress,
                           ErrorCode::kMultiplier, ErrorCode::kZeroPoint}) {
    EXPECT_GT(seen[error], 10) << Describe(error);
  }
}

TEST(DescriptorModule, TakesRandomDescriptorsAsTheDriverDoes) { TakesRandomDescriptors<Vsubbit_descriptor>(9); }
TEST(DescriptorModule, RefusesIndicesOfMoreBitsThanItStores) { TakesRandomDescriptors<Vsubbit_descriptor_six>(6); }

}  // namespace
}  // namespace subbit::fpga
