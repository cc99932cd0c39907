#pragma once

#include <cstdint>
#include <vector>

#include "core/operator/conv_geometry.h"
#include "core/operator/conv_weights.h"

namespace subbit {

/// The corrections for padding in kernels that count differing signs.
///
/// A sum of n products of signs is n - 2 * (signs that differ). Padding must add 0, but a bit can only say -1 or +1:
/// the kernels read it as -1, which adds -w for every weight w that falls into the padding, and the sum of these
/// weights is added back. It depends on the output channel and on which kernel rows and columns fall outside the image:
/// 3 + 3 bits, the pixel's padding class. Classes are numbered so that those of usual convolutions, where no more than
/// the first or the last row and column is outside, are the first nine.
class PaddingSums {
 public:
  static constexpr int kClasses = 1 << (2 * kKernelSize);
  static constexpr int kBlock = 16;  ///< classes that lie side by side

  explicit PaddingSums(const SubBitWeights& weights);

  /// float [kClasses / kBlock][out_channels][kBlock]: for each class the number of taps of all input channels of a
  /// group, plus the weights in the padding. Only twice the number of differing signs remains to be subtracted. Whole
  /// numbers of magnitude at most 18 * 2^19, exact as floats.
  const float* Data() const { return sums_.data(); }

  /// Writes the padding class of each of the geometry's output pixels, row-major.
  static void FillClasses(const ConvGeometry& geometry, std::uint8_t* classes);

 private:
  std::vector<float> sums_;
};

}  // namespace subbit
