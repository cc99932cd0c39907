// The passes, compiled once for each instruction set; included behind a definition of
//   kIsa, the set's name, kVectorBytes, the bytes of its registers,
//   Signs16(x, shift), a bit for each of 16 channels, set where x + shift >= 0, and
//   CountBlock, see below.
// Everything is in an unnamed namespace: functions of one name and different instructions must not be merged by the
// linker.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "passes/passes.h"
#include "passes/vector-inl.h"

namespace subbit {
namespace {

/// Rows that are summed in floats before they are added to doubles.
constexpr std::int64_t kChunk = 64;

template <typename V>
inline void AddTo(double* to, V value) {
  float lanes[kWidth<V>];
  std::memcpy(lanes, &value, sizeof(V));
  for (std::int64_t i = 0; i < kWidth<V>; ++i) to[i] += static_cast<double>(lanes[i]);
}

template <typename V>
inline V Max(V a, V b) {
  return a > b ? a : b;
}

template <typename V>
inline V Min(V a, V b) {
  return a < b ? a : b;
}

/// Calls block(V(), first row, rows, first channel) for all blocks of rows and channels, a vector of channels or one at
/// a time, rows in order.
template <typename Block>
inline void ForEachBlock(Pixels shape, Block&& block) {
  for (std::int64_t row = 0; row < shape.rows; row += kChunk) {
    const std::int64_t rows = std::min(kChunk, shape.rows - row);
    std::int64_t c = 0;
    for (; c + kLanes <= shape.channels; c += kLanes) block(Vector(), row, rows, c);
    for (; c < shape.channels; ++c) block(float(), row, rows, c);
  }
}

void Moments(Pixels shape, const float* x, double* mean, double* squares) {
  const std::int64_t channels = shape.channels;
  // Around the first pixel's values, so that a mean far from 0 costs no digits.
  std::vector<double> sums(static_cast<std::size_t>(channels), 0.0);
  std::fill(squares, squares + channels, 0.0);
  std::fill(mean, mean + channels, 0.0);
  if (shape.rows == 0) return;
  ForEachBlock(shape, [&](auto kind, std::int64_t row, std::int64_t rows, std::int64_t c) {
    using V = decltype(kind);
    const V origin = Load<V>(x + c);
    V sum[4] = {};
    V square[4] = {};
    const float* from = x + row * channels + c;
    std::int64_t r = 0;
    for (; r + 4 <= rows; r += 4) {
      for (int i = 0; i < 4; ++i, from += channels) {
        const V distance = Load<V>(from) - origin;
        sum[i] += distance;
        square[i] += distance * distance;
      }
    }
    for (; r < rows; ++r, from += channels) {
      const V distance = Load<V>(from) - origin;
      sum[0] += distance;
      square[0] += distance * distance;
    }
    AddTo<V>(sums.data() + c, (sum[0] + sum[1]) + (sum[2] + sum[3]));
    AddTo<V>(squares + c, (square[0] + square[1]) + (square[2] + square[3]));
  });
  for (std::int64_t c = 0; c < channels; ++c) {
    const double distance = sums[static_cast<std::size_t>(c)] / static_cast<double>(shape.rows);
    mean[c] = static_cast<double>(x[c]) + distance;
    squares[c] = std::max(0.0, squares[c] - sums[static_cast<std::size_t>(c)] * distance);
  }
}

void Norm(Pixels shape, const NormForm& form, const float* x, const float* residual, float* y) {
  ForEachBlock(shape, [&](auto kind, std::int64_t row, std::int64_t rows, std::int64_t c) {
    using V = decltype(kind);
    const V factor = Load<V>(form.factor + c);
    const V offset = Load<V>(form.offset + c);
    const V slope = Load<V>(form.slope + c);
    const V after = Load<V>(form.after + c);
    for (std::int64_t r = row; r < row + rows; ++r) {
      const std::int64_t at = r * shape.channels + c;
      V u = factor * Load<V>(x + at) + offset;
      if (residual != nullptr) u += Load<V>(residual + at);
      Store<V>(y + at, (u > V{} ? u : slope * u) + after);
    }
  });
}

template <int kSummands>
void NormSumsOf(Pixels shape, const NormForm& form, const float* inverse, const float* shifted, Summands gradient,
                const float* x, const float* residual, float* du, const NormSums& sums) {
  for (double* sum : {sums.arrived, sums.slope, sums.inner, sums.normalised}) std::fill(sum, sum + shape.channels, 0.0);
  ForEachBlock(shape, [&](auto kind, std::int64_t row, std::int64_t rows, std::int64_t c) {
    using V = decltype(kind);
    const V factor = Load<V>(form.factor + c);
    const V offset = Load<V>(form.offset + c);
    const V slope = Load<V>(form.slope + c);
    const V scale = Load<V>(inverse + c);
    const V shift = Load<V>(shifted + c);
    V arrived{};
    V bent{};
    V inner{};
    V normalised{};
    for (std::int64_t r = row; r < row + rows; ++r) {
      const std::int64_t at = r * shape.channels + c;
      const V value = Load<V>(x + at);
      V u = factor * value + offset;
      if (residual != nullptr) u += Load<V>(residual + at);
      V dy = Load<V>(gradient.values[0] + at);
      if (kSummands > 1) dy += Load<V>(gradient.values[1] + at);
      if (kSummands > 2) {
        for (std::int64_t i = 2; i < gradient.count; ++i) dy += Load<V>(gradient.values[i] + at);
      }
      const V inside = u > V{} ? dy : slope * dy;
      arrived += dy;
      bent += dy * Min(u, V{});
      inner += inside;
      normalised += inside * (scale * value + shift);
      Store<V>(du + at, inside);
    }
    AddTo<V>(sums.arrived + c, arrived);
    AddTo<V>(sums.slope + c, bent);
    AddTo<V>(sums.inner + c, inner);
    AddTo<V>(sums.normalised + c, normalised);
  });
}

void NormSumsPass(Pixels shape, const NormForm& form, const float* inverse, const float* shifted, Summands gradient,
                  const float* x, const float* residual, float* du, const NormSums& sums) {
  const auto pass = gradient.count == 1 ? NormSumsOf<1> : gradient.count == 2 ? NormSumsOf<2> : NormSumsOf<3>;
  pass(shape, form, inverse, shifted, gradient, x, residual, du, sums);
}

void NormGradient(Pixels shape, const NormBack& norm, const float* du, const float* x, float* dx) {
  ForEachBlock(shape, [&](auto kind, std::int64_t row, std::int64_t rows, std::int64_t c) {
    using V = decltype(kind);
    const V of_du = Load<V>(norm.du_factor + c);
    const V of_x = Load<V>(norm.x_factor + c);
    const V constant = Load<V>(norm.offset + c);
    for (std::int64_t r = row; r < row + rows; ++r) {
      const std::int64_t at = r * shape.channels + c;
      Store<V>(dx + at, of_du * Load<V>(du + at) + (of_x * Load<V>(x + at) + constant));
    }
  });
}

void Signs(Pixels shape, const float* x, const float* shift, float* y) {
  ForEachBlock(shape, [&](auto kind, std::int64_t row, std::int64_t rows, std::int64_t c) {
    using V = decltype(kind);
    const V by = Load<V>(shift + c);
    for (std::int64_t r = row; r < row + rows; ++r) {
      const std::int64_t at = r * shape.channels + c;
      Store<V>(y + at, Load<V>(x + at) + by >= V{} ? V{} + 1.0f : V{} - 1.0f);
    }
  });
}

void SignsGradient(Pixels shape, const float* gradient, const float* x, const float* shift, float* dx, double* sums) {
  ForEachBlock(shape, [&](auto kind, std::int64_t row, std::int64_t rows, std::int64_t c) {
    using V = decltype(kind);
    const V by = Load<V>(shift + c);
    V sum{};
    for (std::int64_t r = row; r < row + rows; ++r) {
      const std::int64_t at = r * shape.channels + c;
      const V value = Load<V>(x + at) + by;
      const V slope = Max(V{} + 1.0f - Max(value, -value), V{});
      const V passed = (Load<V>(gradient + at) + Load<V>(gradient + at)) * slope;
      sum += passed;
      Store<V>(dx + at, passed);
    }
    AddTo<V>(sums + c, sum);
  });
}

// The binary convolution. The signs of a pixel are units of 16 bits; those of a patch, its nine pixels in the order of
// the kernel's taps, are words of 64. Beyond the image all bits are 0, and what they add to the count of differing bits
// is known beforehand, for each output and each way in which a patch can lie over the edge.

constexpr std::int64_t kOutputs = 8;  ///< whose counts are one vector

/// Adds up differing bits of four patches, [4][words], and eight outputs, [words][8].
void CountBlock(const std::uint64_t* patches, const std::uint64_t* weights, std::int64_t words,
                std::int64_t (&counts)[4][kOutputs]);

class BinaryConv {
 public:
  BinaryConv(const ConvShape& shape, const float* weights)
      : shape_(shape),
        units_((shape.in + 15) / 16),
        words_((9 * units_ + 3) / 4),
        blocks_((shape.out + kOutputs - 1) / kOutputs),
        weights_(static_cast<std::size_t>(blocks_ * words_ * kOutputs), 0),
        scales_(static_cast<std::size_t>(blocks_ * kOutputs), 0.0f),
        edges_(64),
        plane_(static_cast<std::size_t>((shape.height + 2) * (shape.width + 2) * units_ + 4), 0),
        patches_(static_cast<std::size_t>(4 * words_), 0) {
    for (std::int64_t tap = 0; tap < 9; ++tap) {
      for (std::int64_t c = 0; c < shape.in; ++c) {
        const std::int64_t unit = tap * units_ + c / 16;
        const std::int64_t bit = unit % 4 * 16 + c % 16;
        const float* row = weights + (tap * shape.in + c) * shape.out;
        for (std::int64_t o = 0; o < shape.out; ++o) {
          const std::uint64_t positive = row[o] >= 0.0f;
          weights_[Place(o, unit / 4)] |= positive << bit;
        }
      }
    }
    for (std::int64_t o = 0; o < shape.out; ++o) {
      scales_[static_cast<std::size_t>(o)] = weights[o] < 0.0f ? -weights[o] : weights[o];
    }
  }

  void Image(const float* x, const float* shift, float* y) {
    FillPlane(x, shift);
    const std::int64_t out_height = shape_.OutHeight();
    const std::int64_t out_width = shape_.OutWidth();
    for (std::int64_t row = 0; row < out_height; ++row) {
      for (std::int64_t column = 0; column < out_width; column += 4) {
        const std::int64_t pixels = std::min<std::int64_t>(4, out_width - column);
        const std::int32_t* edges[4];
        for (std::int64_t i = 0; i < pixels; ++i) {
          FillPatch(row * shape_.stride, (column + i) * shape_.stride, i);
          edges[i] = Edge(row * shape_.stride, (column + i) * shape_.stride);
        }
        float* to = y + (row * out_width + column) * shape_.out;
        for (std::int64_t block = 0; block < blocks_; ++block) {
          std::int64_t counts[4][kOutputs];
          CountBlock(patches_.data(), weights_.data() + block * words_ * kOutputs, words_, counts);
          const std::int64_t first = block * kOutputs;
          const std::int64_t outputs = std::min(kOutputs, shape_.out - first);
          for (std::int64_t i = 0; i < pixels; ++i) {
            const std::int32_t* edge = edges[i] + first;
            float values[kOutputs];
            for (std::int64_t o = 0; o < kOutputs; ++o) {
              const std::int32_t sum = edge[o] - 2 * static_cast<std::int32_t>(counts[i][o]);
              values[o] = static_cast<float>(sum) * scales_[static_cast<std::size_t>(first + o)];
            }
            float* pixel = to + i * shape_.out + first;
            if (outputs == kOutputs) {
              std::memcpy(pixel, values, sizeof values);
            } else {
              std::copy(values, values + outputs, pixel);
            }
          }
        }
      }
    }
  }

 private:
  std::size_t Place(std::int64_t output, std::int64_t word) const {
    return static_cast<std::size_t>((output / kOutputs * words_ + word) * kOutputs + output % kOutputs);
  }

  void FillPlane(const float* x, const float* shift) {
    const std::int64_t channels = shape_.in;
    float values[16];
    float by[16];
    for (std::int64_t row = 0; row < shape_.height; ++row) {
      std::uint16_t* to = plane_.data() + ((row + 1) * (shape_.width + 2) + 1) * units_;
      for (std::int64_t column = 0; column < shape_.width; ++column, x += channels) {
        std::int64_t c = 0;
        for (; c + 16 <= channels; c += 16) *to++ = Signs16(x + c, shift + c);
        if (c < channels) {
          // Bits behind the last channel stay 0.
          std::fill(values, values + 16, -1.0f);
          std::fill(by, by + 16, 0.0f);
          std::copy(x + c, x + channels, values);
          std::copy(shift + c, shift + channels, by);
          *to++ = Signs16(values, by);
        }
      }
    }
  }

  void FillPatch(std::int64_t row, std::int64_t column, std::int64_t number) {
    auto* to = reinterpret_cast<unsigned char*>(patches_.data() + number * words_);
    const auto bytes = static_cast<std::size_t>(3 * units_) * sizeof(std::uint16_t);
    for (std::int64_t y = 0; y < 3; ++y, to += bytes) {
      std::memcpy(to, plane_.data() + ((row + y) * (shape_.width + 2) + column) * units_, bytes);
    }
  }

  /// For each output what a patch's sum would be if no bit differed within the image: the patch's taps are within it
  /// or not by rows and columns.
  const std::int32_t* Edge(std::int64_t row, std::int64_t column) {
    std::size_t inside = 0;
    for (std::int64_t i = 0; i < 3; ++i) {
      if (row + i >= 1 && row + i <= shape_.height) inside |= std::size_t{1} << i;
      if (column + i >= 1 && column + i <= shape_.width) inside |= std::size_t{8} << i;
    }
    std::vector<std::int32_t>& edge = edges_[inside];
    if (edge.empty()) {
      edge.assign(static_cast<std::size_t>(blocks_ * kOutputs), 0);
      for (std::int64_t o = 0; o < shape_.out; ++o) edge[static_cast<std::size_t>(o)] = EdgeOf(o, inside);
    }
    return edge.data();
  }

  std::int32_t EdgeOf(std::int64_t output, std::size_t inside) const {
    std::int64_t sum = 0;
    for (std::int64_t tap = 0; tap < 9; ++tap) {
      if ((inside >> (tap / 3) & 1) != 0 && (inside >> (3 + tap % 3) & 1) != 0) {
        sum += shape_.in;
        continue;
      }
      for (std::int64_t unit = tap * units_; unit < (tap + 1) * units_; ++unit) {
        const std::uint64_t bits = weights_[Place(output, unit / 4)] >> (unit % 4 * 16) & 0xffff;
        sum += 2 * __builtin_popcountll(bits);
      }
    }
    return static_cast<std::int32_t>(sum);
  }

  const ConvShape shape_;
  const std::int64_t units_;   ///< of a pixel
  const std::int64_t words_;   ///< of a patch
  const std::int64_t blocks_;  ///< of outputs
  std::vector<std::uint64_t> weights_;
  std::vector<float> scales_;
  std::vector<std::vector<std::int32_t>> edges_;
  std::vector<std::uint16_t> plane_;
  std::vector<std::uint64_t> patches_;
};

/// Calls image(number, y of the image) for all images of a convolution, and takes the moments of all outputs on the
/// way.
template <typename Image>
inline void ForEachImage(const ConvShape& shape, float* y, double* mean, double* squares, Image&& image) {
  const Pixels pixels{shape.OutHeight() * shape.OutWidth(), shape.out};
  std::vector<double> means(static_cast<std::size_t>(shape.out));
  std::vector<double> distances(static_cast<std::size_t>(shape.out));
  std::fill(mean, mean + shape.out, 0.0);
  std::fill(squares, squares + shape.out, 0.0);
  for (std::int64_t i = 0; i < shape.images; ++i, y += pixels.rows * shape.out) {
    image(i, y);
    Moments(pixels, y, means.data(), distances.data());
    for (std::size_t c = 0; c < means.size(); ++c) {
      // Chan et al., 1979; all images have as many pixels.
      const double distance = means[c] - mean[c];
      const auto before = static_cast<double>(i);
      mean[c] += distance / (before + 1);
      squares[c] += distances[c] + distance * distance * static_cast<double>(pixels.rows) * before / (before + 1);
    }
  }
}

void BinaryConvPass(const ConvShape& shape, const float* x, const float* shift, const float* weights, float* y,
                    double* mean, double* squares) {
  BinaryConv conv(shape, weights);
  ForEachImage(shape, y, mean, squares,
               [&](std::int64_t i, float* to) { conv.Image(x + i * shape.InputSize(), shift, to); });
}

constexpr Passes kPasses = {kIsa,          Moments,        Norm,    NormSumsPass, NormGradient, Signs,
                            SignsGradient, BinaryConvPass, nullptr, nullptr,      nullptr};

}  // namespace
}  // namespace subbit
