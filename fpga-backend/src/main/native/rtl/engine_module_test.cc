// The engine alone, on small layers: weights and descriptor are passed to it as the loader and the checks do it;
// images, residuals and results are in a model of memory behind streams that stall at random; results are compared with
// the definition.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "Vsubbit_engine.h"
#include "Vsubbit_engine_shared.h"
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

constexpr std::size_t kBytes = 8;
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
class EngineBench {
 public:
  explicit EngineBench(unsigned seed) : random_(seed) { Reset(m_); }

  void Run() {
    const LayerCase c = RandomLayer(random_);
    const LayerDescriptor d = Place(c.layer, random_);
    memory_.resize(kMemoryBytes);
    for (auto& byte : memory_) {
      byte = static_cast<std::uint8_t>(random_());
    }
    std::copy(c.input.begin(), c.input.end(), memory_.begin() + static_cast<std::ptrdiff_t>(d.input_address));
    std::copy(c.residual.begin(), c.residual.end(), memory_.begin() + static_cast<std::ptrdiff_t>(d.residual_address));
    auto expected = memory_;
    const auto output = ReferenceConv(c);
    std::copy(output.begin(), output.end(), expected.begin() + static_cast<std::ptrdiff_t>(d.output_address));

    SetLayer(m_.layer, LayerFields(d, {kLanes, kSumDepth, kRowDepth}));
    Load(c.layer);
    // For some cycles after a reset.
    for (int cycle = 0; m_.busy; ++cycle) {
      ASSERT_LT(cycle, 30) << "busy before it is started";
      Step();
    }
    const int reset_at = random_() % 8 == 0 ? Between(random_, 0, 2000) : -1;
    read_stall_ = Stall();
    write_stall_ = Stall();
    m_.start = 1;
    Step();
    m_.start = 0;
    for (int cycle = 0; m_.busy; ++cycle) {
      ASSERT_LT(cycle, 1000000) << "the layer does not end: " << Describe(d);
      if (cycle == reset_at) {
        Reset(m_);
        beats_.clear();
        m_.read_beat_valid = 0;
        beats_left_ = 0;
        ASSERT_FALSE(m_.read_valid || m_.write_valid || m_.write_beat_valid) << "goes on after a reset";
        return;
      }
      Step();
    }
    ASSERT_TRUE(beats_.empty() && beats_left_ == 0) << "not busy, with a run on the bus";
    const auto different = std::mismatch(memory_.begin(), memory_.end(), expected.begin());
    ASSERT_TRUE(different.first == memory_.end())
        << "byte " << different.first - memory_.begin() - static_cast<std::ptrdiff_t>(d.output_address) << " of "
        << output.size() << " is " << int{*different.first} << ", not " << int{*different.second} << ": "
        << Describe(d);
    for (int i = 0; i < 30; ++i) {
      Cycle(m_);
      ASSERT_FALSE(m_.busy || m_.read_valid || m_.write_valid || m_.write_beat_valid);
    }
  }

 private:
  static std::string Describe(const LayerShape& d) {
    return "formats " + std::to_string(static_cast<int>(d.input_format)) + " to " +
           std::to_string(static_cast<int>(d.output_format)) + ", tau " + std::to_string(d.tau) +
           (d.mode == Mode::kDirect ? ", direct, " : ", table, ") + std::to_string(d.in_channels) + " to " +
           std::to_string(d.out_channels) + " channels, " + std::to_string(d.in_height) + "x" +
           std::to_string(d.in_width) + " to " + std::to_string(d.out_height) + "x" + std::to_string(d.out_width) +
           (d.adds_residual ? ", residual" : "");
  }

  /// How often of eight a stream stands still in this layer.
  unsigned Stall() { return random_() % 3 == 0 ? 0 : random_() % 8; }
  bool Goes(unsigned stall) { return random_() % 8 >= stall; }

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

  void Step() {
    // One run after the other, as the masters of the bus take them.
    m_.read_ready = beats_.empty() && Goes(read_stall_);
    if (!m_.read_beat_valid && !beats_.empty() && Goes(read_stall_)) {
      m_.read_beat_valid = 1;
      std::memcpy(&m_.read_beat_data, &memory_[beats_.front()], kBytes);
      m_.read_beat_last = beats_.size() == 1;
    }
    m_.write_ready = beats_left_ == 0 && Goes(write_stall_);
    m_.write_beat_ready = beats_left_ > 0 && Goes(write_stall_);
    Settle(m_);
    if (m_.write_beat_valid && m_.write_beat_ready) {
      for (std::size_t b = 0; b < kBytes; ++b) {
        if ((m_.write_beat_strobe >> b & 1) != 0) {
          memory_[write_at_ + b] = static_cast<std::uint8_t>(m_.write_beat_data >> 8 * b);
        }
      }
      write_at_ += kBytes;
      --beats_left_;
    }
    if (m_.write_valid && m_.write_ready) {
      ASSERT_LE(m_.write_address + m_.write_beats * kBytes, kMemoryBytes);
      write_at_ = m_.write_address;
      beats_left_ = m_.write_beats;
    }
    const bool taken = m_.read_beat_valid && m_.read_beat_ready;
    const bool asks = m_.read_valid && m_.read_ready;
    if (taken) {
      beats_.pop_front();
    }
    if (asks) {
      ASSERT_GT(m_.read_bytes, 0u);
      ASSERT_LE(m_.read_address + m_.read_bytes, kMemoryBytes);
      for (std::size_t at = 0; at < m_.read_bytes; at += kBytes) {
        beats_.push_back(m_.read_address + at);
      }
    }
    Edge(m_);
    if (taken) {
      m_.read_beat_valid = 0;
    }
  }

  Engine m_;
  std::mt19937 random_;
  std::vector<std::uint8_t> memory_;
  /// Addresses of the beats that were asked for.
  std::deque<std::size_t> beats_;
  std::size_t write_at_ = 0;
  std::size_t beats_left_ = 0;
  unsigned read_stall_ = 0;
  unsigned write_stall_ = 0;
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
