#include "emulator/dense_engine.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/integer/integer_arithmetic.h"
#include "device/dense_order.h"
#include "emulator/integer_output.h"

namespace subbit::fpga {
namespace {

/// Sums of products modulo 2^32.
using Sum = std::uint32_t;

/// floor(sum / 2^shift + 1/2), saturated to 16 bits.
std::int32_t MovedDown(Sum sum, int shift) {
  const auto value = static_cast<std::int64_t>(static_cast<std::int32_t>(sum));
  const std::int64_t half = shift == 0 ? 0 : std::int64_t{1} << (shift - 1);
  return static_cast<std::int32_t>(std::clamp<std::int64_t>((value + half) >> shift, -32768, 32767));
}

/// A matrix [taps, width] of what the weights of every output channel are multiplied with.
class Columns {
 public:
  Columns(std::size_t taps, std::size_t width) : width_(width), values_(taps * width), sums_(width) {}

  std::int16_t* Row(std::size_t tap) { return values_.data() + tap * width_; }

  /// The sums of an output channel, whose weights are those of the layer at `weights`.
  const std::vector<Sum>& SumsOf(const LayerShape& layer, const std::uint8_t* weights, std::uint32_t output) {
    std::fill(sums_.begin(), sums_.end(), Sum{0});
    for (std::size_t tap = 0; tap < layer.dense_taps(); ++tap) {
      const auto weight = static_cast<std::int8_t>(weights[DensePlace(layer, output, tap)]);
      const std::int16_t* row = Row(tap);
      for (std::size_t x = 0; x < width_; ++x) {
        sums_[x] += static_cast<Sum>(weight * row[x]);
      }
    }
    return sums_;
  }

 private:
  std::size_t width_;
  std::vector<std::int16_t> values_;
  std::vector<Sum> sums_;
};

std::int16_t Scaled(const LayerDescriptor& layer, const IntegerParameters& p, Sum sum) {
  return Rescale(MovedDown(sum, layer.integer->shift), p.multiplier, p.bias, layer.integer->value_bits);
}

/// A convolution of pixels and a max pool of its results.
class Stem {
 public:
  Stem(const LayerDescriptor& layer, const std::vector<IntegerParameters>& parameters, std::uint8_t* memory)
      : layer_(layer),
        parameters_(parameters),
        memory_(memory),
        output_(layer, parameters, memory),
        sum_height_(SumLength(0)),
        sum_width_(SumLength(1)),
        columns_(layer.dense_taps(), sum_width_),
        values_(std::size_t{layer.out_channels} * sum_height_ * sum_width_) {}

  void Run() {
    for (std::uint32_t image = 0; image < layer_.batch; ++image) {
      for (std::uint32_t row = 0; row < sum_height_; ++row) {
        Convolve(image, row);
      }
      for (std::uint32_t channel = 0; channel < layer_.out_channels; ++channel) {
        Pool(image, channel);
      }
    }
  }

 private:
  std::uint32_t SumLength(int axis) const {
    const std::uint32_t padded = axis == 0 ? layer_.in_height + layer_.pad_top + layer_.pad_bottom
                                           : layer_.in_width + layer_.pad_left + layer_.pad_right;
    return (padded - layer_.integer->kernel) / (axis == 0 ? layer_.stride_h : layer_.stride_w) + 1;
  }

  void Convolve(std::uint32_t image, std::uint32_t row) {
    const std::int64_t kernel = layer_.integer->kernel;
    std::size_t tap = 0;
    for (std::uint32_t c = 0; c < layer_.in_channels; ++c) {
      const int zero = memory_[layer_.codebook_address + c];
      for (std::int64_t i = 0; i < kernel; ++i) {
        const std::int64_t y = std::int64_t{row} * layer_.stride_h - layer_.pad_top + i;
        const bool inside = y >= 0 && y < layer_.in_height;
        const std::uint8_t* pixels =
            memory_ + layer_.input_address + image * layer_.input_image_bytes() +
            (std::size_t{c} * layer_.in_height + static_cast<std::size_t>(inside ? y : 0)) * layer_.in_width;
        for (std::int64_t j = 0; j < kernel; ++j, ++tap) {
          std::int16_t* to = columns_.Row(tap);
          for (std::uint32_t x = 0; x < sum_width_; ++x) {
            const std::int64_t column = std::int64_t{x} * layer_.stride_w - layer_.pad_left + j;
            to[x] = static_cast<std::int16_t>(inside && column >= 0 && column < layer_.in_width ? pixels[column] - zero
                                                                                                : 0);
          }
        }
      }
    }
    for (std::uint32_t channel = 0; channel < layer_.out_channels; ++channel) {
      const std::vector<Sum>& sums = columns_.SumsOf(layer_, memory_ + layer_.index_address, channel);
      std::int16_t* to = values_.data() + (std::size_t{channel} * sum_height_ + row) * sum_width_;
      for (std::uint32_t x = 0; x < sum_width_; ++x) {
        to[x] = Scaled(layer_, parameters_[channel], sums[x]);
      }
    }
  }

  void Pool(std::uint32_t image, std::uint32_t channel) {
    const IntegerStage& stage = *layer_.integer;
    std::vector<std::int16_t> row_values(layer_.out_width);
    const std::int16_t* values = values_.data() + std::size_t{channel} * sum_height_ * sum_width_;
    const auto begin = [](std::int64_t place, int stride, int pad) {
      return std::max<std::int64_t>(place * stride - pad, 0);
    };
    const auto end = [](std::int64_t place, int stride, int pad, int window, std::int64_t length) {
      return std::min<std::int64_t>(place * stride - pad + window, length);
    };
    for (std::uint32_t row = 0; row < layer_.out_height; ++row) {
      for (std::uint32_t x = 0; x < layer_.out_width; ++x) {
        std::int16_t most = -32768;
        for (std::int64_t r = begin(row, stage.pool_strides[0], stage.pool_pads[0]);
             r < end(row, stage.pool_strides[0], stage.pool_pads[0], stage.pool[0], sum_height_); ++r) {
          for (std::int64_t s = begin(x, stage.pool_strides[1], stage.pool_pads[1]);
               s < end(x, stage.pool_strides[1], stage.pool_pads[1], stage.pool[1], sum_width_); ++s) {
            most = std::max(most, values[r * sum_width_ + s]);
          }
        }
        row_values[x] = most;
      }
      output_.WriteValues(image, row, channel, row_values.data());
    }
  }

  const LayerDescriptor& layer_;
  const std::vector<IntegerParameters>& parameters_;
  std::uint8_t* memory_;
  IntegerOutput output_;
  std::uint32_t sum_height_;
  std::uint32_t sum_width_;
  Columns columns_;
  std::vector<std::int16_t> values_;  ///< [out_channels, sum_height, sum_width] of an image
};

/// The values of an input row of a shortcut or classifier.
const std::uint8_t* InputRow(const LayerDescriptor& layer, const std::uint8_t* memory, std::uint32_t image,
                             std::uint32_t row, std::uint32_t channel) {
  return memory + layer.input_address +
         ValueRow(image, row, channel, layer.in_height, layer.in_channels, layer.in_width);
}

void RunShortcut(const LayerDescriptor& layer, const std::vector<IntegerParameters>& parameters, std::uint8_t* memory) {
  IntegerOutput output(layer, parameters, memory);
  Columns columns(layer.in_channels, layer.out_width);
  std::vector<std::int16_t> values(layer.out_width);
  const std::uint32_t pool = layer.integer->pool[0];
  for (std::uint32_t image = 0; image < layer.batch; ++image) {
    for (std::uint32_t row = 0; row < layer.out_height; ++row) {
      for (std::uint32_t c = 0; c < layer.in_channels; ++c) {
        std::int16_t* means = columns.Row(c);
        for (std::uint32_t x = 0; x < layer.out_width; ++x) {
          std::int32_t sum = 0;
          int count = 0;
          for (std::uint32_t r = row * pool; r < std::min((row + 1) * pool, layer.in_height); ++r) {
            const std::uint8_t* input = InputRow(layer, memory, image, r, c);
            for (std::uint32_t s = x * pool; s < std::min((x + 1) * pool, layer.in_width); ++s, ++count) {
              sum += ValueAt(input, s);
            }
          }
          means[x] = static_cast<std::int16_t>(RoundedShift(sum, count / 2));  // of 1, 2 or 4 values
        }
      }
      for (std::uint32_t channel = 0; channel < layer.out_channels; ++channel) {
        const std::vector<Sum>& sums = columns.SumsOf(layer, memory + layer.index_address, channel);
        for (std::uint32_t x = 0; x < layer.out_width; ++x) {
          values[x] = Scaled(layer, parameters[channel], sums[x]);
        }
        output.WriteValues(image, row, channel, values.data());
      }
    }
  }
}

void RunClassifier(const LayerDescriptor& layer, std::uint8_t* memory) {
  Columns columns(layer.in_channels, 1);
  for (std::uint32_t image = 0; image < layer.batch; ++image) {
    for (std::uint32_t c = 0; c < layer.in_channels; ++c) {
      Sum sum = 0;
      for (std::uint32_t row = 0; row < layer.in_height; ++row) {
        const std::uint8_t* input = InputRow(layer, memory, image, row, c);
        for (std::uint32_t x = 0; x < layer.in_width; ++x) {
          sum += static_cast<Sum>(ValueAt(input, x));
        }
      }
      *columns.Row(c) = static_cast<std::int16_t>(MovedDown(sum, layer.integer->shift));
    }
    std::uint8_t* to = memory + layer.output_address + image * layer.output_image_bytes();
    for (std::uint32_t k = 0; k < layer.out_channels; ++k) {
      const Sum sum = columns.SumsOf(layer, memory + layer.index_address, k).front();
      for (int byte = 0; byte < 4; ++byte) {
        *to++ = static_cast<std::uint8_t>(sum >> 8 * byte);
      }
    }
  }
}

}  // namespace

ErrorCode RunDenseLayer(const LayerDescriptor& layer, std::uint8_t* memory) {
  if (layer.integer->kind == Kind::kClassifier) {
    RunClassifier(layer, memory);
    return ErrorCode::kNone;
  }
  const std::optional<std::vector<IntegerParameters>> parameters = LoadParameters(layer, memory);
  if (!parameters.has_value()) {
    return ErrorCode::kMultiplier;
  }
  if (layer.integer->kind == Kind::kStem) {
    Stem(layer, *parameters, memory).Run();
  } else {
    RunShortcut(layer, *parameters, memory);
  }
  return ErrorCode::kNone;
}

}  // namespace subbit::fpga
