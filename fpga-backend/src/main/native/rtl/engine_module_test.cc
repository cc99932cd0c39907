// The engine alone, on small layers: weights and descriptor are passed to it as the loader and the checks do it;
// images, residuals and results are in a model of memory behind streams that stall at random; results are compared with
// the definition.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "Vsubbit_engine.h"
#include "Vsubbit_engine_shared.h"
#include "rtl/engine_bus.h"
#include "rtl/layer_fields.h"
#include "rtl/layer_port.h"
#include "rtl/module_bench.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

/// Of the modules' parameters.
constexpr int kMaxChannels = 32;
constexpr int kMaxWidth = 64;
constexpr std::int64_t kSumDepth = 64;
constexpr std::int64_t kRowDepth = 64;

constexpr std::size_t kMemoryBytes = 1 << 19;

/// A small layer of any format, mode, stride and padding, at times wider than a tile.
LayerCase RandomLayer(std::mt19937& random) {
  LayerCase c;
  LayerShape& d = c.layer.shape;
  const auto zero = [&](bool has_one, bool is_signed) {
    return static_cast<std::int16_t>(has_one ? Between(random, 0, 255) - (is_signed ? 128 : 0) : 0);
  };
  d.input_format = static_cast<InputFormat>(random() % 3);
  d.output_format = static_cast<OutputFormat>(random() % 4);
  d.input_zero_point = zero(d.input_format != InputFormat::kBits, d.input_format == InputFormat::kS8);
  d.output_zero_point = zero(HasEightBits(d.output_format), d.output_format == OutputFormat::kS8);
  d.mode = static_cast<Mode>(random() % 2);
  d.tau = static_cast<std::uint8_t>(Between(random, 1, d.mode == Mode::kDirect ? 9 : 6));
  d.in_channels = static_cast<std::uint32_t>(Between(random, 1, 9));
  d.out_channels = static_cast<std::uint32_t>(Between(random, 1, random() % 2 == 0 ? 6 : kMaxChannels));
  d.batch = static_cast<std::uint32_t>(Between(random, 1, 2));
  do {
    d.in_height = static_cast<std::uint32_t>(Between(random, 1, 9));
    d.in_width = static_cast<std::uint32_t>(Between(random, 1, random() % 4 == 0 ? kMaxWidth : 12));
    d.stride_h = static_cast<std::uint16_t>(Between(random, 1, 2));
    d.stride_w = static_cast<std::uint16_t>(Between(random, 1, 2));
    for (std::uint16_t* pad : {&d.pad_top, &d.pad_left, &d.pad_bottom, &d.pad_right}) {
      *pad = static_cast<std::uint16_t>(Between(random, 0, 2));
    }
    c.batch = d.batch;
    c.height = d.in_height;
    c.width = d.in_width;
  } while (c.height + d.pad_top + d.pad_bottom < 3 || c.width + d.pad_left + d.pad_right < 3);
  d.out_height = c.out_height();
  d.out_width = c.out_width();
  FillRandomly(c, random);
  if (HasEightBits(d.output_format) && random() % 2 == 0) {
    AddResidual(c, random);
  }
  return c;
}

/// Where the layer's tensors lie.
LayerDescriptor Place(const ConvLayer& layer, std::mt19937& random) {
  LayerDescriptor d(layer.shape);
  d.input_address = 64 * (random() % 4);
  d.output_address = kMemoryBytes / 4 + 64 * (random() % 4);
  d.residual_address = d.adds_residual ? kMemoryBytes / 4 * 3 + 64 * (random() % 4) : 0;
  // The engine asks only whether there is one.
  d.bias_address = layer.bias.empty() ? 0 : 64;
  return d;
}

template <class Engine, std::int64_t kLanes>
class EngineBench : EngineBus<Engine> {
 public:
  explicit EngineBench(unsigned seed) : EngineBus<Engine>(seed, kMemoryBytes) {}

  void Run() {
    const LayerCase c = RandomLayer(random_);
    const LayerDescriptor d = Place(c.layer, random_);
    this->Scramble();
    this->Store(d.input_address, c.input);
    this->Store(d.residual_address, c.residual);
    auto expected = memory_;
    const auto output = ReferenceConv(c);
    std::copy(output.begin(), output.end(), expected.begin() + static_cast<std::ptrdiff_t>(d.output_address));
    SetLayer(m_.layer, LayerFields(d, {kLanes, kSumDepth, kRowDepth}));
    Load(c.layer);
    this->RunLayer(expected, random_() % 8 == 0 ? Between(random_, 0, 2000) : -1, Describe(d));
  }

 private:
  using EngineBus<Engine>::m_;
  using EngineBus<Engine>::memory_;
  using EngineBus<Engine>::random_;
  using EngineBus<Engine>::kBytes;

  static std::string Describe(const LayerShape& d) {
    return "formats " + std::to_string(static_cast<int>(d.input_format)) + " to " +
           std::to_string(static_cast<int>(d.output_format)) + ", tau " + std::to_string(d.tau) +
           (d.mode == Mode::kDirect ? ", direct, " : ", table, ") + std::to_string(d.in_channels) + " to " +
           std::to_string(d.out_channels) + " channels, " + std::to_string(d.in_height) + "x" +
           std::to_string(d.in_width) + " to " + std::to_string(d.out_height) + "x" + std::to_string(d.out_width) +
           (d.adds_residual ? ", residual" : "");
  }

  /// What stays on chip, in the order of subbit_weight_loader.
  void Load(const ConvLayer& layer) {
    const LayerShape& d = layer.shape;
    m_.codebook_write = 1;
    for (std::size_t i = 0; i < layer.codebook.size(); ++i) {
      m_.codebook_index = static_cast<std::uint16_t>(i);
      m_.codebook_codeword = layer.codebook[i];
      Cycle(m_);
    }
    m_.codebook_write = 0;
    for (std::uint32_t o = 0; o < d.out_channels; ++o) {
      m_.parameter_channel = static_cast<std::uint8_t>(o);
      m_.bias_write = !layer.bias.empty();
      m_.parameter_value = layer.bias.empty() ? 0 : static_cast<std::uint32_t>(layer.bias[o]);
      Cycle(m_);
      m_.bias_write = 0;
      m_.multiplier_write = 1;
      if (!layer.multiplier.empty()) {
        std::memcpy(&m_.parameter_value, &layer.multiplier[o], sizeof(float));
      } else if (!layer.sign_rules.empty()) {
        m_.parameter_value = static_cast<std::uint32_t>(layer.sign_rules[o].Encode());
      }
      Cycle(m_);
      m_.multiplier_write = 0;
    }
    const std::size_t plane = layer.index.size() / d.tau;
    m_.index_store = 1;
    for (std::size_t at = 0; at < layer.index.size(); at += std::min(kBytes, plane - at % plane)) {
      const std::size_t bytes = std::min(kBytes, plane - at % plane);
      m_.index_plane = static_cast<std::uint8_t>(at / plane);
      m_.index_address = static_cast<std::uint8_t>(at % plane / kBytes);
      m_.index_data = random_();
      std::memcpy(&m_.index_data, &layer.index[at], bytes);
      Cycle(m_);
    }
    m_.index_store = 0;
  }
};

template <class Bench>
void ComputesLayers(unsigned seed) {
  Bench bench(seed);
  for (int run = 0; run < 150; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(EngineModule, ComputesLayersWithADotUnit) { ComputesLayers<EngineBench<Vsubbit_engine, 4>>(1); }
TEST(EngineModule, ComputesLayersWithSharedAdders) { ComputesLayers<EngineBench<Vsubbit_engine_shared, 8>>(2); }

}  // namespace
}  // namespace subbit::fpga
