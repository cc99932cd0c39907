#pragma once

#include <cstdint>
#include <vector>

#include "core/operator/conv_attributes.h"

namespace subbit {

/// A borrowed tensor: row-major data and its shape. Both must outlive the view.
template <class T>
struct TensorView {
  const T* data;
  Dims shape;
};

/// The kernels of one sub-bit convolution, checked and decoded: codebook[index[o, c]] is the kernel of output channel o
/// and input channel c (of o's group).
struct SubBitWeights {
  int tau;
  std::int64_t out_channels;  ///< of all groups together
  std::int64_t in_channels;   ///< of one group
  std::int64_t group;
  std::vector<std::uint16_t>
      codewords;                     ///< 2^tau; nine bits each, row-major, first tap least significant, set bit for +1
  std::vector<std::uint16_t> index;  ///< [out_channels, in_channels], each below 2^tau

  /// The nine bits of one kernel.
  std::uint16_t Codeword(std::int64_t out_channel, std::int64_t in_channel) const {
    return codewords[index[static_cast<std::size_t>(out_channel * in_channels + in_channel)]];
  }
};

/// -1 or +1: tap `tap` (0..8, row-major) of a codeword.
inline int TapSign(std::uint16_t codeword, int tap) { return ((codeword >> tap) & 1) != 0 ? 1 : -1; }

/// Checks and decodes the weights of a node. `attributes` must have passed Validate. Throws InvalidOperator unless
/// `index` has the shape [tau, ceil(out_channels * in_channels / 8)], `codebook` the shape [2^tau, 3, 3], and every tap
/// is -1 or +1.
SubBitWeights MakeWeights(const OpName& op, const ConvAttributes& attributes, const TensorView<std::uint8_t>& index,
                          const TensorView<std::int8_t>& codebook);

/// One summand of the weights of a convolution of several stages: its kernels, and one scale per output channel.
struct WeightStage {
  SubBitWeights weights;
  std::vector<float> scale;
};

/// The largest number of stages.
constexpr std::int64_t kMaxStages = 8;

/// Checks and decodes the weights of a node whose weights are a sum of stages. `attributes` must have passed Validate.
/// Throws InvalidOperator unless `codebook` has the shape [stages, 2^tau, 3, 3] with 1 to kMaxStages stages, `index`
/// the shape [stages * tau, ceil(out_channels * in_channels / 8)] and `scale` the shape [stages, out_channels], every
/// tap is -1 or +1, and every scale is finite; a scale of -0 becomes +0.
std::vector<WeightStage> MakeWeightStages(const OpName& op, const ConvAttributes& attributes,
                                          const TensorView<std::uint8_t>& index,
                                          const TensorView<std::int8_t>& codebook, const TensorView<float>& scale);

/// Checks and copies an input with one finite float per output channel ("scale", "bias"); -0 becomes +0, as in the
/// function bodies. Throws InvalidOperator.
std::vector<float> MakePerChannel(const OpName& op, const char* field, std::int64_t out_channels,
                                  const TensorView<float>& values);

}  // namespace subbit
