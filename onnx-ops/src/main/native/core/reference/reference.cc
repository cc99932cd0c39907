#include "core/reference/reference.h"

#include <algorithm>
#include <limits>

#include "core/operator/packed_bits.h"

namespace subbit {
namespace {

/// The sum at one output pixel over the taps that lie inside the image: activation(c, pixel) * (-1 or +1), where c is
/// an input channel of all groups and `pixel` the input's pixel, row-major.
template <class Sum, class Activation>
Sum SumOverTaps(const ConvGeometry& geometry, const SubBitWeights& weights, std::int64_t o, std::int64_t row,
                std::int64_t column, Activation activation) {
  const std::int64_t first_channel = o / geometry.OutputChannelsPerGroup() * geometry.attributes.in_channels;
  Sum sum = 0;
  for (std::int64_t c = 0; c < geometry.attributes.in_channels; ++c) {
    const std::uint16_t codeword = weights.Codeword(o, c);
    for (int tap = 0; tap < kTaps; ++tap) {
      const std::int64_t r = geometry.InputRow(row, tap / kKernelSize);
      const std::int64_t s = geometry.InputColumn(column, tap % kKernelSize);
      if (r < 0 || r >= geometry.height || s < 0 || s >= geometry.width) continue;
      sum += activation(first_channel + c, r * geometry.width + s) * TapSign(codeword, tap);
    }
  }
  return sum;
}

/// Stores finish(o, sum, element) for every output pixel, whose place in y is `element`. The sum is
/// sum_at(image, o, row, column).
template <class X, class Y, class SumAt, class Finish>
void ConvolveSums(const ConvGeometry& geometry, const X* x, Y* y, ParallelFor parallel_for, SumAt sum_at,
                  Finish finish) {
  const std::int64_t outs = geometry.attributes.out_channels;
  const std::int64_t out_plane = geometry.out_height * geometry.out_width;
  parallel_for(static_cast<std::size_t>(geometry.batch * outs), [&](std::size_t task) {
    const std::int64_t n = static_cast<std::int64_t>(task) / outs;
    const std::int64_t o = static_cast<std::int64_t>(task) % outs;
    const X* image = x + n * geometry.InputChannels() * geometry.height * geometry.width;
    for (std::int64_t row = 0; row < geometry.out_height; ++row) {
      for (std::int64_t column = 0; column < geometry.out_width; ++column) {
        const std::int64_t element = (n * outs + o) * out_plane + row * geometry.out_width + column;
        y[element] = finish(o, sum_at(image, o, row, column), element);
      }
    }
  });
}

/// Stores finish(o, sum, element) for every output pixel. The sum is that of value(o, x) * (-1 or +1).
template <class Sum, class X, class Y, class Value, class Finish>
void Convolve(const ConvGeometry& geometry, const SubBitWeights& weights, const X* x, Y* y, ParallelFor parallel_for,
              Value value, Finish finish) {
  const std::int64_t plane = geometry.height * geometry.width;
  ConvolveSums(
      geometry, x, y, parallel_for,
      [&](const X* image, std::int64_t o, std::int64_t row, std::int64_t column) {
        return SumOverTaps<Sum>(geometry, weights, o, row, column,
                                [&](std::int64_t c, std::int64_t pixel) { return value(o, image[c * plane + pixel]); });
      },
      finish);
}

/// -1 or +1: the sign of a channel at a pixel of one packed image.
int PackedSign(const std::uint8_t* image, std::int64_t plane, std::int64_t channel, std::int64_t pixel) {
  const int byte = image[channel / kChannelsPerByte * plane + pixel];
  return ((byte >> (channel % kChannelsPerByte)) & 1) != 0 ? 1 : -1;
}

/// Convolves packed signs. y is finish(sum, o, element), where `element` is y's place in its tensor; s is positive(y,
/// o). One task makes the outputs that share a byte of s.
template <class Finish, class Positive>
void ConvolvePacked(const ConvGeometry& geometry, const SubBitWeights& weights, const std::uint8_t* b,
                    const PackedOutputs& outputs, ParallelFor parallel_for, Finish finish, Positive positive) {
  const std::int64_t outs = geometry.attributes.out_channels;
  const std::int64_t bytes = PackedBytes(outs);
  const std::int64_t plane = geometry.height * geometry.width;
  const std::int64_t out_plane = geometry.out_height * geometry.out_width;
  parallel_for(static_cast<std::size_t>(geometry.batch * bytes), [&](std::size_t task) {
    const std::int64_t n = static_cast<std::int64_t>(task) / bytes;
    const std::int64_t byte = static_cast<std::int64_t>(task) % bytes;
    const std::int64_t first = byte * kChannelsPerByte;
    const std::uint8_t* image = b + n * PackedBytes(geometry.InputChannels()) * plane;
    for (std::int64_t pixel = 0; pixel < out_plane; ++pixel) {
      unsigned signs = 0;
      for (std::int64_t o = first; o < std::min(first + kChannelsPerByte, outs); ++o) {
        const std::int32_t sum = SumOverTaps<std::int32_t>(
            geometry, weights, o, pixel / geometry.out_width, pixel % geometry.out_width,
            [&](std::int64_t c, std::int64_t in_pixel) { return PackedSign(image, plane, c, in_pixel); });
        const std::int64_t element = (n * outs + o) * out_plane + pixel;
        const float y = finish(sum, static_cast<std::size_t>(o), element);
        if (outputs.y != nullptr) outputs.y[element] = y;
        if (positive(y, static_cast<std::size_t>(o))) signs |= 1u << (o - first);
      }
      if (outputs.s != nullptr) {
        outputs.s[(n * bytes + byte) * out_plane + pixel] = static_cast<std::uint8_t>(signs);
      }
    }
  });
}

/// float(sum) * scale + bias, rounded twice.
float Scaled(std::int32_t sum, float scale, float bias) {
  const float product = static_cast<float>(sum) * scale;
  return product + bias;
}

/// Convolves 8-bit values; residual_at(element) is added to each product.
template <class Q, class ResidualAt>
void ConvolveQuantized(const ConvGeometry& geometry, const SubBitWeights& weights, const Requantization& requantization,
                       const Q* x, Q* y, ParallelFor parallel_for, ResidualAt residual_at) {
  Convolve<std::int32_t>(
      geometry, weights, x, y, parallel_for, [&](std::int64_t, Q v) { return v - requantization.x_zero_point; },
      [&](std::int64_t o, std::int32_t sum, std::int64_t element) {
        const auto channel = static_cast<std::size_t>(o);
        return static_cast<Q>(Requantize(sum, requantization.bias[channel], requantization.multiplier[channel],
                                         requantization.y_zero_point, std::numeric_limits<Q>::min(),
                                         std::numeric_limits<Q>::max(), residual_at(element)));
      });
}

}  // namespace

void ReferenceSubBitConv(const ConvGeometry& geometry, const SubBitWeights& weights, const std::vector<float>& scale,
                         const std::vector<float>& bias, const float* x, float* y, ParallelFor parallel_for) {
  Convolve<double>(
      geometry, weights, x, y, parallel_for,
      [&](std::int64_t o, float v) { return static_cast<double>(v) * scale[static_cast<std::size_t>(o)]; },
      [&](std::int64_t o, double sum, std::int64_t) {
        return static_cast<float>(sum + bias[static_cast<std::size_t>(o)]);
      });
}

void ReferenceStagedSubBitConv(const ConvGeometry& geometry, const std::vector<WeightStage>& stages,
                               const std::vector<float>& bias, const float* x, float* y, ParallelFor parallel_for) {
  const std::int64_t plane = geometry.height * geometry.width;
  ConvolveSums(
      geometry, x, y, parallel_for,
      [&](const float* image, std::int64_t o, std::int64_t row, std::int64_t column) {
        double sum = 0;
        for (const WeightStage& stage : stages) {
          const double scale = stage.scale[static_cast<std::size_t>(o)];
          sum += SumOverTaps<double>(geometry, stage.weights, o, row, column, [&](std::int64_t c, std::int64_t pixel) {
            return image[c * plane + pixel] * scale;
          });
        }
        return sum;
      },
      [&](std::int64_t o, double sum, std::int64_t) {
        return static_cast<float>(sum + bias[static_cast<std::size_t>(o)]);
      });
}

void ReferenceBinarySubBitConv(const ConvGeometry& geometry, const SubBitWeights& weights,
                               const std::vector<float>& scale, const std::vector<float>& bias, const float* x,
                               float* y, ParallelFor parallel_for) {
  Convolve<std::int32_t>(
      geometry, weights, x, y, parallel_for, [](std::int64_t, float v) { return v >= 0.0f ? 1 : -1; },
      [&](std::int64_t o, std::int32_t sum, std::int64_t) {
        return Scaled(sum, scale[static_cast<std::size_t>(o)], bias[static_cast<std::size_t>(o)]);
      });
}

void ReferencePackSigns(const SignsShape& shape, const std::vector<float>& shift, const float* x, std::uint8_t* b,
                        ParallelFor parallel_for) {
  const std::int64_t bytes = PackedBytes(shape.channels);
  parallel_for(static_cast<std::size_t>(shape.batch * bytes), [&](std::size_t task) {
    const std::int64_t n = static_cast<std::int64_t>(task) / bytes;
    const std::int64_t byte = static_cast<std::int64_t>(task) % bytes;
    const std::int64_t first = byte * kChannelsPerByte;
    for (std::int64_t pixel = 0; pixel < shape.pixels; ++pixel) {
      unsigned signs = 0;
      for (std::int64_t c = first; c < std::min(first + kChannelsPerByte, shape.channels); ++c) {
        const float value = x[(n * shape.channels + c) * shape.pixels + pixel];
        if (value + shift[static_cast<std::size_t>(c)] >= 0.0f) signs |= 1u << (c - first);
      }
      b[(n * bytes + byte) * shape.pixels + pixel] = static_cast<std::uint8_t>(signs);
    }
  });
}

void ReferencePackedBinarySubBitConv(const ConvGeometry& geometry, const SubBitWeights& weights,
                                     const std::vector<float>& scale, const std::vector<float>& bias,
                                     const std::uint8_t* b, const PackedOutputs& outputs, ParallelFor parallel_for) {
  ConvolvePacked(
      geometry, weights, b, outputs, parallel_for,
      [&](std::int32_t sum, std::size_t o, std::int64_t) { return Scaled(sum, scale[o], bias[o]); },
      [](float y, std::size_t) { return y >= 0.0f; });
}

void ReferenceBinarySubBitBlock(const ConvGeometry& geometry, const SubBitWeights& weights,
                                const std::vector<float>& scale, const std::vector<float>& bias,
                                const BlockParameters& block, const PackedInputs& inputs, const PackedOutputs& outputs,
                                ParallelFor parallel_for) {
  ConvolvePacked(
      geometry, weights, inputs.b, outputs, parallel_for,
      [&](std::int32_t sum, std::size_t o, std::int64_t element) {
        const float z = Scaled(sum, scale[o], bias[o]) + inputs.residual[element];
        const float t = z + block.shift_in[o];
        const float p = t >= 0.0f ? t : block.slope[o] * t;
        return p + block.shift_out[o];
      },
      [&](float y, std::size_t o) { return y + block.next_shift[o] >= 0.0f; });
}

template <class Q>
void ReferenceQLinearSubBitConv(const ConvGeometry& geometry, const SubBitWeights& weights,
                                const Requantization& requantization, const Q* x, Q* y, ParallelFor parallel_for) {
  ConvolveQuantized(geometry, weights, requantization, x, y, parallel_for, [](std::int64_t) { return 0.0f; });
}

template <class Q>
void ReferenceQLinearSubBitBlock(const ConvGeometry& geometry, const SubBitWeights& weights,
                                 const Requantization& requantization, const Q* x, const Q* residual, Q* y,
                                 ParallelFor parallel_for) {
  ConvolveQuantized(geometry, weights, requantization, x, y, parallel_for,
                    [&](std::int64_t element) { return ScaledResidual(residual[element], requantization.residual); });
}

template void ReferenceQLinearSubBitConv<std::uint8_t>(const ConvGeometry&, const SubBitWeights&, const Requantization&,
                                                       const std::uint8_t*, std::uint8_t*, ParallelFor);
template void ReferenceQLinearSubBitConv<std::int8_t>(const ConvGeometry&, const SubBitWeights&, const Requantization&,
                                                      const std::int8_t*, std::int8_t*, ParallelFor);
template void ReferenceQLinearSubBitBlock<std::uint8_t>(const ConvGeometry&, const SubBitWeights&,
                                                        const Requantization&, const std::uint8_t*, const std::uint8_t*,
                                                        std::uint8_t*, ParallelFor);
template void ReferenceQLinearSubBitBlock<std::int8_t>(const ConvGeometry&, const SubBitWeights&, const Requantization&,
                                                       const std::int8_t*, const std::int8_t*, std::int8_t*,
                                                       ParallelFor);

}  // namespace subbit
