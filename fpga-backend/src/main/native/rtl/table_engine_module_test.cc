// The engine with tables alone, on small layers: codebook, rules or integer parameters, and layer are passed to it as
// the loader and the checks do it; images, the index, residuals and results are in a model of memory behind streams
// that stall at random.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "Vsubbit_table_engine.h"
#include "Vsubbit_table_engine_narrow.h"
#include "device/index_order.h"
#include "emulator/integer_output.h"
#include "rtl/engine_bus.h"
#include "rtl/layer_fields.h"
#include "rtl/layer_port.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

/// Of the module's parameters.
constexpr std::uint32_t kOutputs = 16;
constexpr std::uint32_t kMaxChannels = 32;
constexpr std::uint32_t kMaxWidth = 56;
constexpr std::uint32_t kRowDepth = 128;

constexpr std::size_t kMemoryBytes = 1 << 19;

/// A small layer of bits: several blocks of output channels, groups of input channels and bands of rows at times, and
/// few output channels at others.
LayerCase RandomLayer(std::mt19937& random) {
  LayerCase c;
  LayerShape& d = c.layer.shape;
  d.input_format = InputFormat::kBits;
  d.output_format = OutputFormat::kBits;
  const auto channels = [&] { return Pick(random, 1, random() % 2 == 0 ? kMaxChannels : 4); };
  do {
    d.tau = static_cast<std::uint8_t>(Pick(random, 1, 5));
    d.in_channels = channels();
    d.out_channels = channels();
    d.stride_h = static_cast<std::uint16_t>(Pick(random, 1, 2));
    d.stride_w = static_cast<std::uint16_t>(Pick(random, 1, 2));
    for (std::uint16_t* pad : {&d.pad_top, &d.pad_left, &d.pad_bottom, &d.pad_right}) {
      *pad = static_cast<std::uint16_t>(Pick(random, 0, 2));
    }
    c.batch = Pick(random, 1, 4);
    c.height = Pick(random, 1, 12);
    c.width = Pick(random, 1, random() % 2 == 0 ? kMaxWidth : 9);
  } while (c.height + d.pad_top + d.pad_bottom < 3 || c.width + d.pad_left + d.pad_right < 3 ||
           c.out_width() > kMaxWidth || d.in_channels * ((c.height + 2) / 3) > kRowDepth);
  FillRandomly(c, random);
  c.layer.bias.clear();
  return c;
}

/// The layer as an integer convolution, which gives values and perhaps signs.
void MakeInteger(LayerShape& d, std::mt19937& random) {
  d.output_format = OutputFormat::kI32;
  IntegerStage& stage = d.integer.emplace();
  while (stage.shift < 11 && (std::uint64_t{18} * d.in_channels << stage.shift) <= 32767 && random() % 8 != 0) {
    ++stage.shift;
  }
  stage.value_bits = static_cast<std::uint8_t>(Between(random, 9, 16));
  stage.gives_signs = random() % 4 != 0;
  d.adds_residual = random() % 4 != 0;
  stage.slope_shift = static_cast<std::uint8_t>(d.adds_residual ? Between(random, 0, 3) : 0);
}

/// What differs from channel to channel, of such a layer.
std::vector<IntegerParameters> RandomParameters(const LayerShape& d, std::mt19937& random) {
  const auto number = [&](int limit) { return static_cast<std::int16_t>(Between(random, -limit, limit)); };
  std::vector<IntegerParameters> parameters(d.out_channels);
  for (IntegerParameters& p : parameters) {
    p = {number(32767), number(random() % 8 == 0 ? 32767 : 500), number(32767), number(300), number(300), {}};
  }
  return parameters;
}

/// The index of a layer in the order in which tables use it, in groups of so many channels and this module's blocks;
/// see IndexOrder::kTables.
std::vector<std::uint8_t> IndexOf(const ConvLayer& layer, std::uint32_t channels) {
  const LayerShape& d = layer.shape;
  const auto indices = IndicesOf(d, IndexOrder::kBitPlanes, layer.index.data());
  std::vector<std::uint8_t> bytes;
  for (std::uint32_t block = 0; block < d.out_channels; block += kOutputs) {
    for (std::uint32_t group = 0; group < d.in_channels; group += channels) {
      for (std::uint32_t o = block; o < std::min(block + kOutputs, d.out_channels); ++o) {
        for (int bit = 0; bit < d.tau; ++bit) {
          for (std::uint32_t first = group; first < group + channels; first += 8) {
            std::uint8_t byte = 0;
            for (std::uint32_t c = first; c < std::min(first + 8, d.in_channels); ++c) {
              byte = static_cast<std::uint8_t>(byte | (indices[o * d.in_channels + c] >> bit & 1) << (c - first));
            }
            bytes.push_back(byte);
          }
        }
      }
    }
  }
  return bytes;
}

template <class Engine>
class TableEngineBench : EngineBus<Engine> {
 public:
  TableEngineBench(unsigned seed, std::uint32_t index_channels)
      : EngineBus<Engine>(seed, kMemoryBytes), index_channels_(index_channels) {}

  void Run() {
    LayerCase c = RandomLayer(random_);
    if (random_() % 2 == 0) {
      MakeInteger(c.layer.shape, random_);
    }
    LayerShape shape = c.layer.shape;
    shape.batch = c.batch;
    shape.in_height = c.height;
    shape.in_width = c.width;
    shape.out_height = c.out_height();
    shape.out_width = c.out_width();
    LayerDescriptor d(shape);
    d.input_address = 64 * (random_() % 4);
    d.output_address = kMemoryBytes / 8 + 64 * (random_() % 4);
    d.signs_address = kMemoryBytes / 8 * 6 + 64 * (random_() % 4);
    d.residual_address = kMemoryBytes / 8 * 3 + 64 * (random_() % 4);
    d.index_address = kMemoryBytes / 8 * 7 + 64 * (random_() % 4);
    const auto index = IndexOf(c.layer, index_channels_);
    this->Scramble();
    this->Store(d.input_address, c.input);
    this->Store(d.index_address, index);
    const std::vector<IntegerParameters> parameters = RandomParameters(shape, random_);
    auto expected = memory_;
    const auto output = ReferenceConv(c);
    if (d.integer.has_value()) {
      WriteValues(d, parameters, output, expected);
    } else {
      std::copy(output.begin(), output.end(), expected.begin() + static_cast<std::ptrdiff_t>(d.output_address));
    }
    auto fields = LayerFields(d, {2 * 7, 64, kRowDepth});
    fields["index_bytes"] = static_cast<std::int64_t>(index.size());
    SetLayer(m_.layer, fields);
    Load(c.layer, parameters);
    this->RunLayer(expected, random_() % 8 == 0 ? Between(random_, 0, 3000) : -1, Describe(d));
  }

 private:
  using EngineBus<Engine>::m_;
  using EngineBus<Engine>::memory_;
  using EngineBus<Engine>::random_;

  static std::string Describe(const LayerShape& d) {
    return "tau " + std::to_string(d.tau) + ", batch " + std::to_string(d.batch) + ", " +
           std::to_string(d.in_channels) + " to " + std::to_string(d.out_channels) + " channels, " +
           std::to_string(d.in_height) + "x" + std::to_string(d.in_width) + " to " + std::to_string(d.out_height) +
           "x" + std::to_string(d.out_width) + (d.integer.has_value() ? ", values" : "") +
           (d.adds_residual ? ", residuals" : "");
  }

  /// Values and signs of sums [batch, channels, height, width] of 32 bits.
  static void WriteValues(const LayerDescriptor& d, const std::vector<IntegerParameters>& parameters,
                          const std::vector<std::uint8_t>& sums, std::vector<std::uint8_t>& memory) {
    IntegerOutput output(d, parameters, memory.data());
    std::vector<std::int32_t> row(d.out_width);
    const std::uint8_t* from = sums.data();
    for (std::uint32_t image = 0; image < d.batch; ++image) {
      for (std::uint32_t o = 0; o < d.out_channels; ++o) {
        for (std::uint32_t y = 0; y < d.out_height; ++y, from += 4 * row.size()) {
          std::memcpy(row.data(), from, 4 * row.size());
          output.WriteSums(image, y, o, row.data());
        }
      }
    }
  }

  /// Codebook and rules, or parameters, in the order of subbit_weight_loader.
  void Load(const ConvLayer& layer, const std::vector<IntegerParameters>& parameters) {
    m_.codebook_write = 1;
    for (std::size_t i = 0; i < layer.codebook.size(); ++i) {
      m_.codebook_index = static_cast<std::uint8_t>(i);
      m_.codebook_codeword = layer.codebook[i];
      Cycle(m_);
    }
    m_.codebook_write = 0;
    if (layer.shape.integer.has_value()) {
      m_.parameters_store = 1;
      const auto* words = reinterpret_cast<const std::uint8_t*>(parameters.data());
      for (std::size_t at = 0; at < sizeof(IntegerParameters) * parameters.size(); at += this->kBytes) {
        m_.parameters_address = static_cast<std::uint8_t>(at / this->kBytes);
        std::memcpy(&m_.parameters_data, words + at, this->kBytes);
        Cycle(m_);
      }
      m_.parameters_store = 0;
      return;
    }
    m_.rule_write = 1;
    for (std::size_t o = 0; o < layer.sign_rules.size(); ++o) {
      m_.rule_channel = static_cast<std::uint8_t>(o);
      m_.rule = static_cast<std::uint32_t>(layer.sign_rules[o].Encode());
      Cycle(m_);
    }
    m_.rule_write = 0;
  }

  std::uint32_t index_channels_;
};

template <class Engine>
void ComputesLayers(unsigned seed, std::uint32_t index_channels) {
  TableEngineBench<Engine> bench(seed, index_channels);
  for (int run = 0; run < 200; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(TableEngineModule, ComputesLayersOfBitsAndValues) { ComputesLayers<Vsubbit_table_engine>(1, 8); }
TEST(TableEngineModule, ComputesLayersOn32BitsAndWithTwoGroupsOfChannelsInAWordOfIndices) {
  ComputesLayers<Vsubbit_table_engine_narrow>(2, 16);
}

}  // namespace
}  // namespace subbit::fpga
