#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/kernel/kernel_report.h"
#include "core/kernel/parallel_for.h"
#include "core/operator/conv_geometry.h"

/// The interfaces of the operators on packed signs (packed_bits.h). Kernels are immutable, so many threads may call Run
/// at once.
namespace subbit {

/// The shape of what PackSigns packs, row-major tensors of [batch, channels, pixels]; comes from MakeSignsShape.
struct SignsShape {
  std::int64_t batch;
  std::int64_t channels;
  std::int64_t pixels;  ///< H * W
};

/// Checks the shape of PackSigns' X, [N, C, H, W] with C = `channels`, for no more than kMaxElements elements. Throws
/// InvalidOperator.
SignsShape MakeSignsShape(const OpName& op, std::int64_t channels, const Dims& x_shape);

/// PackSigns with its shifts.
class PackSignsKernel {
 public:
  virtual ~PackSignsKernel() = default;

  /// Algorithm and instruction set, for logs.
  virtual std::string Name() const = 0;

  /// The number of shifts with which the kernel was created.
  virtual std::int64_t Channels() const = 0;

  /// The number of bytes of scratch memory that Run needs for this shape; Run allocates nothing else.
  virtual std::size_t ScratchBytes(const SignsShape& shape) const = 0;

  /// The least work that Run has to do for this shape.
  virtual KernelBound Bound(const SignsShape& shape) const {
    static_cast<void>(shape);
    return {};
  }

  /// What a run on this shape runs on.
  KernelReport Report(const SignsShape& shape) const { return {Name(), Bound(shape), false, {}}; }

  /// Writes the bits of x[n, c, p] + shift[c] >= 0 to b [batch, PackedBytes(channels), pixels]; shape.channels must be
  /// Channels(). `scratch` is as for ConvKernel.
  virtual void Run(const SignsShape& shape, const float* x, std::uint8_t* b, void* scratch,
                   ParallelFor parallel_for) const = 0;
};

/// The tensors that a convolution of packed signs reads.
struct PackedInputs {
  const std::uint8_t* b;  ///< signs, [N, PackedBytes(in_channels * group), H, W]
  const float* residual;  ///< [N, out_channels, out_height, out_width]; null for PackedBinarySubBitConv
};

/// The tensors that a convolution of packed signs writes; one of the two may be null. Neither overlaps an input.
struct PackedOutputs {
  float* y;         ///< [N, out_channels, out_height, out_width]
  std::uint8_t* s;  ///< signs, [N, PackedBytes(out_channels), out_height, out_width]
};

/// PackedBinarySubBitConv or BinarySubBitBlock with its weights prepared.
class PackedConvKernel {
 public:
  virtual ~PackedConvKernel() = default;

  /// Algorithm and instruction set, for logs.
  virtual std::string Name() const = 0;

  /// The number of bytes of scratch memory that Run needs for this geometry; Run allocates nothing else. `geometry`
  /// must come from MakePackedGeometry with the attributes for which the kernel was created.
  virtual std::size_t ScratchBytes(const ConvGeometry& geometry) const = 0;

  /// The least work that Run has to do for this geometry.
  virtual KernelBound Bound(const ConvGeometry& geometry) const {
    static_cast<void>(geometry);
    return {};
  }

  /// What a run on this geometry that begins now would run on.
  virtual KernelReport Report(const ConvGeometry& geometry) const { return {Name(), Bound(geometry), false, {}}; }

  /// `scratch` is as for ConvKernel.
  virtual void Run(const ConvGeometry& geometry, const PackedInputs& inputs, const PackedOutputs& outputs,
                   void* scratch, ParallelFor parallel_for) const = 0;
};

}  // namespace subbit
