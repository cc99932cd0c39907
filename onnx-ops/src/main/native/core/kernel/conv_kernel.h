#pragma once

#include <cstddef>
#include <string>

#include "core/kernel/kernel_report.h"
#include "core/kernel/parallel_for.h"
#include "core/operator/conv_geometry.h"

namespace subbit {

/// The tensors that a convolution reads, both row-major.
template <class X, class Y>
struct ConvInputs {
  const X* x;                   ///< [N, in_channels * group, H, W]
  const Y* residual = nullptr;  ///< of QLinearSubBitBlock, in the shape of y; null for the other operators
};

/// One convolution with its weights prepared. Immutable, so many threads may call Run at once.
///
/// X and Y are the element types of input and output: float for SubBitConv and BinarySubBitConv, uint8_t or int8_t for
/// QLinearSubBitConv and QLinearSubBitBlock.
template <class X, class Y = X>
class ConvKernel {
 public:
  virtual ~ConvKernel() = default;

  /// Algorithm and instruction set, for logs: "response maps, avx512".
  virtual std::string Name() const = 0;

  /// The number of bytes of scratch memory that Run needs for this geometry; Run allocates nothing else. `geometry`
  /// must come from MakeGeometry with the attributes for which the kernel was created.
  virtual std::size_t ScratchBytes(const ConvGeometry& geometry) const = 0;

  /// The least work that Run has to do for this geometry.
  virtual KernelBound Bound(const ConvGeometry& geometry) const {
    static_cast<void>(geometry);
    return {};
  }

  /// What a run on this geometry that begins now would run on.
  virtual KernelReport Report(const ConvGeometry& geometry) const { return {Name(), Bound(geometry), false, {}}; }

  /// Computes y [N, out_channels, out_height, out_width], row-major and not overlapping an input. `scratch` has
  /// ScratchBytes(geometry) bytes, at any address and with any content, which no other run uses at the same time.
  virtual void Run(const ConvGeometry& geometry, const ConvInputs<X, Y>& inputs, Y* y, void* scratch,
                   ParallelFor parallel_for) const = 0;
};

}  // namespace subbit
