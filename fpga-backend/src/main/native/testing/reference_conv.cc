#include "testing/reference_conv.h"

#include <algorithm>
#include <cmath>

#include "core/operator/conv_geometry.h"

namespace subbit::fpga {
namespace {

/// Value of one input element; 0 in the padding.
std::int64_t InputAt(const LayerCase& c, std::uint32_t image, std::uint32_t channel, std::int64_t y, std::int64_t x) {
  if (y < 0 || x < 0 || y >= c.height || x >= c.width) {
    return 0;
  }
  const LayerShape& d = c.layer.shape;
  const std::size_t row = (std::size_t{image} * d.in_channels + channel) * c.height + static_cast<std::size_t>(y);
  if (d.input_format == InputFormat::kBits) {
    const std::uint8_t byte = c.input[row * ((c.width + 7) / 8) + static_cast<std::size_t>(x / 8)];
    return ((byte >> (x % 8)) & 1) != 0 ? 1 : -1;
  }
  const std::uint8_t byte = c.input[row * c.width + static_cast<std::size_t>(x)];
  const int value = d.input_format == InputFormat::kS8 ? static_cast<std::int8_t>(byte) : byte;
  return value - d.input_zero_point;
}

/// +1 or -1 of one tap of kernel (o, c).
std::int64_t Weight(const ConvLayer& layer, std::uint32_t o, std::uint32_t c, std::uint32_t tap) {
  const LayerShape& d = layer.shape;
  const std::size_t kernel = std::size_t{o} * d.group_in_channels() + c;
  const std::size_t plane = layer.index.size() / d.tau;
  std::size_t index = 0;
  for (std::size_t bit = 0; bit < d.tau; ++bit) {
    index |= static_cast<std::size_t>((layer.index[bit * plane + kernel / 8] >> (kernel % 8)) & 1) << bit;
  }
  return ((layer.codebook[index] >> tap) & 1) != 0 ? 1 : -1;
}

/// Appends what becomes of a sum of channel o and column x.
void Append(const LayerCase& c, std::uint32_t o, std::uint32_t x, std::int64_t sum, std::vector<std::uint8_t>& output) {
  const ConvLayer& layer = c.layer;
  const LayerShape& d = layer.shape;
  const std::int64_t bias = layer.bias.empty() ? 0 : layer.bias[o];
  const auto accumulator = static_cast<std::int32_t>(static_cast<std::uint32_t>(sum + bias));
  if (d.output_format == OutputFormat::kI32) {
    for (int byte = 0; byte < 4; ++byte) {
      output.push_back(static_cast<std::uint8_t>(static_cast<std::uint32_t>(accumulator) >> (8 * byte)));
    }
    return;
  }
  if (d.output_format == OutputFormat::kBits) {
    if (x % 8 == 0) {
      output.push_back(0);
    }
    const SignRule& rule = layer.sign_rules[o];
    const bool bit = rule.inverted ? accumulator < rule.threshold : accumulator >= rule.threshold;
    output.back() = static_cast<std::uint8_t>(output.back() | (bit ? 1u << (x % 8) : 0u));
    return;
  }
  float scaled = static_cast<float>(accumulator) * layer.multiplier[o];
  if (d.adds_residual) {
    const std::uint8_t byte = c.residual[output.size()];
    const int value = d.output_format == OutputFormat::kS8 ? static_cast<std::int8_t>(byte) : byte;
    const float residual = static_cast<float>(value - d.residual_zero_point) * d.residual_multiplier;
    scaled = scaled + residual;
  }
  const double rounded = std::nearbyint(static_cast<double>(scaled)) + d.output_zero_point;
  const double low = d.output_format == OutputFormat::kS8 ? -128 : 0;
  output.push_back(static_cast<std::uint8_t>(static_cast<int>(std::clamp(rounded, low, low + 255))));
}

}  // namespace

std::uint32_t LayerCase::out_height() const {
  const LayerShape& d = layer.shape;
  return static_cast<std::uint32_t>(OutputLength(height, d.pad_top, d.pad_bottom, d.dilation_h, d.stride_h));
}

std::uint32_t LayerCase::out_width() const {
  const LayerShape& d = layer.shape;
  return static_cast<std::uint32_t>(OutputLength(width, d.pad_left, d.pad_right, d.dilation_w, d.stride_w));
}

std::size_t LayerCase::output_bytes() const {
  return RowBytes(layer.shape.output_format, out_width()) * batch * layer.shape.out_channels * out_height();
}

std::uint32_t Pick(std::mt19937& random, std::uint32_t low, std::uint32_t high) {
  return std::uniform_int_distribution<std::uint32_t>(low, high)(random);
}

LayerCase SquareCase(const SquareConv& conv, int tau) {
  LayerCase c;
  LayerShape& d = c.layer.shape;
  d.tau = static_cast<std::uint8_t>(tau);
  d.in_channels = conv.in_channels;
  d.out_channels = conv.out_channels;
  d.stride_h = d.stride_w = conv.stride;
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = 1;
  c.batch = 1;
  c.height = c.width = conv.in_side;
  return c;
}

void FillRandomly(LayerCase& layer_case, std::mt19937& random) {
  ConvLayer& layer = layer_case.layer;
  const LayerShape& d = layer.shape;
  const auto byte = [&] { return static_cast<std::uint8_t>(Pick(random, 0, 255)); };
  layer.index.resize(d.index_bytes());
  std::generate(layer.index.begin(), layer.index.end(), byte);
  layer.codebook.resize(std::size_t{1} << d.tau);
  std::generate(layer.codebook.begin(), layer.codebook.end(),
                [&] { return static_cast<std::uint16_t>(Pick(random, 0, 511)); });
  layer.bias.clear();
  if (Pick(random, 0, 3) != 0) {
    layer.bias.resize(d.out_channels);
    std::generate(layer.bias.begin(), layer.bias.end(),
                  [&] { return static_cast<std::int32_t>(Pick(random, 0, 2000)) - 1000; });
  }
  layer.sign_rules.clear();
  layer.multiplier.clear();
  if (d.output_format == OutputFormat::kBits) {
    // Near the middle of what small layers sum up to, and now and then a constant.
    for (std::uint32_t o = 0; o < d.out_channels; ++o) {
      const std::int32_t threshold = static_cast<std::int32_t>(Pick(random, 0, 200)) - 100;
      layer.sign_rules.push_back(
          {Pick(random, 0, 15) == 0 ? SignRule::kLeastThreshold : threshold, Pick(random, 0, 1) == 1});
    }
  } else if (d.output_format != OutputFormat::kI32) {
    layer.multiplier.resize(d.out_channels);
    // Powers of two among them, so that exact ties occur.
    std::generate(layer.multiplier.begin(), layer.multiplier.end(), [&] {
      return Pick(random, 0, 1) == 0 ? std::ldexp(1.0f, -static_cast<int>(Pick(random, 1, 6)))
                                     : static_cast<float>(Pick(random, 0, 2000)) * 1e-4f - 0.1f;
    });
  }
  const std::size_t row = d.input_format == InputFormat::kBits ? (layer_case.width + 7) / 8 : layer_case.width;
  layer_case.input.resize(std::size_t{layer_case.batch} * d.in_channels * layer_case.height * row);
  std::generate(layer_case.input.begin(), layer_case.input.end(), byte);
}

LayerCase RandomCase(std::mt19937& random) {
  LayerCase c;
  LayerShape& d = c.layer.shape;
  for (;;) {
    d.input_format = static_cast<InputFormat>(Pick(random, 0, 2));
    d.output_format = static_cast<OutputFormat>(Pick(random, 0, 3));
    d.input_zero_point = static_cast<std::int16_t>(
        d.input_format == InputFormat::kBits ? 0
                                             : Pick(random, 0, 255) - (d.input_format == InputFormat::kS8 ? 128 : 0));
    d.output_zero_point = static_cast<std::int16_t>(
        HasEightBits(d.output_format) ? Pick(random, 0, 255) - (d.output_format == OutputFormat::kS8 ? 128 : 0) : 0);
    d.tau = static_cast<std::uint8_t>(Pick(random, 1, 9));
    d.group = Pick(random, 1, 3);
    d.in_channels = d.group * Pick(random, 1, 9);
    d.out_channels = d.group * Pick(random, 1, 40);
    d.stride_h = static_cast<std::uint16_t>(Pick(random, 1, 3));
    d.stride_w = static_cast<std::uint16_t>(Pick(random, 1, 3));
    d.dilation_h = static_cast<std::uint16_t>(Pick(random, 1, 3));
    d.dilation_w = static_cast<std::uint16_t>(Pick(random, 1, 3));
    d.pad_top = static_cast<std::uint16_t>(Pick(random, 0, 2 * d.dilation_h));
    d.pad_bottom = static_cast<std::uint16_t>(Pick(random, 0, 2 * d.dilation_h));
    d.pad_left = static_cast<std::uint16_t>(Pick(random, 0, 2 * d.dilation_w));
    d.pad_right = static_cast<std::uint16_t>(Pick(random, 0, 2 * d.dilation_w));
    c.batch = Pick(random, 1, 3);
    c.height = Pick(random, 1, 20);
    c.width = Pick(random, 1, 40);
    if (c.out_height() > 0 && c.out_width() > 0) {
      break;
    }
  }
  FillRandomly(c, random);
  return c;
}

void AddResidual(LayerCase& c, std::mt19937& random) {
  LayerShape& d = c.layer.shape;
  d.adds_residual = true;
  d.residual_zero_point =
      static_cast<std::int16_t>(Pick(random, 0, 255) - (d.output_format == OutputFormat::kS8 ? 128 : 0));
  d.residual_multiplier = Pick(random, 0, 1) == 0 ? std::ldexp(1.0f, 2 - static_cast<int>(Pick(random, 0, 8)))
                                                  : static_cast<float>(Pick(random, 1, 4000)) * 1e-3f;
  c.residual.resize(c.output_bytes());
  std::generate(c.residual.begin(), c.residual.end(), [&] { return static_cast<std::uint8_t>(Pick(random, 0, 255)); });
}

std::vector<std::uint8_t> RunCase(Driver& driver, const LayerCase& c, LayerCycles* cycles) {
  const auto loaded = driver.Load(c.layer);
  LayerGraph graph = {1, {{loaded.get(), 0, kNoTensor}}, {1}};
  std::vector<Driver::GraphInput> inputs = {{c.input.data(), {c.height, c.width}}};
  if (c.layer.shape.adds_residual) {
    graph = {2, {{loaded.get(), 0, 1}}, {2}};
    inputs.push_back({c.residual.data(), {c.out_height(), c.out_width()}});
  }
  std::vector<std::uint8_t> output(c.output_bytes());
  const auto all = driver.RunGraph(graph, c.batch, inputs, {output.data()}, std::chrono::seconds(60));
  if (cycles != nullptr) {
    *cycles = all.front();
  }
  return output;
}

std::vector<std::uint8_t> ReferenceConv(const LayerCase& c) {
  const LayerShape& d = c.layer.shape;
  std::vector<std::uint8_t> output;
  for (std::uint32_t image = 0; image < c.batch; ++image) {
    for (std::uint32_t o = 0; o < d.out_channels; ++o) {
      const std::uint32_t first_channel = o / d.group_out_channels() * d.group_in_channels();
      for (std::uint32_t y = 0; y < c.out_height(); ++y) {
        for (std::uint32_t x = 0; x < c.out_width(); ++x) {
          std::int64_t sum = 0;
          for (std::uint32_t channel = 0; channel < d.group_in_channels(); ++channel) {
            for (std::uint32_t tap = 0; tap < 9; ++tap) {
              const std::int64_t in_y = std::int64_t{y} * d.stride_h + std::int64_t{tap / 3} * d.dilation_h - d.pad_top;
              const std::int64_t in_x =
                  std::int64_t{x} * d.stride_w + std::int64_t{tap % 3} * d.dilation_w - d.pad_left;
              sum += Weight(c.layer, o, channel, tap) * InputAt(c, image, first_channel + channel, in_y, in_x);
            }
          }
          Append(c, o, x, sum, output);
        }
      }
    }
  }
  return output;
}

}  // namespace subbit::fpga
