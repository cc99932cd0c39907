#pragma once

#include <cstdint>
#include <vector>

#include "core/integer/aligned_array.h"
#include "core/integer/ends/end_kernels.h"

/// Parameters as the loops of EndKernels read them.
namespace subbit {

/// The number of groups of outputs.
constexpr std::int64_t GroupsOf(const EndKernels& kernels, std::int64_t outs) {
  return (outs + kernels.lanes - 1) / kernels.lanes;
}

/// What is the same for all outputs of a layer.
struct FinishSettings {
  std::int64_t shift;
  std::int64_t width;
};

/// What becomes of the sums of a layer, for whole groups.
class PreparedFinish {
 public:
  /// The sum of output o begins with start[o], to which half of 2^shift is added.
  PreparedFinish(const EndKernels& kernels, const FinishSettings& settings, const std::vector<std::int32_t>& start,
                 const std::vector<std::int16_t>& multiplier, const std::vector<std::int16_t>& bias);

  SumFinish View() const;

 private:
  AlignedArray<std::int32_t> start_;
  AlignedArray<std::int16_t> multiplier_;
  AlignedArray<std::int16_t> bias_;
  int shift_;
  std::int16_t low_;
  std::int16_t high_;
};

/// The sizes of a matrix of weights: MatrixPass.
struct MatrixSize {
  std::int64_t outs;
  std::int64_t rows;
  std::int64_t row_values;  ///< of a pixel in each row
  int step_values;          ///< 2 of int16 or 4 of int8

  std::int64_t Steps() const { return (row_values + step_values - 1) / step_values; }
};

/// Lays a matrix out as MatrixPass wants it: weight(o, row, i) for value i of a row. E is int16, or int8 for four
/// values per step. The matrix of group g begins at element g * group_stride of `out`, which holds zeros.
template <class E, class Weight>
void PackMatrix(const EndKernels& kernels, const MatrixSize& size, std::int64_t group_stride, Weight weight, E* out) {
  const std::int64_t vector = kernels.lanes / 2 * size.step_values;
  const int lane_stride = size.step_values == 4 ? 4 : kernels.lane_stride;
  const int value_stride = size.step_values == 4 ? 1 : kernels.value_stride;
  for (std::int64_t o = 0; o < size.outs; ++o) {
    const SumLane sum = SumLaneOf(static_cast<int>(o % kernels.lanes));
    E* const group = out + o / kernels.lanes * group_stride;
    for (std::int64_t row = 0; row < size.rows; ++row) {
      for (std::int64_t i = 0; i < size.row_values; ++i) {
        const std::int64_t step = row * size.Steps() + i / size.step_values;
        group[(2 * step + sum.vector) * vector + sum.lane * lane_stride + i % size.step_values * value_stride] =
            static_cast<E>(weight(o, row, i));
      }
    }
  }
}

/// The elements of one group of a matrix.
inline std::int64_t GroupElements(const EndKernels& kernels, const MatrixSize& size) {
  return size.rows * size.Steps() * kernels.lanes * size.step_values;
}

/// Channels of whole words of signs.
constexpr std::int64_t WordChannels(std::int64_t channels) { return (channels + 63) / 64 * 64; }

/// Thresholds for PoolPass: `to` has WordChannels(channels) elements.
void PadThresholds(const std::int16_t* thresholds, std::int64_t channels, std::int16_t* to);

}  // namespace subbit
