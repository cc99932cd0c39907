#pragma once

#include <cstdint>

namespace subbit {

/// Activations of some images, [rows][channels]: rows are pixels, of all images one after the other.
struct Pixels {
  std::int64_t rows;
  std::int64_t channels;
};

/// What the forward pass behind a convolution computes of each channel c:
///   u = factor[c] * x + offset[c] + residual,  y = (u > 0 ? u : slope[c] * u) + after[c].
struct NormForm {
  const float* factor;
  const float* offset;
  const float* slope;
  const float* after;
};

/// The gradients that arrive at y, as summands.
struct Summands {
  const float* const* values;
  std::int64_t count;  ///< at least 1
};

/// Sums over the rows, each [channels].
struct NormSums {
  double* arrived;     ///< of dy
  double* slope;       ///< of dy * min(u, 0)
  double* inner;       ///< of du
  double* normalised;  ///< of du * (x - mean) / deviation
};

/// The gradient of what is normalised, of each channel c: du_factor[c] * du + x_factor[c] * x + offset[c].
struct NormBack {
  const float* du_factor;
  const float* x_factor;
  const float* offset;
};

/// A convolution: 3x3, padded by one pixel that adds nothing.
struct ConvShape {
  std::int64_t images;
  std::int64_t height;
  std::int64_t width;
  std::int64_t in;
  std::int64_t out;
  std::int64_t stride;

  std::int64_t OutHeight() const { return (height - 1) / stride + 1; }
  std::int64_t OutWidth() const { return (width - 1) / stride + 1; }
  std::int64_t InputSize() const { return height * width * in; }              ///< of an image
  std::int64_t OutputSize() const { return OutHeight() * OutWidth() * out; }  ///< of an image
};

/// A convolution of floats takes multiples of so many channels.
constexpr std::int64_t kConvChannels = 16;

/// Passes over activations, for one instruction set. Every sum is taken in an order that depends on the shape only.
struct Passes {
  const char* isa;

  /// The mean of each channel, and the sum of squared distances from it.
  void (*moments)(Pixels shape, const float* x, double* mean, double* squares);

  /// y of NormForm. The residual may be null.
  void (*norm)(Pixels shape, const NormForm& form, const float* x, const float* residual, float* y);

  /// du, the gradient of u, from the gradient of y, and the sums that parameters and x need. The normalised x is
  /// inverse[c] * x + shifted[c].
  void (*norm_sums)(Pixels shape, const NormForm& form, const float* inverse, const float* shifted, Summands gradient,
                    const float* x, const float* residual, float* du, const NormSums& sums);

  /// dx of NormBack.
  void (*norm_gradient)(Pixels shape, const NormBack& norm, const float* du, const float* x, float* dx);

  /// x + shift[c] >= 0 ? 1 : -1.
  void (*signs)(Pixels shape, const float* x, const float* shift, float* y);

  /// dx = gradient * max(0, 2 - 2 |x + shift[c]|), Bi-Real net's, and adds its sum over the rows to `sums`.
  void (*signs_gradient)(Pixels shape, const float* gradient, const float* x, const float* shift, float* dx,
                         double* sums);

  /// The convolution of the signs of x + shift[c] with weights of two values, +-scale[o], and the moments of y. x is
  /// [images][height][width][in], the weights are [3][3][in][out].
  void (*binary_conv)(const ConvShape& shape, const float* x, const float* shift, const float* weights, float* y,
                      double* mean, double* squares);

  // Null without AVX2, where TensorFlow's convolutions are faster.

  /// The convolution of x, and the moments of y. Channels are multiples of kConvChannels, as in its gradients.
  void (*conv)(const ConvShape& shape, const float* x, const float* weights, float* y, double* mean, double* squares);

  /// The gradients of x and of the weights.
  void (*conv_gradients)(const ConvShape& shape, const float* x, const float* weights, const float* dy, float* dx,
                         float* gradient);

  /// norm_gradient and, behind it, conv_gradients, image by image, so that what goes from one to the other stays in
  /// the cache. y is what the convolution gave and is normalised.
  void (*norm_conv_gradients)(const ConvShape& shape, const NormBack& norm, const float* du, const float* y,
                              const float* x, const float* weights, float* dx, float* gradient);
};

/// The passes for the best instruction set of this processor that the environment variable SUBBIT_ISA allows.
const Passes& ChosenPasses();

const Passes& PortablePasses();
const Passes& Avx2Passes();
const Passes& Avx512Passes();

}  // namespace subbit
