// The engine with tables alone, on small layers: codebook, rules and layer are passed to it as the loader and the
// checks do it; images, the index and results are in a model of memory behind streams that stall at random.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "Vsubbit_table_engine.h"
#include "Vsubbit_table_engine_narrow.h"
#include "device/index_order.h"
#include "rtl/engine_bus.h"
#include "rtl/layer_fields.h"
#include "rtl/layer_port.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

/// Of the module's parameters.
constexpr std::uint32_t kChannels = 8;
constexpr std::uint32_t kOutputs = 16;
constexpr std::uint32_t kMaxChannels = 32;
constexpr std::uint32_t kMaxWidth = 56;
constexpr std::uint32_t kRowDepth = 128;

constexpr std::size_t kMemoryBytes = 1 << 17;

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
    c.batch = Pick(random, 1, 2);
    c.height = Pick(random, 1, 12);
    c.width = Pick(random, 1, random() % 2 == 0 ? kMaxWidth : 9);
  } while (c.height + d.pad_top + d.pad_bottom < 3 || c.width + d.pad_left + d.pad_right < 3 ||
           c.out_width() > kMaxWidth || d.in_channels * ((c.height + 2) / 3) > kRowDepth);
  FillRandomly(c, random);
  c.layer.bias.clear();
  return c;
}

/// The index of a layer in the order in which tables use it, in this module's groups and blocks; see
/// IndexOrder::kTables.
std::vector<std::uint8_t> IndexOf(const ConvLayer& layer) {
  const LayerShape& d = layer.shape;
  const auto indices = IndicesOf(d, IndexOrder::kBitPlanes, layer.index.data());
  std::vector<std::uint8_t> bytes;
  for (std::uint32_t block = 0; block < d.out_channels; block += kOutputs) {
    for (std::uint32_t group = 0; group < d.in_channels; group += kChannels) {
      for (std::uint32_t o = block; o < std::min(block + kOutputs, d.out_channels); ++o) {
        for (int bit = 0; bit < d.tau; ++bit) {
          std::uint8_t byte = 0;
          for (std::uint32_t c = group; c < std::min(group + kChannels, d.in_channels); ++c) {
            byte = static_cast<std::uint8_t>(byte | (indices[o * d.in_channels + c] >> bit & 1) << (c - group));
          }
          bytes.push_back(byte);
        }
      }
    }
  }
  return bytes;
}

template <class Engine>
class TableEngineBench : EngineBus<Engine> {
 public:
  explicit TableEngineBench(unsigned seed) : EngineBus<Engine>(seed, kMemoryBytes) {}

  void Run() {
    const LayerCase c = RandomLayer(random_);
    LayerShape shape = c.layer.shape;
    shape.batch = c.batch;
    shape.in_height = c.height;
    shape.in_width = c.width;
    shape.out_height = c.out_height();
    shape.out_width = c.out_width();
    LayerDescriptor d(shape);
    d.input_address = 64 * (random_() % 4);
    d.output_address = kMemoryBytes / 4 + 64 * (random_() % 4);
    d.index_address = kMemoryBytes / 4 * 3 + 64 * (random_() % 4);
    const auto index = IndexOf(c.layer);
    this->Scramble();
    this->Store(d.input_address, c.input);
    this->Store(d.index_address, index);
    auto expected = memory_;
    const auto output = ReferenceConv(c);
    std::copy(output.begin(), output.end(), expected.begin() + static_cast<std::ptrdiff_t>(d.output_address));
    auto fields = LayerFields(d, {2 * 7, 64, kRowDepth});
    fields["index_bytes"] = static_cast<std::int64_t>(index.size());
    SetLayer(m_.layer, fields);
    Load(c.layer);
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
           "x" + std::to_string(d.out_width);
  }

  /// Codebook and rules, in the order of subbit_weight_loader.
  void Load(const ConvLayer& layer) {
    m_.codebook_write = 1;
    for (std::size_t i = 0; i < layer.codebook.size(); ++i) {
      m_.codebook_index = static_cast<std::uint8_t>(i);
      m_.codebook_codeword = layer.codebook[i];
      Cycle(m_);
    }
    m_.codebook_write = 0;
    m_.rule_write = 1;
    for (std::size_t o = 0; o < layer.sign_rules.size(); ++o) {
      m_.rule_channel = static_cast<std::uint8_t>(o);
      m_.rule = static_cast<std::uint32_t>(layer.sign_rules[o].Encode());
      Cycle(m_);
    }
    m_.rule_write = 0;
  }
};

template <class Engine>
void ComputesLayersOfBits(unsigned seed) {
  TableEngineBench<Engine> bench(seed);
  for (int run = 0; run < 100; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(TableEngineModule, ComputesLayersOfBits) { ComputesLayersOfBits<Vsubbit_table_engine>(1); }
TEST(TableEngineModule, ComputesLayersOfBitsOn32Bits) { ComputesLayersOfBits<Vsubbit_table_engine_narrow>(2); }

}  // namespace
}  // namespace subbit::fpga
