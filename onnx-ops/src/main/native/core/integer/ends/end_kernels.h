#pragma once

#include <cstdint>

namespace subbit {

/// How sums become values: y = sat_w(mulhrs(sat16(sum >> shift), multiplier) + bias). Outputs come in groups of
/// EndKernels::lanes, and arrays hold whole groups.
struct SumFinish {
  const std::int32_t* start;       ///< what a sum begins with, half of 2^shift included; in the order of SumLane
  const std::int16_t* multiplier;  ///< 0 after the last output
  const std::int16_t* bias;        ///< 0 after the last output
  int shift;
  std::int16_t low;  ///< the bounds of sat_w
  std::int16_t high;
};

/// Products of a row of pixels with a matrix of weights. A pixel's values lie in `row_count` runs of 4 * steps bytes,
/// one in each of `rows`; the next pixel's begin pixel_stride bytes later.
struct MatrixPass {
  const void* const* rows;
  int row_count;
  std::int64_t steps;
  std::int64_t pixel_stride;
  std::int64_t pixels;
  const void* weights;  ///< [groups][row_count][steps] of two vectors, see EndKernels
  std::int64_t groups;
  SumFinish finish;
  std::int16_t* y;        ///< [pixels][y_stride]; whole groups are written
  std::int64_t y_stride;  ///< values
};

/// What the products of a tile's points need besides; short_convolution.h explains it.
struct TilePass {
  MatrixPass matrix;          ///< `pixels` are tiles, weights [groups][kPoints][row_count][steps]; y holds whole tiles
  std::int64_t point_stride;  ///< bytes from a row's values at one point to those at the next
  std::int32_t* sums;         ///< scratch: [kPoints][tiles][lanes]
};

/// One row of the maximum over windows, with the signs of the result.
struct PoolPass {
  const std::int16_t* const* rows;  ///< of the window, each [width][stride], whole groups readable
  int row_count;
  std::int64_t width;
  std::int64_t stride;  ///< values
  std::int64_t window;  ///< columns of a window; the first begins at column -pad
  std::int64_t step;
  std::int64_t pad;
  std::int64_t out_width;
  std::int64_t outs;
  std::int16_t* y;                ///< [out_width][outs], or null
  const std::int16_t* threshold;  ///< whole words of 64 channels, 32767 after the last; or null
  std::uint64_t* signs;           ///< [out_width][ceil(outs / 64)], if there is a threshold
};

/// The inner loops of a network's ends for one instruction set: of IntegerStem, IntegerShortcut and
/// IntegerClassifier.
///
/// A vector of weights holds `lanes / 2` outputs' weights for the values of one step: 2 int16, or 4 bytes where
/// byte_pixels. The weight of value t of a step lies at element lane * lane_stride + t * value_stride. The two vectors
/// of a group are laid out so that packing them gives the outputs in order: SumLane says which lane is which output's.
struct EndKernels {
  static constexpr int kMaxLanes = 32;

  const char* isa;
  int lanes;
  int lane_stride;   ///< of int16 weights; for byte_pixels it is 4 with a value_stride of 1
  int value_stride;  ///< of int16 weights
  bool byte_pixels;  ///< the stem's pixels are uint8 and its weights int8; else both are int16

  /// Pixels [channels][n], `plane` values from channel to channel, become out[i * channels + c], rounded half to even
  /// and clamped to 0..255, not-a-number to 0; out is of uint8 where byte_pixels, else int16.
  void (*float_pixels)(const float* x, std::int64_t plane, std::int64_t channels, std::int64_t n, void* out);
  void (*byte_pixels_of)(const std::uint8_t* x, std::int64_t plane, std::int64_t channels, std::int64_t n, void* out);

  /// The stem's products: of bytes where byte_pixels, else as `pairs`.
  void (*pixels)(const MatrixPass& pass);
  /// Products of int16.
  void (*pairs)(const MatrixPass& pass);

  /// Both null where byte_pixels. `evaluate`: `row` holds groups of `values` int16, one for each of the
  /// positions 0 .. 4 * tiles + 2; out[k * point_stride + t * values] = tile t at point k (strides in values; a few
  /// values past the last tile of a point are overwritten).
  void (*evaluate)(const std::int16_t* row, std::int64_t values, std::int64_t tiles, std::int64_t point_stride,
                   std::int16_t* out);
  void (*tiles)(const TilePass& pass);

  void (*pool)(const PoolPass& pass);

  /// The mean, rounded half up, over windows of 2 x 2 of two rows [width][channels]; `bottom` is null if there is only
  /// one row, and a last odd column stands alone. out is [ceil(width / 2)][out_stride].
  void (*mean)(const std::int16_t* top, const std::int16_t* bottom, std::int64_t width, std::int64_t channels,
               std::int16_t* out, std::int64_t out_stride);

  /// out[c] = sat16((half + sum of x[i * channels + c]) >> shift) over at most 256 positions i; half = 2^(shift - 1),
  /// or 0 for a shift of 0.
  void (*sum_positions)(const std::int16_t* x, std::int64_t positions, std::int64_t channels, int shift,
                        std::int16_t* out);

  /// y[k] = float(sum of weights[k * columns + c] * x[c]) * scale[k] + bias[k]; columns is a multiple of lanes.
  void (*dots)(const std::int8_t* weights, std::int64_t outs, std::int64_t columns, const std::int16_t* x,
               const float* scale, const float* bias, float* y);
};

/// Which vector of a group (0 or 1) and which of its lanes holds the sum of output `output` of the group.
struct SumLane {
  int vector;
  int lane;
};
constexpr SumLane SumLaneOf(int output) { return {output / 4 % 2, output / 8 * 4 + output % 4}; }

const EndKernels& PortableEndKernels();
#ifdef SUBBIT_X86_KERNELS
const EndKernels& Avx2EndKernels();
/// Needs HasAvx512Vnni().
const EndKernels& Avx512EndKernels();
#endif
#ifdef SUBBIT_NEON_KERNELS
const EndKernels& NeonEndKernels();
#endif

}  // namespace subbit
