#pragma once

#include <string>

#include "core/conv_geometry.h"
#include "core/parallel_for.h"

namespace subbit {

/// One convolution with its weights prepared. Immutable once made: Run may be called by many threads at once.
///
/// X and Y are the element types of input and output: float for SubBitConv and BinarySubBitConv, uint8_t or int8_t for
/// QLinearSubBitConv.
template <class X, class Y = X>
class ConvKernel {
 public:
  virtual ~ConvKernel() = default;

  /// Algorithm and instruction set, for logs: "response maps, avx512".
  virtual std::string Name() const = 0;

  /// Computes y [N, out_channels, out_height, out_width] from x [N, in_channels * group, H, W], both row-major and not
  /// overlapping. `geometry` must come from MakeGeometry with the attributes that the kernel was made for.
  virtual void Run(const ConvGeometry& geometry, const X* x, Y* y, const ParallelFor& parallel_for) const = 0;
};

}  // namespace subbit
