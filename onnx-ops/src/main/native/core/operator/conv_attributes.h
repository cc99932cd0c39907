#pragma once

#include <array>
#include <cstdint>

#include "core/operator/invalid_operator.h"

namespace subbit {

constexpr int kKernelSize = 3;                     ///< every kernel is 3x3
constexpr int kTaps = kKernelSize * kKernelSize;   ///< taps of one kernel
constexpr int kMaxTau = kTaps;                     ///< with tau = 9 the codebook can hold all 512 kernels
constexpr std::int64_t kMaxChannels = 1 << 19;     ///< 9 taps of magnitude 255 over this many channels fit into 32 bits
constexpr std::int64_t kMaxWindow = 1 << 15;       ///< bound of strides, pads and dilations
constexpr std::int64_t kMaxElements = 0x7fffffff;  ///< bound of the elements of any tensor or scratch buffer

/// The attributes that all sub-bit convolutions share. The names are the specification's.
struct ConvAttributes {
  std::int64_t tau = 0;                             ///< number of bits in an index
  std::int64_t out_channels = 0;                    ///< of all groups together
  std::int64_t in_channels = 0;                     ///< of one group
  std::array<std::int64_t, 2> strides = {1, 1};     ///< rows, columns
  std::array<std::int64_t, 4> pads = {0, 0, 0, 0};  ///< top, left, bottom, right
  std::array<std::int64_t, 2> dilations = {1, 1};   ///< rows, columns
  std::int64_t group = 1;                           ///< number of groups that input and output channels are split into
};

/// Throws InvalidOperator unless every attribute is in range: tau 1..9, channels 1..kMaxChannels, group a divisor of
/// out_channels with in_channels * group <= kMaxChannels, strides and dilations 1..kMaxWindow, pads 0..kMaxWindow.
void Validate(const OpName& op, const ConvAttributes& attributes);

}  // namespace subbit
