#pragma once

#include <cstdint>
#include <string>

#include "core/integer/conv/conv_kernels.h"
#include "core/integer/conv/conv_weights.h"
#include "core/integer/layer_shapes.h"

namespace subbit {

/// IntegerSubBitConv and IntegerSubBitBlock by the loops of an instruction set.
///
/// A pixel's signs, with 0 for those in the padding, differ from a kernel's in d of 9 C places, and padding adds
/// nothing: the sum is 9 C - 2 d + (the taps in the padding, which were counted as if the sign there were -1). All but
/// d is known for each output and PaddingClass, up to the term of ConvWeights that depends on the pixel. Sums are
/// computed modulo 2^16, already shifted; what they come to fits in 16 bits.
class FastIntegerConv : public IntegerConvLayer {
 public:
  /// `kernels` must stay valid and allow the layer's tau.
  FastIntegerConv(const ConvKernels& kernels, const IntegerConvParameters& parameters);

  std::string Name() const override;
  std::int64_t BandRows(const MapShape& x) const override;
  std::size_t ScratchBytes(const MapShape& x) const override;
  void Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
           void* scratch) const override;

 private:
  struct Scratch {
    std::byte* loops;
    std::int16_t* sums;
    std::size_t bytes;
  };
  Scratch Cut(const MapShape& x, void* memory) const;

  /// How many rows of sums are pooled at a time into as many rows of y.
  std::int64_t PooledRows(const MapShape& x) const;

  const ConvKernels& kernels_;
  const std::int64_t padded_outs_;
  const ConvWeights weights_;
  AlignedArray<std::int16_t> start_;
  AlignedArray<std::int16_t> multiplier_;
  AlignedArray<std::int16_t> bias_;
  AlignedArray<std::int16_t> slope_;
  AlignedArray<std::int16_t> shift_out_;
};

}  // namespace subbit
