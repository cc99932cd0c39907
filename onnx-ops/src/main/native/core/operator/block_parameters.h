#pragma once

#include <vector>

namespace subbit {

/// The parameters that BinarySubBitBlock applies after the convolution and the residual, each with one value per output
/// channel. None is -0, so kernels need not distinguish zeros by their sign (MakePerChannel ensures this).
struct BlockParameters {
  std::vector<float> shift_in;    ///< added before the PReLU
  std::vector<float> slope;       ///< of the PReLU, below zero
  std::vector<float> shift_out;   ///< added after the PReLU
  std::vector<float> next_shift;  ///< added to Y before its signs are taken
};

}  // namespace subbit
