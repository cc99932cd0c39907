// Convolutions of floats and their two gradients; included behind passes-inl.h
// and a definition of
//   MultiplyAdd(value, vector, sum), which rounds value * vector + sum once.
// Sums stay in registers: a block of neighbouring pixels by one or two vectors of outputs in a convolution, a block of
// channels by outputs in the gradient of the weights.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "passes/passes.h"
#include "passes/vector-inl.h"

namespace subbit {
namespace {

/// The pixels of an image with zeros around them: one pixel above and to the left, and below and to the right as many
/// as make the height and the width, less the two outermost, multiples of a number.
class Plane {
 public:
  Plane(std::int64_t height, std::int64_t width, std::int64_t channels, std::int64_t multiple = 1)
      : height_(height),
        image_row_(width * channels),
        channels_(channels),
        row_(((width + multiple - 1) / multiple * multiple + 2) * channels),
        values_(static_cast<std::size_t>(((height + multiple - 1) / multiple * multiple + 2) * row_), 0.0f) {}

  void Fill(const float* image) {
    for (std::int64_t y = 0; y < height_; ++y) {
      std::memcpy(values_.data() + Offset(y, 0), image + y * image_row_,
                  static_cast<std::size_t>(image_row_) * sizeof(float));
    }
  }

  const float* values() const { return values_.data(); }

  /// From a row to the next.
  std::int64_t row() const { return row_; }

  /// Of a pixel of the image; rows and columns begin at -1.
  std::int64_t Offset(std::int64_t row, std::int64_t column) const {
    return (row + 1) * row_ + (column + 1) * channels_;
  }

 private:
  const std::int64_t height_;
  const std::int64_t image_row_;
  const std::int64_t channels_;
  const std::int64_t row_;
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
        for (int v = 0; v < kVectors; ++v) sums[p][v] = MultiplyAdd(value, weight[v], sums[p][v]);
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
inline void SumBlocks(const TapRow& row, const std::vector<Tap>& taps, std::int64_t pixels, std::int64_t o) {
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

/// Instruction sets with registers of 64 bytes have 32 of them, others 16.
constexpr bool kManyRegisters = kVectorBytes == 64;

/// In blocks of pixels that the usual lengths of rows are multiples of, with as many sums as there are registers for.
template <int kVectors>
inline void SumRow(const TapRow& row, const std::vector<Tap>& taps, std::int64_t pixels, std::int64_t o) {
  if constexpr (!kManyRegisters) {
    SumBlocks<4, kVectors>(row, taps, pixels, o);
  } else if (pixels % 8 == 0) {
    SumBlocks<8, kVectors>(row, taps, pixels, o);
  } else if (kVectors == 1 && pixels >= 14) {
    SumBlocks<14, 1>(row, taps, pixels, o);
  } else {
    SumBlocks<7, kVectors>(row, taps, pixels, o);
  }
}

inline void SumRow(const TapRow& row, const std::vector<Tap>& taps, std::int64_t pixels) {
  std::int64_t o = 0;
  for (; o + 2 * kLanes <= row.out; o += 2 * kLanes) SumRow<2>(row, taps, pixels, o);
  for (; o < row.out; o += kLanes) SumRow<1>(row, taps, pixels, o);
}

class Conv {
 public:
  Conv(const ConvShape& shape, const float* weights) : shape_(shape), plane_(shape.height, shape.width, shape.in) {
    for (std::int64_t tap = 0; tap < 9; ++tap) {
      taps_.push_back({plane_.Offset(tap / 3 - 1, tap % 3 - 1), weights + tap * shape.in * shape.out});
    }
  }

  void Image(const float* x, float* y) {
    plane_.Fill(x);
    const std::int64_t step = shape_.stride * shape_.in;
    for (std::int64_t row = 0; row < shape_.OutHeight(); ++row) {
      const float* from = plane_.values() + row * shape_.stride * plane_.row();
      SumRow({from, step, shape_.in, shape_.out, y, shape_.out}, taps_, shape_.OutWidth());
      y += shape_.OutWidth() * shape_.out;
    }
  }

 private:
  const ConvShape shape_;
  Plane plane_;
  std::vector<Tap> taps_;
};

/// The pixels of the input whose row and column have the same remainders by the stride take the same taps.
class ConvInputGradient {
 public:
  ConvInputGradient(const ConvShape& shape, const float* weights)
      : shape_(shape),
        turned_(static_cast<std::size_t>(9 * shape.in * shape.out)),
        plane_(shape.OutHeight(), shape.OutWidth(), shape.out),
        taps_(static_cast<std::size_t>(shape.stride * shape.stride)) {
    for (std::int64_t tap = 0; tap < 9; ++tap) {
      for (std::int64_t c = 0; c < shape.in; ++c) {
        for (std::int64_t o = 0; o < shape.out; ++o) {
          turned_[static_cast<std::size_t>((tap * shape.out + o) * shape.in + c)] = *weights++;
        }
      }
    }
    for (std::int64_t tap = 0; tap < 9; ++tap) {
      for (std::int64_t top = 0; top < shape.stride; ++top) {
        for (std::int64_t left = 0; left < shape.stride; ++left) {
          // The pixel of dy that has the first such pixel of x below the tap.
          const std::int64_t row = top + 1 - tap / 3;
          const std::int64_t column = left + 1 - tap % 3;
          if (row % shape.stride == 0 && column % shape.stride == 0) {
            taps_[static_cast<std::size_t>(top * shape.stride + left)].push_back(
                {plane_.Offset(row / shape.stride, column / shape.stride),
                 turned_.data() + tap * shape.in * shape.out});
          }
        }
      }
    }
  }

  void Image(const float* dy, float* dx) {
    plane_.Fill(dy);
    const std::int64_t stride = shape_.stride;
    for (std::int64_t row = 0; row < shape_.height; ++row) {
      const float* from = plane_.values() + row / stride * plane_.row();
      for (std::int64_t left = 0; left < stride; ++left) {
        float* to = dx + (row * shape_.width + left) * shape_.in;
        SumRow({from, shape_.out, shape_.out, shape_.in, to, stride * shape_.in},
               taps_[static_cast<std::size_t>(row % stride * stride + left)],
               (shape_.width - left + stride - 1) / stride);
      }
    }
  }

 private:
  const ConvShape shape_;
  std::vector<float> turned_;
  Plane plane_;
  std::vector<std::vector<Tap>> taps_;
};

/// What a tap of a kernel reads in some rows of pixels, and the gradient that arrives at these.
struct FilterRows {
  const float* x;     ///< the first pixel that the tap reads
  std::int64_t row;   ///< from there to the next row
  std::int64_t step;  ///< from a pixel to the next
  std::int64_t in;    ///< channels
  const float* dy;    ///< [rows][pixels][out]
  std::int64_t rows;
  std::int64_t pixels;
  std::int64_t out;
};

/// Adds to the gradient of the tap's weights, of kChannels channels by kVectors vectors of outputs.
template <int kChannels, int kVectors>
inline void AddBlock(const FilterRows& taken, std::int64_t channel, std::int64_t o, float* gradient) {
  const std::int64_t out = taken.out;
  float* const block = gradient + channel * out + o;
  Vector sums[kChannels][kVectors];
#pragma GCC unroll 16
  for (int c = 0; c < kChannels; ++c) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[c][v] = Load<Vector>(block + c * out + v * kLanes);
  }
  const float* dy = taken.dy + o;
  for (std::int64_t row = 0; row < taken.rows; ++row) {
    const float* x = taken.x + channel + row * taken.row;
    for (std::int64_t p = 0; p < taken.pixels; ++p, x += taken.step, dy += out) {
      Vector arrived[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) arrived[v] = Load<Vector>(dy + v * kLanes);
#pragma GCC unroll 16
      for (int c = 0; c < kChannels; ++c) {
        const float value = x[c];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[c][v] = MultiplyAdd(value, arrived[v], sums[c][v]);
      }
    }
  }
#pragma GCC unroll 16
  for (int c = 0; c < kChannels; ++c) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) Store(block + c * out + v * kLanes, sums[c][v]);
  }
}

/// Adds to the gradient of the tap's weights, [in][out].
inline void AddProducts(const FilterRows& taken, float* gradient) {
  constexpr int kChannels = kManyRegisters ? 8 : 4;
  std::int64_t o = 0;
  for (; o + 2 * kLanes <= taken.out; o += 2 * kLanes) {
    for (std::int64_t c = 0; c < taken.in; c += kChannels) AddBlock<kChannels, 2>(taken, c, o, gradient);
  }
  for (; o < taken.out; o += kLanes) {
    for (std::int64_t c = 0; c < taken.in; c += 2 * kChannels) AddBlock<2 * kChannels, 1>(taken, c, o, gradient);
  }
}

/// Sums up over images.
class ConvFilterGradient {
 public:
  explicit ConvFilterGradient(const ConvShape& shape)
      : shape_(shape),
        plane_(shape.height, shape.width, shape.in),
        gradient_(static_cast<std::size_t>(9 * shape.in * shape.out), 0.0f) {}

  void Image(const float* x, const float* dy) {
    plane_.Fill(x);
    const std::int64_t row_step = shape_.stride * plane_.row();
    for (std::int64_t row = 0; row < shape_.OutHeight(); row += kRowBlock) {
      const std::int64_t rows = std::min(kRowBlock, shape_.OutHeight() - row);
      for (std::int64_t tap = 0; tap < 9; ++tap) {
        const float* from = plane_.values() + row * row_step + plane_.Offset(tap / 3 - 1, tap % 3 - 1);
        AddProducts({from, row_step, shape_.stride * shape_.in, shape_.in, dy, rows, shape_.OutWidth(), shape_.out},
                    gradient_.data() + tap * shape_.in * shape_.out);
      }
      dy += rows * shape_.OutWidth() * shape_.out;
    }
  }

  /// The sum over all images so far.
  void Write(float* gradient) const { std::copy(gradient_.begin(), gradient_.end(), gradient); }

 private:
  /// Rows that are read once for each tap, and stay in the cache until the last.
  static constexpr std::int64_t kRowBlock = 7;

  const ConvShape shape_;
  Plane plane_;
  std::vector<float> gradient_;
};

}  // namespace
}  // namespace subbit
