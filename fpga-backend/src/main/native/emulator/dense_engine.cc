#include "emulator/dense_engine.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/integer/integer_arithmetic.h"
#include "device/bus_model.h"
#include "device/dense_order.h"
#include "device/stem_taps.h"
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

/// The doubled sums of a row of a stem, as the list of taps in device memory makes them: for each tap, the operands of
/// all lanes of all groups of the row.
class StemRow {
 public:
  StemRow(const LayerDescriptor& layer, const std::uint8_t* memory, std::uint32_t width)
      : layer_(layer),
        memory_(memory),
        lanes_(CeilDivide(width, GroupColumns(layer)) * kStemLanes),
        operands_(layer.integer->taps * lanes_),
        sums_(kStemSums * lanes_),
        doubled_(lanes_ * LaneColumns(layer)) {
    const std::uint8_t* list = memory + layer.codebook_address + kZeroPixelBytes;
    for (std::size_t tap = 0; tap < layer.integer->taps; ++tap, list += 4) {
      std::uint32_t word = 0;
      for (int byte = 0; byte < 4; ++byte) {
        word |= std::uint32_t{list[byte]} << 8 * byte;
      }
      taps_.push_back(StemTap::Decode(word));
    }
  }

  /// Reads what the sums of a row need of an image.
  void Read(std::uint32_t image, std::uint32_t row) {
    for (std::size_t tap = 0; tap < taps_.size(); ++tap) {
      const StemTap& t = taps_[tap];
      const Pixels pixels = PixelsOf(t, image, row);
      std::int16_t* to = operands_.data() + tap * lanes_;
      for (std::size_t lane = 0; lane < lanes_; ++lane) {
        const int first = PixelAt(pixels, lane, t.first);
        const int second = t.combination == Combination::kFirst ? 0 : PixelAt(pixels, lane, t.second);
        to[lane] =
            static_cast<std::int16_t>(t.combination == Combination::kDifference ? first - second : first + second);
      }
    }
  }

  /// Twice the sums of an output channel, one for each column; columns that fill up the last group follow.
  const std::vector<Sum>& DoubledSumsOf(std::uint32_t output) {
    const std::uint8_t* weights = memory_ + layer_.index_address;
    std::fill(sums_.begin(), sums_.end(), Sum{0});
    for (std::size_t tap = 0; tap < taps_.size(); ++tap) {
      const std::uint8_t* stored = weights + sizeof(std::int16_t) * DensePlace(layer_, output, tap);
      const int weight = TenBits(stored[0] | stored[1] << 8);
      const std::int16_t* operands = operands_.data() + tap * lanes_;
      Sum* to = SumsOf(taps_[tap].sum);
      for (std::size_t lane = 0; lane < lanes_; ++lane) {
        to[lane] += static_cast<Sum>(weight * operands[lane]);
      }
    }
    const std::size_t columns = LaneColumns(layer_);
    for (std::size_t lane = 0; lane < lanes_; ++lane) {
      const Sum both = SumsOf(StemSum::kBoth)[lane];
      const Sum opposed = SumsOf(StemSum::kOpposed)[lane];
      doubled_[lane * columns] = SumsOf(StemSum::kFirst)[lane] + both + opposed;
      if (columns == 2) {
        doubled_[lane * columns + 1] = both - opposed + SumsOf(StemSum::kSecond)[lane];
      }
    }
    return doubled_;
  }

 private:
  /// A row of a channel; null if it is outside the image.
  struct Pixels {
    const std::uint8_t* row;
    int zero;
  };

  /// The lower ten bits as a signed number.
  static int TenBits(int stored) { return (stored & 0x3FF) - ((stored & 0x200) << 1); }

  Sum* SumsOf(StemSum sum) { return sums_.data() + static_cast<std::size_t>(sum) * lanes_; }

  Pixels PixelsOf(const StemTap& tap, std::uint32_t image, std::uint32_t row) const {
    const std::int64_t y = std::int64_t{row} * layer_.stride_h - layer_.pad_top + tap.row;
    if (tap.channel >= layer_.in_channels || y < 0 || y >= layer_.in_height) {
      return {nullptr, 0};
    }
    return {memory_ + layer_.input_address + image * layer_.input_image_bytes() +
                (std::size_t{tap.channel} * layer_.in_height + static_cast<std::size_t>(y)) * layer_.in_width,
            memory_[layer_.codebook_address + tap.channel]};
  }

  /// A pixel of the window of a lane's group, less the zero pixel; 0 outside the image.
  int PixelAt(const Pixels& pixels, std::size_t lane, std::uint32_t place) const {
    const std::size_t right = lane % kStemLanes * LaneColumns(layer_) * layer_.stride_w;
    const std::int64_t column = static_cast<std::int64_t>(lane / kStemLanes * GroupColumns(layer_) * layer_.stride_w +
                                                          (place + right) % kWindowPixels) -
                                layer_.pad_left;
    return pixels.row != nullptr && column >= 0 && column < layer_.in_width ? pixels.row[column] - pixels.zero : 0;
  }

  const LayerDescriptor& layer_;
  const std::uint8_t* memory_;
  std::size_t lanes_;  ///< of all groups of a row
  std::vector<StemTap> taps_;
  std::vector<std::int16_t> operands_;  ///< [tap, lane]
  std::vector<Sum> sums_;               ///< [sum of the list, lane]
  std::vector<Sum> doubled_;            ///< [column]
};

/// A convolution of pixels and a max pool of its results.
class Stem {
 public:
  Stem(const LayerDescriptor& layer, const std::vector<IntegerParameters>& parameters, std::uint8_t* memory)
      : layer_(layer),
        parameters_(parameters),
        output_(layer, parameters, memory),
        sum_height_(SumLength(0)),
        sum_width_(SumLength(1)),
        row_(layer, memory, sum_width_),
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
    row_.Read(image, row);
    for (std::uint32_t channel = 0; channel < layer_.out_channels; ++channel) {
      const std::vector<Sum>& sums = row_.DoubledSumsOf(channel);
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
  IntegerOutput output_;
  std::uint32_t sum_height_;
  std::uint32_t sum_width_;
  StemRow row_;
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
