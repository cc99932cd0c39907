#include "core/operator/conv_weights.h"

#include <cmath>
#include <string>

#include "core/operator/bit_planes.h"

namespace subbit {
namespace {

template <class T>
void RequireShape(const OpName& op, const std::string& input, const TensorView<T>& tensor, const Dims& expected) {
  if (tensor.shape != expected) {
    throw InvalidOperator(op, "shape of " + input, ToString(tensor.shape), ToString(expected));
  }
}

}  // namespace

SubBitWeights MakeWeights(const OpName& op, const ConvAttributes& attributes, const TensorView<std::uint8_t>& index,
                          const TensorView<std::int8_t>& codebook) {
  const std::int64_t kernels = CheckedProduct(op, "out_channels * in_channels",
                                              {attributes.out_channels, attributes.in_channels}, kMaxElements / kTaps);
  const auto count = static_cast<std::size_t>(kernels);
  const std::int64_t size = std::int64_t{1} << attributes.tau;
  RequireShape(op, "index", index, {attributes.tau, static_cast<std::int64_t>(PlaneBytes(count))});
  RequireShape(op, "codebook", codebook, {size, kKernelSize, kKernelSize});

  SubBitWeights weights{static_cast<int>(attributes.tau),
                        attributes.out_channels,
                        attributes.in_channels,
                        attributes.group,
                        std::vector<std::uint16_t>(static_cast<std::size_t>(size), 0),
                        DecodeBitPlanes(index.data, static_cast<int>(attributes.tau), count)};
  for (std::int64_t i = 0; i < size * kTaps; ++i) {
    const int tap = codebook.data[i];
    if (tap != 1 && tap != -1) {
      throw InvalidOperator(op, "codebook[" + std::to_string(i / kTaps) + "] tap " + std::to_string(i % kTaps),
                            std::to_string(tap), "-1 and +1");
    }
    if (tap == 1) {
      std::uint16_t& codeword = weights.codewords[static_cast<std::size_t>(i / kTaps)];
      codeword = static_cast<std::uint16_t>(codeword | (1u << (i % kTaps)));
    }
  }
  return weights;
}

std::vector<float> MakePerChannel(const OpName& op, const char* field, std::int64_t out_channels,
                                  const TensorView<float>& values) {
  RequireShape(op, field, values, {out_channels});
  for (std::int64_t o = 0; o < out_channels; ++o) {
    if (!std::isfinite(values.data[o])) {
      throw InvalidOperator(op, std::string(field) + "[" + std::to_string(o) + "]", std::to_string(values.data[o]),
                            "finite numbers");
    }
  }
  std::vector<float> result(values.data, values.data + out_channels);
  for (float& value : result) value += 0.0f;  // -0 becomes +0
  return result;
}

}  // namespace subbit
