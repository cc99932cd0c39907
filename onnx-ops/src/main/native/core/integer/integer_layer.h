#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/integer/map_shape.h"
#include "core/integer/sign_plane.h"
#include "core/kernel/kernel_bound.h"

namespace subbit {

class MeasuredLayer;

/// The elements of a network's input.
enum class PixelType { kFloat, kUint8 };

/// What a layer reads of one image.
struct IntegerInput {
  /// A stem's pixels, [C, H, W] of `pixel_type`; int16 [H, W, C] for shortcuts and classifiers; not read by
  /// convolutions. At any address at which such elements may lie.
  const void* x = nullptr;
  PixelType pixel_type = PixelType::kFloat;
  /// The signs of x under the layer's threshold, with their border, for convolutions.
  SignPlane signs;
  /// [H', W', O] for blocks. May be the same memory as y: element i of y may be written once element i of the residual
  /// has been read.
  const std::int16_t* residual = nullptr;
};

/// What a layer writes of one image.
struct IntegerOutput {
  std::int16_t* y = nullptr;                     ///< [H', W', O]; null if only the signs are wanted
  float* logits = nullptr;                       ///< [K] of classifiers, whose y is null
  const std::int16_t* next_threshold = nullptr;  ///< [O], for next_signs; null if no signs are wanted
  SignPlane next_signs;                          ///< bits y >= next_threshold; the border is not the layer's
};

/// One layer of an integer network with its weights prepared. Immutable, so many threads may call Run at once.
class IntegerLayer {
 public:
  virtual ~IntegerLayer() = default;

  /// Algorithm and instruction set, for logs: "look-up, avx512".
  virtual std::string Name() const = 0;

  /// Checks the shape of x and gives that of y; [K, 1, 1] for the logits of a classifier, a row for each class. Throws
  /// InvalidOperator. The other functions are called only with shapes that passed here.
  virtual MapShape OutputShape(const MapShape& x) const = 0;

  /// The rows of x, or of its signs, from which rows `y` of the output are made; clipped to those that x has. Kernels
  /// may read no other rows, and of the borders only what lies beside these rows, or above or below the image.
  virtual RowRange InputRows(const MapShape& x, RowRange y) const = 0;

  /// Whether x is a network's pixels.
  virtual bool ReadsPixels() const { return false; }

  /// The thresholds [C] under which a convolution wants the signs of x; null for layers that read x itself.
  virtual const std::int16_t* Threshold() const { return nullptr; }

  /// How many these are: C, or 0 for layers that read x itself.
  virtual std::int64_t ThresholdCount() const { return 0; }

  /// Whether the layer adds a residual.
  virtual bool AddsResidual() const { return false; }

  /// How many rows of y are good to compute at a time: several microseconds of work, so that to claim them costs
  /// nothing beside it, and few enough to keep all threads busy.
  virtual std::int64_t BandRows(const MapShape& x) const = 0;

  /// The number of bytes of scratch memory that one call of Run needs; Run allocates nothing else.
  virtual std::size_t ScratchBytes(const MapShape& x) const {
    static_cast<void>(x);
    return 0;
  }

  /// The least work that the layer has to do for one image.
  virtual KernelBound Bound(const MapShape& x) const {
    static_cast<void>(x);
    return {};
  }

  /// The layer as one that has several kernels; null if it has only one.
  virtual const MeasuredLayer* AsMeasured() const { return nullptr; }

  /// Writes exactly these rows of what `output` asks for. `scratch` has ScratchBytes(x) bytes, at any address and with
  /// any content, which no other call uses at the same time.
  virtual void Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
                   void* scratch) const = 0;
};

}  // namespace subbit
