// Convolutions of stride 1 and their two gradients in tiles of 2x2 pixels of the output, which take 16 products for
// each pair of channels in place of 36: F(2x2, 3x3) of Winograd, "Arithmetic complexity of computations", 1980, as
// Lavin and Gray describe it in "Fast algorithms for convolutional neural networks", 2016. Included behind conv-inl.h.
//
// With d the 4x4 pixels below a tile, g a kernel and * the product of each element with its own,
//   y = At ((G g Gt) * (Bt d B)) A, summed over channels before At and A,
// where
//   Bt = 1  0 -1  0    G = 1    0   0     At = 1  1  1  0
//        0  1  1  0        1/2  1/2 1/2        0  1 -1 -1
//        0 -1  1  0        1/2 -1/2 1/2
//        0  1  0 -1        0    0   1
// The gradient of the input is a convolution of dy with the kernels turned around; that of the weights, with D the
// gradient of a tile, is Gt (sum of (Bt d B) * (A D At)) G.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "passes/conv-inl.h"

namespace subbit {
namespace {

/// Products of a tile for each pair of channels: 4x4.
constexpr std::int64_t kTileProducts = 16;

/// Values [16][tiles][channels] of the tiles of a strip. Between the 16 there is a gap, without which many of them
/// would lie in the same lines of a cache.
class TileValues {
 public:
  TileValues(std::int64_t tiles, std::int64_t channels)
      : channels_(channels),
        step_(tiles * channels + kLanes),
        values_(static_cast<std::size_t>(kTileProducts * step_)) {}

  /// The first of the 16 values of a tile.
  float* Tile(std::int64_t tile) { return values_.data() + tile * channels_; }

  /// From there to the next.
  std::int64_t step() const { return step_; }

  /// One of the 16 values of all tiles, [tiles][channels].
  float* Product(std::int64_t i) { return values_.data() + i * step_; }

 private:
  const std::int64_t channels_;
  const std::int64_t step_;
  std::vector<float> values_;
};

/// The tiles of an image, row by row, in strips whose values stay in the cache.
class TileStrips {
 public:
  /// At most 8 * blocks tiles make a strip.
  TileStrips(std::int64_t height, std::int64_t width, std::int64_t blocks)
      : columns_((width + 1) / 2),
        count_((height + 1) / 2 * columns_),
        // What rows of sums are cut into, see SumRow.
        strip_(std::min(count_, (count_ % 7 == 0 ? 7 : 8) * blocks)) {}

  /// Tiles of the largest strip.
  std::int64_t Largest() const { return strip_; }

  /// Calls strip(first tile, number of tiles) for all strips.
  template <typename Strip>
  void ForEach(Strip&& strip) const {
    for (std::int64_t first = 0; first < count_; first += strip_) strip(first, std::min(strip_, count_ - first));
  }

  /// Calls tile(number in the strip, first row of pixels, first column of pixels) for the tiles of a strip.
  template <typename Tile>
  void ForEachTile(std::int64_t first, std::int64_t tiles, Tile&& tile) const {
    std::int64_t row = first / columns_;
    std::int64_t column = first % columns_;
    for (std::int64_t number = 0; number < tiles; ++number) {
      tile(number, 2 * row, 2 * column);
      if (++column == columns_) {
        column = 0;
        ++row;
      }
    }
  }

 private:
  const std::int64_t columns_;
  const std::int64_t count_;
  const std::int64_t strip_;
};

/// Bt d B, for all channels of a tile.
inline void TransformPixels(const float* d, std::int64_t row, std::int64_t channels, float* to, std::int64_t to_step) {
  for (std::int64_t c = 0; c < channels; c += kLanes, d += kLanes, to += kLanes) {
    Vector half[4][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      const Vector d0 = Load<Vector>(d + j * channels);
      const Vector d1 = Load<Vector>(d + row + j * channels);
      const Vector d2 = Load<Vector>(d + 2 * row + j * channels);
      const Vector d3 = Load<Vector>(d + 3 * row + j * channels);
      half[0][j] = d0 - d2;
      half[1][j] = d1 + d2;
      half[2][j] = d2 - d1;
      half[3][j] = d1 - d3;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      Store(to + (4 * i) * to_step, half[i][0] - half[i][2]);
      Store(to + (4 * i + 1) * to_step, half[i][1] + half[i][2]);
      Store(to + (4 * i + 2) * to_step, half[i][2] - half[i][1]);
      Store(to + (4 * i + 3) * to_step, half[i][1] - half[i][3]);
    }
  }
}

/// At m A, for a vector of outputs of a tile.
inline void TransformSums(const float* m, std::int64_t step, Vector (&y)[2][2]) {
  Vector half[2][4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const Vector m1 = Load<Vector>(m + (4 + j) * step);
    const Vector m2 = Load<Vector>(m + (8 + j) * step);
    half[0][j] = Load<Vector>(m + j * step) + m1 + m2;
    half[1][j] = m1 - m2 - Load<Vector>(m + (12 + j) * step);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    y[i][0] = half[i][0] + half[i][1] + half[i][2];
    y[i][1] = half[i][1] - half[i][2] - half[i][3];
  }
}

/// A D At, for a vector of outputs of a tile.
inline void TransformGradient(const Vector (&dy)[2][2], float* to, std::int64_t step) {
  Vector half[4][2];
#pragma GCC unroll 2
  for (int j = 0; j < 2; ++j) {
    half[0][j] = dy[0][j];
    half[1][j] = dy[0][j] + dy[1][j];
    half[2][j] = dy[0][j] - dy[1][j];
    half[3][j] = -dy[1][j];
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    Store(to + (4 * i) * step, half[i][0]);
    Store(to + (4 * i + 1) * step, half[i][0] + half[i][1]);
    Store(to + (4 * i + 2) * step, half[i][0] - half[i][1]);
    Store(to + (4 * i + 3) * step, -half[i][1]);
  }
}

/// G g Gt of weights [3][3][in][out], as [16][in][out].
inline std::vector<float> TransformedWeights(const float* weights, std::int64_t in, std::int64_t out) {
  const std::int64_t size = in * out;
  std::vector<float> transformed(static_cast<std::size_t>(kTileProducts * size));
  for (std::int64_t at = 0; at < size; at += kLanes) {
    Vector half[4][3];
    for (int j = 0; j < 3; ++j) {
      const Vector g0 = Load<Vector>(weights + j * size + at);
      const Vector g1 = Load<Vector>(weights + (3 + j) * size + at);
      const Vector g2 = Load<Vector>(weights + (6 + j) * size + at);
      half[0][j] = g0;
      half[1][j] = 0.5f * (g0 + g1 + g2);
      half[2][j] = 0.5f * (g0 - g1 + g2);
      half[3][j] = g2;
    }
    float* to = transformed.data() + at;
    for (int i = 0; i < 4; ++i, to += 4 * size) {
      Store(to, half[i][0]);
      Store(to + size, 0.5f * (half[i][0] + half[i][1] + half[i][2]));
      Store(to + 2 * size, 0.5f * (half[i][0] - half[i][1] + half[i][2]));
      Store(to + 3 * size, half[i][2]);
    }
  }
  return transformed;
}

/// Gt s G of sums [16][in][out], as [3][3][in][out].
inline void TransformFilterSums(const float* sums, std::int64_t in, std::int64_t out, float* gradient) {
  const std::int64_t size = in * out;
  for (std::int64_t at = 0; at < size; at += kLanes) {
    Vector half[3][4];
    for (int j = 0; j < 4; ++j) {
      const Vector s1 = Load<Vector>(sums + (4 + j) * size + at);
      const Vector s2 = Load<Vector>(sums + (8 + j) * size + at);
      half[0][j] = Load<Vector>(sums + j * size + at) + 0.5f * (s1 + s2);
      half[1][j] = 0.5f * (s1 - s2);
      half[2][j] = 0.5f * (s1 + s2) + Load<Vector>(sums + (12 + j) * size + at);
    }
    float* to = gradient + at;
    for (int i = 0; i < 3; ++i, to += 3 * size) {
      Store(to, half[i][0] + 0.5f * (half[i][1] + half[i][2]));
      Store(to + size, 0.5f * (half[i][1] - half[i][2]));
      Store(to + 2 * size, 0.5f * (half[i][1] + half[i][2]) + half[i][3]);
    }
  }
}

/// Weights [3][3][in][out] as those of the convolution that gives the input's gradient, [3][3][out][in].
inline std::vector<float> TurnedAround(const float* weights, std::int64_t in, std::int64_t out) {
  std::vector<float> turned(static_cast<std::size_t>(9 * in * out));
  for (std::int64_t tap = 0; tap < 9; ++tap) {
    for (std::int64_t c = 0; c < in; ++c) {
      for (std::int64_t o = 0; o < out; ++o) {
        turned[static_cast<std::size_t>(((8 - tap) * out + o) * in + c)] = *weights++;
      }
    }
  }
  return turned;
}

class TiledConv {
 public:
  /// Weights are [3][3][in][out].
  TiledConv(std::int64_t height, std::int64_t width, std::int64_t in, std::int64_t out, const float* weights)
      : height_(height),
        width_(width),
        in_(in),
        out_(out),
        strips_(height, width, kStripBlocks),
        weights_(TransformedWeights(weights, in, out)),
        plane_(height, width, in, 2),
        values_(strips_.Largest(), in),
        sums_(strips_.Largest(), out) {
    for (std::int64_t i = 0; i < kTileProducts; ++i) taps_.push_back({{0, weights_.data() + i * in * out}});
  }

  void Image(const float* x, float* y) {
    plane_.Fill(x);
    strips_.ForEach([&](std::int64_t first, std::int64_t tiles) {
      strips_.ForEachTile(first, tiles, [&](std::int64_t tile, std::int64_t top, std::int64_t left) {
        TransformPixels(plane_.values() + plane_.Offset(top - 1, left - 1), plane_.row(), in_, values_.Tile(tile),
                        values_.step());
      });
      for (std::int64_t i = 0; i < kTileProducts; ++i) {
        SumRow({values_.Product(i), in_, in_, out_, sums_.Product(i), out_}, taps_[static_cast<std::size_t>(i)], tiles);
      }
      strips_.ForEachTile(first, tiles, [&](std::int64_t tile, std::int64_t top, std::int64_t left) {
        WriteTile(sums_.Tile(tile), sums_.step(), top, left, y);
      });
    });
  }

 private:
  static constexpr std::int64_t kStripBlocks = 4;

  void WriteTile(const float* m, std::int64_t step, std::int64_t top, std::int64_t left, float* image) const {
    const std::int64_t rows = std::min<std::int64_t>(2, height_ - top);
    const std::int64_t columns = std::min<std::int64_t>(2, width_ - left);
    for (std::int64_t o = 0; o < out_; o += kLanes) {
      Vector y[2][2];
      TransformSums(m + o, step, y);
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < columns; ++j) {
          Store(image + ((top + i) * width_ + left + j) * out_ + o, y[i][j]);
        }
      }
    }
  }

  const std::int64_t height_;
  const std::int64_t width_;
  const std::int64_t in_;
  const std::int64_t out_;
  const TileStrips strips_;
  const std::vector<float> weights_;
  Plane plane_;
  TileValues values_;
  TileValues sums_;
  std::vector<std::vector<Tap>> taps_;
};

/// Sums up over images.
class TiledFilterGradient {
 public:
  explicit TiledFilterGradient(const ConvShape& shape)
      : shape_(shape),
        strips_(shape.height, shape.width, kStripBlocks),
        plane_(shape.height, shape.width, shape.in, 2),
        values_(strips_.Largest(), shape.in),
        arrived_(strips_.Largest(), shape.out),
        sums_(static_cast<std::size_t>(kTileProducts * shape.in * shape.out), 0.0f) {}

  void Image(const float* x, const float* dy) {
    plane_.Fill(x);
    const std::int64_t in = shape_.in;
    const std::int64_t out = shape_.out;
    strips_.ForEach([&](std::int64_t first, std::int64_t tiles) {
      strips_.ForEachTile(first, tiles, [&](std::int64_t tile, std::int64_t top, std::int64_t left) {
        TransformPixels(plane_.values() + plane_.Offset(top - 1, left - 1), plane_.row(), in, values_.Tile(tile),
                        values_.step());
        ReadTile(dy, top, left, arrived_.Tile(tile), arrived_.step());
      });
      for (std::int64_t i = 0; i < kTileProducts; ++i) {
        AddProducts({values_.Product(i), 0, in, in, arrived_.Product(i), 1, tiles, out}, sums_.data() + i * in * out);
      }
    });
  }

  /// The sum over all images so far.
  void Write(float* gradient) const { TransformFilterSums(sums_.data(), shape_.in, shape_.out, gradient); }

 private:
  static constexpr std::int64_t kStripBlocks = 4;

  /// The gradient of a tile; behind the image's edge, there is none.
  void ReadTile(const float* image, std::int64_t top, std::int64_t left, float* to, std::int64_t step) const {
    const std::int64_t rows = std::min<std::int64_t>(2, shape_.height - top);
    const std::int64_t columns = std::min<std::int64_t>(2, shape_.width - left);
    for (std::int64_t o = 0; o < shape_.out; o += kLanes) {
      Vector dy[2][2] = {};
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < columns; ++j) {
          dy[i][j] = Load<Vector>(image + ((top + i) * shape_.width + left + j) * shape_.out + o);
        }
      }
      TransformGradient(dy, to + o, step);
    }
  }

  const ConvShape shape_;
  const TileStrips strips_;
  Plane plane_;
  TileValues values_;
  TileValues arrived_;
  std::vector<float> sums_;  // [16][in][out]
};

}  // namespace
}  // namespace subbit
