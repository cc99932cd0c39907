#include "core/operator/conv_weights.h"

#include <cmath>
#include <string>

#include "core/operator/bit_planes.h"

namespace subbit {
namespace {

/// These inputs have the same names in every operator.
constexpr const char* kIndex = operators::SubBitConv::kIndex.name;
constexpr const char* kCodebook = operators::SubBitConv::kCodebook.name;
constexpr const char* kScale = operators::StagedSubBitConv::kScale.name;

template <class T>
void RequireShape(const OpName& op, const std::string& input, const TensorView<T>& tensor, const Dims& expected) {
  if (tensor.shape != expected) {
    throw InvalidOperator(op, "shape of " + input, ToString(tensor.shape), ToString(expected));
  }
}

/// The number of kernels, which a tensor of their taps must be able to hold.
std::size_t KernelCount(const OpName& op, const ConvAttributes& attributes) {
  return static_cast<std::size_t>(CheckedProduct(
      op, "out_channels * in_channels", {attributes.out_channels, attributes.in_channels}, kMaxElements / kTaps));
}

/// Decodes the weights of `count` kernels from tau bit planes and 2^tau codewords; errors call the latter `codebook`.
SubBitWeights Decode(const OpName& op, const ConvAttributes& attributes, std::size_t count, const std::uint8_t* planes,
                     const std::int8_t* taps, const std::string& codebook) {
  const std::int64_t size = std::int64_t{1} << attributes.tau;
  SubBitWeights weights{static_cast<int>(attributes.tau),
                        attributes.out_channels,
                        attributes.in_channels,
                        attributes.group,
                        std::vector<std::uint16_t>(static_cast<std::size_t>(size), 0),
                        DecodeBitPlanes(planes, static_cast<int>(attributes.tau), count)};
  for (std::int64_t i = 0; i < size * kTaps; ++i) {
    const int tap = taps[i];
    if (tap != 1 && tap != -1) {
      throw InvalidOperator(op, codebook + "[" + std::to_string(i / kTaps) + "] tap " + std::to_string(i % kTaps),
                            std::to_string(tap), "-1 and +1");
    }
    if (tap == 1) {
      std::uint16_t& codeword = weights.codewords[static_cast<std::size_t>(i / kTaps)];
      codeword = static_cast<std::uint16_t>(codeword | (1u << (i % kTaps)));
    }
  }
  return weights;
}

/// Checks and copies finite floats; -0 becomes +0.
std::vector<float> Finite(const OpName& op, const std::string& field, const float* values, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) {
      throw InvalidOperator(op, field + "[" + std::to_string(i) + "]", std::to_string(values[i]), "finite numbers");
    }
  }
  std::vector<float> result(values, values + count);
  for (float& value : result) value += 0.0f;
  return result;
}

}  // namespace

SubBitWeights MakeWeights(const OpName& op, const ConvAttributes& attributes, const TensorView<std::uint8_t>& index,
                          const TensorView<std::int8_t>& codebook) {
  const std::size_t count = KernelCount(op, attributes);
  RequireShape(op, kIndex, index, {attributes.tau, static_cast<std::int64_t>(PlaneBytes(count))});
  RequireShape(op, kCodebook, codebook, {std::int64_t{1} << attributes.tau, kKernelSize, kKernelSize});
  return Decode(op, attributes, count, index.data, codebook.data, kCodebook);
}

std::vector<WeightStage> MakeWeightStages(const OpName& op, const ConvAttributes& attributes,
                                          const TensorView<std::uint8_t>& index,
                                          const TensorView<std::int8_t>& codebook, const TensorView<float>& scale) {
  const std::size_t count = KernelCount(op, attributes);
  const std::int64_t words = std::int64_t{1} << attributes.tau;
  const std::int64_t stages = codebook.shape.empty() ? 0 : codebook.shape[0];
  if (stages < 1 || stages > kMaxStages || codebook.shape != Dims{stages, words, kKernelSize, kKernelSize}) {
    throw InvalidOperator(op, std::string("shape of ") + kCodebook, ToString(codebook.shape),
                          "[1 to " + std::to_string(kMaxStages) + ", " + std::to_string(words) + ", 3, 3]");
  }
  const auto plane_bytes = static_cast<std::int64_t>(PlaneBytes(count));
  RequireShape(op, kIndex, index, {stages * attributes.tau, plane_bytes});
  RequireShape(op, kScale, scale, {stages, attributes.out_channels});
  std::vector<WeightStage> made;
  for (std::int64_t s = 0; s < stages; ++s) {
    const std::string number = "[" + std::to_string(s) + "]";
    made.push_back({Decode(op, attributes, count, index.data + s * attributes.tau * plane_bytes,
                           codebook.data + s * words * kTaps, kCodebook + number),
                    Finite(op, kScale + number, scale.data + s * attributes.out_channels, attributes.out_channels)});
  }
  return made;
}

std::vector<float> MakePerChannel(const OpName& op, const char* field, std::int64_t out_channels,
                                  const TensorView<float>& values) {
  RequireShape(op, field, values, {out_channels});
  return Finite(op, field, values.data, out_channels);
}

}  // namespace subbit
