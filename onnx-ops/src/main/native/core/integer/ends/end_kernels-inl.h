// The loops of end_kernels.h, written once over the vectors of end_vectors_<isa>-inl.h, which each end_kernels_<isa>.cc
// includes first, under its own compiler flags.
//
// Everything here is in an unnamed namespace, and nothing here calls an inline function of a header: a function
// compiled for one instruction set must never be merged with the same function of another.

#include <cstdint>

#include "core/integer/ends/end_kernels.h"
#include "core/integer/ends/short_convolution.h"

namespace subbit {
namespace {

constexpr int kStepBytes = 4;      // of a pixel's values
constexpr int kGroupVectors = 2;   // of sums
constexpr int kWordChannels = 64;  // of a sign plane
constexpr int kWordGroups = kWordChannels / kLanes;

/// Products of two int16.
struct Pairs {
  static void Multiply(Step x, Values weights, Sums* sums) { MultiplyPairs(x, weights, sums); }
};

/// Adds the products of kPixels pixels with the weights of kGroups groups to `sums`. The loops over sums are unrolled
/// by force: only then are they registers from beginning to end.
template <class Product, int kPixels, int kGroups>
inline void AddMatrix(const MatrixPass& pass, const char* weights, std::int64_t group_bytes, std::int64_t first_byte,
                      Sums (*sums)[kGroupVectors * kGroups]) {
  const std::int64_t stride = pass.pixel_stride;
  for (int r = 0; r < pass.row_count; ++r) {
    // Addresses of three pixels from one register, as a processor forms them: x, x + stride and x + 2 * stride.
    const char* x = static_cast<const char*>(pass.rows[r]) + first_byte;
    const char* const end = x + pass.steps * kStepBytes;
    for (; x != end; x += kStepBytes, weights += kGroupVectors * kVectorBytes) {
      Values weight[kGroupVectors * kGroups];
#pragma GCC unroll 4
      for (int v = 0; v < kGroupVectors * kGroups; ++v) {
        weight[v] = Load<Values>(weights + v / kGroupVectors * group_bytes + v % kGroupVectors * kVectorBytes);
      }
      const char* const second = x + 3 * stride;
#pragma GCC unroll 6
      for (int p = 0; p < kPixels; ++p) {
        const Step value = LoadStep((p < 3 ? x : second) + p % 3 * stride);
#pragma GCC unroll 4
        for (int v = 0; v < kGroupVectors * kGroups; ++v) {
          Product::Multiply(value, weight[v], &sums[p][v]);
        }
      }
    }
  }
}

/// The values of a group from its sums.
inline Values Finished(Sums first, Sums second, const SumFinish& finish, std::int64_t group) {
  const Values multiplier = Load<Values>(finish.multiplier + group * kLanes);
  const Values bias = Load<Values>(finish.bias + group * kLanes);
  const Values packed = Pack(first >> finish.shift, second >> finish.shift);
  const Values value = AddSaturated(MultiplyHigh(packed, multiplier), bias);
  return Least(Largest(value, Values{} + finish.low), Values{} + finish.high);
}

template <class Product, int kPixels, int kGroups>
void MultiplyBlock(const MatrixPass& pass, std::int64_t group, std::int64_t pixel) {
  const std::int64_t group_bytes = pass.row_count * pass.steps * kGroupVectors * kVectorBytes;
  Sums sums[kPixels][kGroupVectors * kGroups];
#pragma GCC unroll 4
  for (int v = 0; v < kGroupVectors * kGroups; ++v) {
    const Sums start = Load<Sums>(pass.finish.start + (group * kGroupVectors + v) * kSumLanes);
#pragma GCC unroll 6
    for (int p = 0; p < kPixels; ++p) sums[p][v] = start;
  }
  AddMatrix<Product, kPixels, kGroups>(pass, static_cast<const char*>(pass.weights) + group * group_bytes, group_bytes,
                                       pixel * pass.pixel_stride, sums);
#pragma GCC unroll 6
  for (int p = 0; p < kPixels; ++p) {
    std::int16_t* const y = pass.y + (pixel + p) * pass.y_stride + group * kLanes;
#pragma GCC unroll 2
    for (int g = 0; g < kGroups; ++g) {
      Store(Finished(sums[p][kGroupVectors * g], sums[p][kGroupVectors * g + 1], pass.finish, group + g),
            y + g * kLanes);
    }
  }
}

/// `count` pixels, at most kPixels.
template <class Product, int kPixels, int kGroups>
void MultiplyFew(const MatrixPass& pass, std::int64_t count, std::int64_t group, std::int64_t pixel) {
  if constexpr (kPixels > 0) {
    if (count == kPixels) {
      MultiplyBlock<Product, kPixels, kGroups>(pass, group, pixel);
    } else {
      MultiplyFew<Product, kPixels - 1, kGroups>(pass, count, group, pixel);
    }
  }
}

template <class Product, int kGroups>
void MultiplyGroups(const MatrixPass& pass, std::int64_t group) {
  std::int64_t pixel = 0;
  for (; pass.pixels - pixel >= 2 * kPixelsAtOnce; pixel += kPixelsAtOnce) {
    MultiplyBlock<Product, kPixelsAtOnce, kGroups>(pass, group, pixel);
  }
  // A block of few pixels waits for its own sums, so the last two are of about the same size.
  if (pass.pixels - pixel > kPixelsAtOnce) {
    const std::int64_t half = (pass.pixels - pixel + 1) / 2;
    MultiplyFew<Product, kPixelsAtOnce, kGroups>(pass, half, group, pixel);
    pixel += half;
  }
  MultiplyFew<Product, kPixelsAtOnce, kGroups>(pass, pass.pixels - pixel, group, pixel);
}

template <class Product>
void Multiply(const MatrixPass& pass) {
  std::int64_t group = 0;
  for (; pass.groups - group >= kGroupsAtOnce; group += kGroupsAtOnce) {
    MultiplyGroups<Product, kGroupsAtOnce>(pass, group);
  }
  if constexpr (kGroupsAtOnce == 2) {
    if (group < pass.groups) MultiplyGroups<Product, 1>(pass, group);
  }
}

/// Eight values of the transformation that gives points from values.
typedef std::int16_t Eight __attribute__((vector_size(16)));
constexpr int kEight = 8;

[[maybe_unused]] void Evaluate(const std::int16_t* row, std::int64_t values, std::int64_t tiles,
                               std::int64_t point_stride, std::int16_t* out) {
  for (std::int64_t t = 0; t < tiles; ++t) {
    for (std::int64_t first = 0; first < values; first += kEight) {
      const std::int16_t* const from = row + kTilePixels * t * values + first;
      Eight d[kTileReach];
#pragma GCC unroll 7
      for (int j = 0; j < kTileReach; ++j) d[j] = Load<Eight>(from + j * values);
#pragma GCC unroll 7
      for (int k = 0; k < kPoints; ++k) {
        Eight sum{};
#pragma GCC unroll 7
        for (int j = 0; j < kTileReach; ++j) sum += d[j] * kPointData[k][j];
        Store(sum, out + k * point_stride + t * values + first);
      }
    }
  }
}

/// The sums of kTiles tiles at one point, to sums[tile][lanes].
template <int kTiles>
void MultiplyPoint(const MatrixPass& pass, const char* weights, std::int64_t first_byte, std::int32_t* out) {
  Sums sums[kTiles][kGroupVectors];
#pragma GCC unroll 6
  for (int t = 0; t < kTiles; ++t) {
    for (int v = 0; v < kGroupVectors; ++v) sums[t][v] = Sums{};
  }
  AddMatrix<Pairs, kTiles, 1>(pass, weights, 0, first_byte, sums);
#pragma GCC unroll 6
  for (int t = 0; t < kTiles; ++t) {
    for (int v = 0; v < kGroupVectors; ++v) Store(sums[t][v], out + (t * kGroupVectors + v) * kSumLanes);
  }
}

/// `count` tiles, at most kTiles.
template <int kTiles>
void MultiplyPointFew(const MatrixPass& pass, std::int64_t count, const char* weights, std::int64_t first_byte,
                      std::int32_t* out) {
  if constexpr (kTiles > 0) {
    if (count == kTiles) {
      MultiplyPoint<kTiles>(pass, weights, first_byte, out);
    } else {
      MultiplyPointFew<kTiles - 1>(pass, count, weights, first_byte, out);
    }
  }
}

/// The tile's four outputs, from the sums at its points: short_convolution.h.
inline void Interpolate(const Wraps* m, Sums start, Sums* y) {
  const Wraps sum1 = m[1] + m[2];
  const Wraps difference1 = m[1] - m[2];
  const Wraps sum2 = m[3] + m[4];
  const Wraps difference2 = m[3] - m[4];
  const Wraps triple = m[5] + (m[5] << 1);
  const Wraps nine = triple + (triple << 1);
  const Wraps scaled[kTilePixels] = {
      m[0] + sum1 + sum2 + m[5],
      difference1 + (difference2 << 1) + triple,
      sum1 + (sum2 << 2) + nine,
      difference1 + (difference2 << 3) + nine + (nine << 1) + m[6],
  };
  // 120 = 8 * 15; modulo 2^32, multiplying by this divides a multiple of 15.
  constexpr std::uint32_t kFifteenth = 0xeeeeeeefu;
  for (int o = 0; o < kTilePixels; ++o) {
    const Wraps eighth = (Wraps)((Sums)scaled[o] >> 3);
    y[o] = (Sums)(eighth * kFifteenth + (Wraps)start);
  }
}

[[maybe_unused]] void Tiles(const TilePass& tile_pass) {
  const MatrixPass& pass = tile_pass.matrix;
  const std::int64_t point_bytes = pass.row_count * pass.steps * kGroupVectors * kVectorBytes;
  const std::int64_t point_sums = pass.pixels * kLanes;
  const char* weights = static_cast<const char*>(pass.weights);
  for (std::int64_t group = 0; group < pass.groups; ++group) {
    for (int k = 0; k < kPoints; ++k, weights += point_bytes) {
      std::int32_t* const sums = tile_pass.sums + k * point_sums;
      const std::int64_t point = k * tile_pass.point_stride;
      std::int64_t t = 0;
      const auto multiply = [&](std::int64_t count) {
        MultiplyPointFew<kPixelsAtOnce>(pass, count, weights, point + t * pass.pixel_stride, sums + t * kLanes);
        t += count;
      };
      while (pass.pixels - t >= 2 * kPixelsAtOnce) multiply(kPixelsAtOnce);
      if (pass.pixels - t > kPixelsAtOnce) multiply((pass.pixels - t + 1) / 2);
      multiply(pass.pixels - t);
    }
    const std::int32_t* const start = pass.finish.start + group * kLanes;
    for (std::int64_t t = 0; t < pass.pixels; ++t) {
      Sums y[kGroupVectors][kTilePixels];
      for (int v = 0; v < kGroupVectors; ++v) {
        Wraps m[kPoints];
        for (int k = 0; k < kPoints; ++k) {
          m[k] = Load<Wraps>(tile_pass.sums + k * point_sums + t * kLanes + v * kSumLanes);
        }
        Interpolate(m, Load<Sums>(start + v * kSumLanes), y[v]);
      }
      for (int o = 0; o < kTilePixels; ++o) {
        Store(Finished(y[0][o], y[1][o], pass.finish, group),
              pass.y + (t * kTilePixels + o) * pass.y_stride + group * kLanes);
      }
    }
  }
}

/// Converts n pixels of one channel; out[i * channels].
template <class X>
void ConvertFew(const X* x, std::int64_t channels, std::int64_t n, Pixel* out) {
  X padded[kPixelBlock] = {};
  Pixel pixels[kPixelBlock];
  for (std::int64_t i = 0; i < n; ++i) padded[i] = x[i];
  PixelBlock(padded, pixels);
  for (std::int64_t i = 0; i < n; ++i) out[i * channels] = pixels[i];
}

template <class X>
void Pixels(const X* x, std::int64_t plane, std::int64_t channels, std::int64_t n, void* to) {
  auto* const out = static_cast<Pixel*>(to);
  if (n < kPixelBlock) {
    for (std::int64_t c = 0; c < channels; ++c) ConvertFew(x + c * plane, channels, n, out + c);
    return;
  }
  for (std::int64_t i = 0; i < n; i += kPixelBlock) {
    if (n - i < kPixelBlock) i = n - kPixelBlock;  // the last block overlaps the one before
    if (channels == 1) {
      PixelBlock(x + i, out + i);
    } else if (channels == 3) {
      Pixel planes[3][kPixelBlock];
      for (int c = 0; c < 3; ++c) PixelBlock(x + c * plane + i, planes[c]);
      InterleaveBlock(planes, out + 3 * i);
    } else {
      for (std::int64_t c = 0; c < channels; ++c) {
        Pixel pixels[kPixelBlock];
        PixelBlock(x + c * plane + i, pixels);
        for (int j = 0; j < kPixelBlock; ++j) out[(i + j) * channels + c] = pixels[j];
      }
    }
  }
}

/// Stores the values of a group that are outputs.
inline void StoreOutputs(Values values, std::int64_t outs, std::int16_t* y) {
  if (outs >= kLanes) {
    Store(values, y);
    return;
  }
  std::int16_t all[kLanes];
  Store(values, all);
  for (std::int64_t i = 0; i < outs; ++i) y[i] = all[i];
}

/// The maximum over a column of the window, of one group of outputs.
template <int kRows>
inline Values ColumnMaximum(const PoolPass& pass, std::int64_t at) {
  Values most = Load<Values>(pass.rows[0] + at);
  if constexpr (kRows == 0) {
    for (int r = 1; r < pass.row_count; ++r) most = Largest(most, Load<Values>(pass.rows[r] + at));
  } else {
#pragma GCC unroll 2
    for (int r = 1; r < kRows; ++r) most = Largest(most, Load<Values>(pass.rows[r] + at));
  }
  return most;
}

/// Stores what pooling gives for kGroups groups of a pixel, the first of which is number `first` of those of a word of
/// signs and begins with output `at`.
template <int kGroups>
inline void StorePixel(const PoolPass& pass, const Values* values, std::int64_t pixel, int first, std::int64_t at) {
  if (pass.y != nullptr) {
#pragma GCC unroll 8
    for (int g = 0; g < kGroups; ++g) {
      StoreOutputs(values[g], pass.outs - at - g * kLanes, pass.y + pixel * pass.outs + at + g * kLanes);
    }
  }
  if (pass.threshold == nullptr) return;
  std::uint64_t signs = 0;
#pragma GCC unroll 8
  for (int g = 0; g < kGroups; ++g) {
    signs |= AtLeast(values[g], Load<Values>(pass.threshold + at + g * kLanes)) << ((first + g) * kLanes);
  }
  std::uint64_t* const to = pass.signs + pixel * ((pass.outs + kWordChannels - 1) / kWordChannels) + at / kWordChannels;
  *to = first == 0 ? signs : *to | signs;
}

/// Pools kGroups groups, from number `first` on of those of a word of signs. kRows is the number of rows, or 0 for any.
template <int kRows, int kGroups>
void PoolGroups(const PoolPass& pass, std::int64_t word, int first) {
  const std::int64_t at = word * kWordChannels + first * kLanes;
  Values most[kGroups];
  if (kRows == 1 && pass.window == 1 && pass.step == 1) {
    for (std::int64_t i = 0; i < pass.out_width; ++i) {
#pragma GCC unroll 8
      for (int g = 0; g < kGroups; ++g) most[g] = Load<Values>(pass.rows[0] + i * pass.stride + at + g * kLanes);
      StorePixel<kGroups>(pass, most, i, first, at);
    }
    return;
  }
  // The maximum over the last column of a window, which the next window of a 3 x 3 / 2 pool begins with.
  Values kept[kGroups] = {};
  std::int64_t kept_column = -1;
  for (std::int64_t i = 0; i < pass.out_width; ++i) {
    const std::int64_t from = i * pass.step - pass.pad;
    const std::int64_t begin = from < 0 ? 0 : from;
    const std::int64_t end = from + pass.window < pass.width ? from + pass.window : pass.width;
    if (begin == kept_column && end - begin == 3) {
#pragma GCC unroll 8
      for (int g = 0; g < kGroups; ++g) {
        const std::int64_t column = (begin + 1) * pass.stride + at + g * kLanes;
        const Values last = ColumnMaximum<kRows>(pass, column + pass.stride);
        most[g] = Largest(Largest(kept[g], ColumnMaximum<kRows>(pass, column)), last);
        kept[g] = last;
      }
    } else {
      for (int g = 0; g < kGroups; ++g) {
        kept[g] = ColumnMaximum<kRows>(pass, begin * pass.stride + at + g * kLanes);
        most[g] = kept[g];
        for (std::int64_t column = begin + 1; column < end; ++column) {
          kept[g] = ColumnMaximum<kRows>(pass, column * pass.stride + at + g * kLanes);
          most[g] = Largest(most[g], kept[g]);
        }
      }
    }
    kept_column = end - 1;
    StorePixel<kGroups>(pass, most, i, first, at);
  }
}

template <int kRows>
void PoolWords(const PoolPass& pass) {
  std::int64_t word = 0;
  for (; (word + 1) * kWordChannels <= pass.outs; ++word) PoolGroups<kRows, kWordGroups>(pass, word, 0);
  const auto rest = static_cast<int>((pass.outs - word * kWordChannels + kLanes - 1) / kLanes);
  int group = 0;
  for (; rest - group >= 2; group += 2) PoolGroups<kRows, 2>(pass, word, group);
  if (group < rest) PoolGroups<kRows, 1>(pass, word, group);
}

void Pool(const PoolPass& pass) {
  if (pass.row_count == 1) {
    PoolWords<1>(pass);
  } else if (pass.row_count == 2) {
    PoolWords<2>(pass);
  } else if (pass.row_count == 3) {
    PoolWords<3>(pass);
  } else {
    PoolWords<0>(pass);
  }
}

/// floor((a + b + c + d + 2) / 4) without more than 16 bits: the quarters, and what their rounding leaves.
template <class V>
V MeanOf(V a, V b, V c, V d) {
  const V rest = (a & 3) + (b & 3) + (c & 3) + (d & 3) + 2;
  return (a >> 2) + (b >> 2) + (c >> 2) + (d >> 2) + (rest >> 2);
}
/// The same of two values.
template <class V>
V MeanOf(V a, V b) {
  const V rest = (a & 1) + (b & 1) + 1;
  return (a >> 1) + (b >> 1) + (rest >> 1);
}

void Mean(const std::int16_t* top, const std::int16_t* bottom, std::int64_t width, std::int64_t channels,
          std::int16_t* out, std::int64_t out_stride) {
  const auto apply = [channels](std::int16_t* to, auto mean) {
    std::int64_t c = 0;
    for (; c + kLanes <= channels; c += kLanes) {
      Store(mean([c](const std::int16_t* p) { return Load<Values>(p + c); }), to + c);
    }
    for (; c < channels; ++c) {
      to[c] = static_cast<std::int16_t>(mean([c](const std::int16_t* p) { return static_cast<std::int32_t>(p[c]); }));
    }
  };
  for (std::int64_t column = 0; column < width; column += 2, out += out_stride) {
    const std::int16_t* const a = top + column * channels;
    const std::int16_t* const b = column + 1 < width ? a + channels : nullptr;
    const std::int16_t* const c = bottom == nullptr ? nullptr : bottom + column * channels;
    if (b != nullptr && c != nullptr) {
      const std::int16_t* const d = c + channels;
      apply(out, [=](auto at) { return MeanOf(at(a), at(b), at(c), at(d)); });
    } else if (b != nullptr || c != nullptr) {
      const std::int16_t* const other = b != nullptr ? b : c;
      apply(out, [=](auto at) { return MeanOf(at(a), at(other)); });
    } else {
      apply(out, [=](auto at) { return at(a); });
    }
  }
}

inline Sums SaturatedSums(Sums v) {
  const Sums least = v < -32768 ? Sums{} - 32768 : v;
  return least > 32767 ? Sums{} + 32767 : least;
}

void SumPositions(const std::int16_t* x, std::int64_t positions, std::int64_t channels, int shift, std::int16_t* out) {
  const std::int32_t half = shift == 0 ? 0 : std::int32_t{1} << (shift - 1);
  std::int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    // The lanes with even numbers, and with odd numbers: shifts are cheaper than widening in order.
    Sums even = Sums{} + half;
    Sums odd = even;
    for (std::int64_t i = 0; i < positions; ++i) {
      const auto values = Load<Sums>(x + i * channels + c);
      even += (Sums)((Wraps)values << 16) >> 16;
      odd += values >> 16;
    }
    const auto low = (Wraps)SaturatedSums(even >> shift) & 0xffffu;
    Store(low | ((Wraps)SaturatedSums(odd >> shift) << 16), out + c);
  }
  for (; c < channels; ++c) {
    std::int32_t sum = half;
    for (std::int64_t i = 0; i < positions; ++i) sum += x[i * channels + c];
    sum >>= shift;
    sum = sum < -32768 ? -32768 : sum;
    out[c] = static_cast<std::int16_t>(sum > 32767 ? 32767 : sum);
  }
}

/// Four outputs of Dots.
inline void FourDots(const std::int8_t* weights, std::int64_t row_stride, std::int64_t columns, const std::int16_t* x,
                     std::int32_t* dots) {
  Sums sums[4] = {};
  for (std::int64_t c = 0; c < columns; c += kLanes) {
    const auto values = Load<Values>(x + c);
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) AddProducts(values, Widened(weights + k * row_stride + c), &sums[k]);
  }
  AddLanes(sums, dots);
}

void Dots(const std::int8_t* weights, std::int64_t outs, std::int64_t columns, const std::int16_t* x,
          const float* scale, const float* bias, float* y) {
  for (std::int64_t k = 0; k < outs; k += 4) {
    const std::int64_t count = outs - k < 4 ? outs - k : 4;
    std::int32_t dots[4];
    if (count == 4) {
      FourDots(weights + k * columns, columns, columns, x, dots);
    } else {
      // One output four times over, since there may be no weights behind it.
      for (std::int64_t i = 0; i < count; ++i) {
        std::int32_t same[4];
        FourDots(weights + (k + i) * columns, 0, columns, x, same);
        dots[i] = same[0];
      }
    }
    for (std::int64_t i = 0; i < count; ++i) {
      const float product = static_cast<float>(dots[i]) * scale[k + i];
      y[k + i] = product + bias[k + i];
    }
  }
}

#ifdef SUBBIT_BYTE_PIXELS
/// Products of four unsigned and four signed bytes.
struct Quads {
  static void Multiply(Step x, Values weights, Sums* sums) { MultiplyBytes(x, weights, sums); }
};

constexpr EndKernels MakeEndKernels() {
  return {kIsaName,
          kLanes,
          kLaneStride,
          kValueStride,
          true,
          Pixels<float>,
          Pixels<std::uint8_t>,
          Multiply<Quads>,
          Multiply<Pairs>,
          nullptr,
          nullptr,
          Pool,
          Mean,
          SumPositions,
          Dots};
}
#else
constexpr EndKernels MakeEndKernels() {
  return {kIsaName,
          kLanes,
          kLaneStride,
          kValueStride,
          false,
          Pixels<float>,
          Pixels<std::uint8_t>,
          Multiply<Pairs>,
          Multiply<Pairs>,
          Evaluate,
          Tiles,
          Pool,
          Mean,
          SumPositions,
          Dots};
}
#endif

}  // namespace
}  // namespace subbit
