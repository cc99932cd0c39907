#include "core/reference.h"

#include <limits>

namespace subbit {
namespace {

/// Calls finish(o, sum) for every output pixel in order and stores what it returns. The sum runs over the taps that lie
/// inside the image: value(x) * (-1 or +1).
template <class Sum, class X, class Y, class Value, class Finish>
void Convolve(const ConvGeometry& geometry, const SubBitWeights& weights, const X* x, Y* y,
              ParallelFor parallel_for, Value value, Finish finish) {
  const std::int64_t outs = geometry.attributes.out_channels;
  const std::int64_t plane = geometry.height * geometry.width;
  const std::int64_t out_plane = geometry.out_height * geometry.out_width;
  parallel_for(static_cast<std::size_t>(geometry.batch * outs), [&](std::size_t task) {
    const std::int64_t n = static_cast<std::int64_t>(task) / outs;
    const std::int64_t o = static_cast<std::int64_t>(task) % outs;
    const std::int64_t first_channel = o / geometry.OutputChannelsPerGroup() * geometry.attributes.in_channels;
    const X* image = x + (n * geometry.InputChannels() + first_channel) * plane;
    Y* out = y + (n * outs + o) * out_plane;
    for (std::int64_t row = 0; row < geometry.out_height; ++row) {
      for (std::int64_t column = 0; column < geometry.out_width; ++column) {
        Sum sum = 0;
        for (std::int64_t c = 0; c < geometry.attributes.in_channels; ++c) {
          const std::uint16_t codeword = weights.Codeword(o, c);
          for (int tap = 0; tap < kTaps; ++tap) {
            const std::int64_t r = geometry.InputRow(row, tap / kKernelSize);
            const std::int64_t s = geometry.InputColumn(column, tap % kKernelSize);
            if (r < 0 || r >= geometry.height || s < 0 || s >= geometry.width) continue;
            sum += value(o, image[c * plane + r * geometry.width + s]) * TapSign(codeword, tap);
          }
        }
        out[row * geometry.out_width + column] = finish(o, sum);
      }
    }
  });
}

}  // namespace

void ReferenceSubBitConv(const ConvGeometry& geometry, const SubBitWeights& weights, const std::vector<float>& scale,
                         const std::vector<float>& bias, const float* x, float* y, ParallelFor parallel_for) {
  Convolve<double>(
      geometry, weights, x, y, parallel_for,
      [&](std::int64_t o, float v) { return static_cast<double>(v) * scale[static_cast<std::size_t>(o)]; },
      [&](std::int64_t o, double sum) { return static_cast<float>(sum + bias[static_cast<std::size_t>(o)]); });
}

void ReferenceBinarySubBitConv(const ConvGeometry& geometry, const SubBitWeights& weights,
                               const std::vector<float>& scale, const std::vector<float>& bias, const float* x,
                               float* y, ParallelFor parallel_for) {
  Convolve<std::int32_t>(
      geometry, weights, x, y, parallel_for, [](std::int64_t, float v) { return v >= 0.0f ? 1 : -1; },
      [&](std::int64_t o, std::int32_t sum) {
        const float product = static_cast<float>(sum) * scale[static_cast<std::size_t>(o)];
        return product + bias[static_cast<std::size_t>(o)];
      });
}

template <class Q>
void ReferenceQLinearSubBitConv(const ConvGeometry& geometry, const SubBitWeights& weights,
                                const Requantization& requantization, const Q* x, Q* y,
                                ParallelFor parallel_for) {
  Convolve<std::int32_t>(
      geometry, weights, x, y, parallel_for, [&](std::int64_t, Q v) { return v - requantization.x_zero_point; },
      [&](std::int64_t o, std::int32_t sum) {
        const auto channel = static_cast<std::size_t>(o);
        return static_cast<Q>(Requantize(sum, requantization.bias[channel], requantization.multiplier[channel],
                                         requantization.y_zero_point, std::numeric_limits<Q>::min(),
                                         std::numeric_limits<Q>::max()));
      });
}

template void ReferenceQLinearSubBitConv<std::uint8_t>(const ConvGeometry&, const SubBitWeights&, const Requantization&,
                                                       const std::uint8_t*, std::uint8_t*, ParallelFor);
template void ReferenceQLinearSubBitConv<std::int8_t>(const ConvGeometry&, const SubBitWeights&, const Requantization&,
                                                      const std::int8_t*, std::int8_t*, ParallelFor);

}  // namespace subbit
