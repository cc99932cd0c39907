#pragma once

#include <array>
#include <cstdint>

#include "core/operator/invalid_operator.h"
#include "tables/operators.h"

namespace subbit {

constexpr int kKernelSize = 3;                    ///< every kernel is 3x3
constexpr int kTaps = kKernelSize * kKernelSize;  ///< taps of one kernel
/// With this tau the codebook can hold all 512 kernels.
constexpr int kMaxTau = static_cast<int>(operators::attributes::kTau.most);
static_assert(kMaxTau == kTaps);
/// 9 taps of magnitude 255 over so many channels fit in 32 bits.
constexpr std::int64_t kMaxChannels = operators::attributes::kOutChannels.most;
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

/// Throws InvalidOperator unless every attribute is within the limits of the table of operators, and group a divisor of
/// out_channels with in_channels * group <= kMaxChannels.
void Validate(const OpName& op, const ConvAttributes& attributes);

}  // namespace subbit
