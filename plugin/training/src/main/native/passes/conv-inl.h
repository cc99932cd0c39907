// Convolutions of floats and their two gradients; part of passes-inl.h. Sums stay in registers: a block of neighbouring
// pixels by one or two vectors of outputs in a convolution, a block of channels by outputs in the gradient of the
// weights.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "passes/passes.h"
#include "passes/vector-inl.h"

namespace subbit {
namespace {

/// The pixels of an image with one pixel of zeros around them, [height + 2][width + 2][channels].
class Plane {
 public:
  Plane(std::int64_t height, std::int64_t width, std::int64_t channels)
      : height_(height),
        width_(width),
        channels_(channels),
        values_(static_cast<std::size_t>((height + 2) * (width + 2) * channels), 0.0f) {}

  void Fill(const float* image) {
    const std::int64_t row = width_ * channels_;
    for (std::int64_t y = 0; y < height_; ++y) {
      std::memcpy(values_.data() + Offset(y, 0), image + y * row, static_cast<std::size_t>(row) * sizeof(float));
    }
  }

  const float* values() const { return values_.data(); }

  /// Of a pixel of the image; rows and columns begin at -1.
  std::int64_t Offset(std::int64_t row, std::int64_t column) const {
    return ((row + 1) * (width_ + 2) + column + 1) * channels_;
  }

 private:
  const std::int64_t height_;
  const std::int64_t width_;
  const std::int64_t channels_;
  std::vector<float> values_;
};

/// What a pixel of the result takes from another one.
struct Tap {
  std::int64_t pixel;    ///< offset of its channels from those of the first pixel that is read
  const float* weights;  ///< [in][out]
};

/// A row of pixels, each a sum over taps.
struct TapRow {
  const float* x;     ///< the first pixel that is read
  std::int64_t step;  ///< from there to the next
  std::int64_t in;
  std::int64_t out;
  float* y;  ///< the first pixel that is written
  std::int64_t y_step;
};

template <int kPixels, int kVectors>
inline void SumTaps(const TapRow& row, const std::vector<Tap>& taps, std::int64_t first, std::int64_t o) {
  // Three pixels a pointer: x86 adds the step once or twice by itself.
  constexpr int kPointers = (kPixels + 2) / 3;
  Vector sums[kPixels][kVectors] = {};
  const std::int64_t step = row.step;
  for (const Tap& tap : taps) {
    const float* x[kPointers];
#pragma GCC unroll 8
    for (int i = 0; i < kPointers; ++i) x[i] = row.x + tap.pixel + (first + 3 * i) * step;
    const float* w = tap.weights + o;
    for (std::int64_t c = 0; c < row.in; ++c, w += row.out) {
      Vector weight[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) weight[v] = Load<Vector>(w + v * kLanes);
#pragma GCC unroll 16
      for (int p = 0; p < kPixels; ++p) {
        const float value = x[p / 3][p % 3 * step];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[p][v] += value * weight[v];
      }
#pragma GCC unroll 8
      for (int i = 0; i < kPointers; ++i) ++x[i];
    }
  }
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) Store(row.y + (first + p) * row.y_step + o + v * kLanes, sums[p][v]);
  }
}

template <int kPixels, int kVectors>
inline void SumRow(const TapRow& row, const std::vector<Tap>& taps, std::int64_t pixels, std::int64_t o) {
  std::int64_t first = 0;
  for (; first + kPixels <= pixels; first += kPixels) SumTaps<kPixels, kVectors>(row, taps, first, o);
  if (first == pixels) return;
  if (pixels >= kPixels) {
    // Some pixels are computed twice.
    SumTaps<kPixels, kVectors>(row, taps, pixels - kPixels, o);
    return;
  }
  for (; first < pixels; ++first) SumTaps<1, kVectors>(row, taps, first, o);
}

inline void SumRow(const TapRow& row, const std::vector<Tap>& taps, std::int64_t pixels) {
  std::int64_t o = 0;
  if (kRegisters >= 32) {
    for (; o + 2 * kLanes <= row.out; o += 2 * kLanes) SumRow<7, 2>(row, taps, pixels, o);
  }
  for (; o < row.out; o += kLanes) {
    if (kRegisters >= 32 && pixels >= 14) {
      SumRow<14, 1>(row, taps, pixels, o);
    } else {
      SumRow<7, 1>(row, taps, pixels, o);
    }
  }
}

void Conv(const ConvShape& shape, const float* x, const float* weights, float* y) {
  Plane plane(shape.height, shape.width, shape.in);
  std::vector<Tap> taps;
  for (std::int64_t tap = 0; tap < 9; ++tap) {
    taps.push_back({plane.Offset(tap / 3 - 1, tap % 3 - 1), weights + tap * shape.in * shape.out});
  }
  const std::int64_t width = shape.OutWidth();
  for (std::int64_t image = 0; image < shape.images; ++image) {
    plane.Fill(x);
    for (std::int64_t row = 0; row < shape.OutHeight(); ++row) {
      const float* from = plane.values() + row * shape.stride * (shape.width + 2) * shape.in;
      SumRow({from, shape.stride * shape.in, shape.in, shape.out, y, shape.out}, taps, width);
      y += width * shape.out;
    }
    x += shape.height * shape.width * shape.in;
  }
}

/// The pixels of the input whose row and column have the same remainders by the stride take the same taps.
void ConvInputGradient(const ConvShape& shape, const float* dy, const float* weights, float* dx) {
  std::vector<float> turned(static_cast<std::size_t>(9 * shape.in * shape.out));
  for (std::int64_t tap = 0; tap < 9; ++tap) {
    for (std::int64_t c = 0; c < shape.in; ++c) {
      for (std::int64_t o = 0; o < shape.out; ++o) {
        turned[static_cast<std::size_t>((tap * shape.out + o) * shape.in + c)] = *weights++;
      }
    }
  }
  const std::int64_t stride = shape.stride;
  Plane plane(shape.OutHeight(), shape.OutWidth(), shape.out);
  std::vector<Tap> taps;
  for (std::int64_t image = 0; image < shape.images; ++image) {
    plane.Fill(dy);
    for (std::int64_t top = 0; top < stride; ++top) {
      for (std::int64_t left = 0; left < stride; ++left) {
        taps.clear();
        for (std::int64_t tap = 0; tap < 9; ++tap) {
          // The pixel of dy that has this pixel of x below the tap.
          const std::int64_t row = top + 1 - tap / 3;
          const std::int64_t column = left + 1 - tap % 3;
          if (row % stride == 0 && column % stride == 0) {
            taps.push_back({plane.Offset(row / stride, column / stride), turned.data() + tap * shape.in * shape.out});
          }
        }
        const std::int64_t pixels = (shape.width - left + stride - 1) / stride;
        for (std::int64_t row = top; row < shape.height; row += stride) {
          const float* from = plane.values() + row / stride * (shape.OutWidth() + 2) * shape.out;
          float* to = dx + (row * shape.width + left) * shape.in;
          SumRow({from, shape.out, shape.out, shape.in, to, stride * shape.in}, taps, pixels);
        }
      }
    }
    dy += shape.OutHeight() * shape.OutWidth() * shape.out;
    dx += shape.height * shape.width * shape.in;
  }
}

/// Adds to the gradient of the weights of one tap, of kChannels channels by kVectors vectors of outputs, what a row
/// gives.
template <int kChannels, int kVectors>
inline void AddProducts(const float* x, std::int64_t step, const float* dy, std::int64_t out, std::int64_t pixels,
                        std::int64_t rows, std::int64_t x_row, float* gradient) {
  Vector sums[kChannels][kVectors];
#pragma GCC unroll 16
  for (int c = 0; c < kChannels; ++c) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[c][v] = Load<Vector>(gradient + c * out + v * kLanes);
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* from = x + row * x_row;
    for (std::int64_t p = 0; p < pixels; ++p, from += step, dy += out) {
      Vector arrived[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) arrived[v] = Load<Vector>(dy + v * kLanes);
#pragma GCC unroll 16
      for (int c = 0; c < kChannels; ++c) {
        const float value = from[c];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[c][v] += value * arrived[v];
      }
    }
  }
#pragma GCC unroll 16
  for (int c = 0; c < kChannels; ++c) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) Store(gradient + c * out + v * kLanes, sums[c][v]);
  }
}

constexpr std::int64_t kRowBlock = 7;

void ConvFilterGradient(const ConvShape& shape, const float* x, const float* dy, float* gradient) {
  std::fill(gradient, gradient + 9 * shape.in * shape.out, 0.0f);
  Plane plane(shape.height, shape.width, shape.in);
  const std::int64_t width = shape.OutWidth();
  const std::int64_t x_row = shape.stride * (shape.width + 2) * shape.in;
  for (std::int64_t image = 0; image < shape.images; ++image) {
    plane.Fill(x);
    for (std::int64_t row = 0; row < shape.OutHeight(); row += kRowBlock) {
      const std::int64_t rows = std::min(kRowBlock, shape.OutHeight() - row);
      for (std::int64_t tap = 0; tap < 9; ++tap) {
        const float* from = plane.values() + row * x_row + plane.Offset(tap / 3 - 1, tap % 3 - 1);
        float* to = gradient + tap * shape.in * shape.out;
        std::int64_t o = 0;
        const std::int64_t step = shape.stride * shape.in;
        if (kRegisters >= 32) {
          for (; o + 2 * kLanes <= shape.out; o += 2 * kLanes) {
            for (std::int64_t c = 0; c < shape.in; c += 8) {
              AddProducts<8, 2>(from + c, step, dy + o, shape.out, width, rows, x_row, to + c * shape.out + o);
            }
          }
        }
        for (; o < shape.out; o += kLanes) {
          if (kRegisters >= 32) {
            for (std::int64_t c = 0; c < shape.in; c += 16) {
              AddProducts<16, 1>(from + c, step, dy + o, shape.out, width, rows, x_row, to + c * shape.out + o);
            }
          } else {
            for (std::int64_t c = 0; c < shape.in; c += 8) {
              AddProducts<8, 1>(from + c, step, dy + o, shape.out, width, rows, x_row, to + c * shape.out + o);
            }
          }
        }
      }
      dy += rows * width * shape.out;
    }
    x += shape.height * shape.width * shape.in;
  }
}

}  // namespace
}  // namespace subbit
