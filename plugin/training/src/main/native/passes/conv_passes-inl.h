// The passes that convolve floats, by the way that is faster; included behind passes-inl.h and a definition of
// MultiplyAdd (conv-inl.h).
#pragma once

#include <cstdint>
#include <vector>

#include "passes/conv-inl.h"
#include "passes/passes.h"
#include "passes/tiles-inl.h"

namespace subbit {
namespace {

/// Whether tiles save time; of narrower images too much of them lies behind the edge.
inline bool PaysInTiles(const ConvShape& shape) { return shape.stride == 1 && shape.height >= 4 && shape.width >= 4; }

void ConvPass(const ConvShape& shape, const float* x, const float* weights, float* y, double* mean, double* squares) {
  const auto pass = [&](auto&& conv) {
    ForEachImage(shape, y, mean, squares,
                 [&](std::int64_t i, float* to) { conv.Image(x + i * shape.InputSize(), to); });
  };
  if (PaysInTiles(shape)) {
    pass(TiledConv(shape.height, shape.width, shape.in, shape.out, weights));
  } else {
    pass(Conv(shape, weights));
  }
}

/// Calls each(image, gradient of the input, gradient of the weights) for all images of a convolution.
template <typename Each>
inline void ForEachGradient(const ConvShape& shape, const float* weights, float* gradient, Each&& each) {
  const auto pass = [&](auto&& input, auto&& filter) {
    for (std::int64_t i = 0; i < shape.images; ++i) each(i, input, filter);
    filter.Write(gradient);
  };
  if (PaysInTiles(shape)) {
    const std::vector<float> turned = TurnedAround(weights, shape.in, shape.out);
    pass(TiledConv(shape.height, shape.width, shape.out, shape.in, turned.data()), TiledFilterGradient(shape));
  } else {
    pass(ConvInputGradient(shape, weights), ConvFilterGradient(shape));
  }
}

void ConvGradients(const ConvShape& shape, const float* x, const float* weights, const float* dy, float* dx,
                   float* gradient) {
  ForEachGradient(shape, weights, gradient, [&](std::int64_t i, auto& input, auto& filter) {
    const float* arrived = dy + i * shape.OutputSize();
    input.Image(arrived, dx + i * shape.InputSize());
    filter.Image(x + i * shape.InputSize(), arrived);
  });
}

void NormConvGradients(const ConvShape& shape, const NormBack& norm, const float* du, const float* y, const float* x,
                       const float* weights, float* dx, float* gradient) {
  std::vector<float> dy(static_cast<std::size_t>(shape.OutputSize()));
  ForEachGradient(shape, weights, gradient, [&](std::int64_t i, auto& input, auto& filter) {
    const std::int64_t from = i * shape.OutputSize();
    NormGradient({shape.OutHeight() * shape.OutWidth(), shape.out}, norm, du + from, y + from, dy.data());
    input.Image(dy.data(), dx + i * shape.InputSize());
    filter.Image(x + i * shape.InputSize(), dy.data());
  });
}

/// The same passes with convolutions of floats.
constexpr Passes WithConvs(Passes passes) {
  passes.conv = ConvPass;
  passes.conv_gradients = ConvGradients;
  passes.norm_conv_gradients = NormConvGradients;
  return passes;
}

}  // namespace
}  // namespace subbit
