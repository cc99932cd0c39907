#pragma once

#include <vector>

namespace subbit {

/// What BinarySubBitBlock does behind the convolution and the residual, one value an output channel each; none is -0,
/// so that no kernel need tell a zero of one sign from one of the other (MakePerChannel sees to it).
struct BlockParameters {
  std::vector<float> shift_in;    ///< added before the PReLU
  std::vector<float> slope;       ///< of the PReLU, below zero
  std::vector<float> shift_out;   ///< added after the PReLU
  std::vector<float> next_shift;  ///< added to Y before its signs are taken
};

}  // namespace subbit
