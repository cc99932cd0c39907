#pragma once

#include <cstdint>
#include <vector>

#include "core/integer/aligned_array.h"
#include "core/integer/conv/conv_kernels.h"
#include "core/operator/conv_weights.h"

namespace subbit {

/// Weights in the form that the loops of one SumMethod read.
///
/// Look-ups use that the parity of a count is known beforehand: with d differences between the bits x and w, and with a
/// and b the parities of x and w, d - a + b is even. So tables hold h = (d - a + b) / 2, which fits in fewer bits, and
/// the sum over all looked-up patterns is sum(d) = 2 sum(h) + (odd x) - (odd w). Of nine bits h is at most 5, of four
/// at most 2.
struct PreparedWeights {
  std::int64_t steps = 0;
  int row_bytes = 0;
  AlignedArray<std::uint8_t> tables;
  AlignedArray<std::uint8_t> index;
  AlignedArray<std::uint32_t> bits;
  std::vector<std::int32_t> odd;  ///< [out_channels], odd w; zeros for counts
  bool halved = false;            ///< whether sum(h) is counted, else sum(d)
};

/// The weights for these kernels, whose method must allow their tau.
PreparedWeights PrepareWeights(const ConvKernels& kernels, const SubBitWeights& weights);

}  // namespace subbit
