#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/integer/integer_attributes.h"
#include "core/operator/conv_weights.h"

/// The parameters of the integer operators, checked together with their attributes: what docs/OPERATORS.md refuses does
/// not get past the functions here, so kernels need not check anything again. All of them throw InvalidOperator.
namespace subbit {

/// The most rows and columns of a pool window, and of a stem's kernel.
constexpr std::int64_t kMaxWindow = operators::IntegerStem::kAttributePoolShape.most;

struct StemTensors {
  TensorView<std::int8_t> weight;       ///< [O, C, k, k]
  TensorView<std::uint8_t> zero_pixel;  ///< [C]
  TensorView<std::int16_t> multiplier;  ///< [O]
  TensorView<std::int16_t> bias;        ///< [O]
};

/// IntegerStem. 255 * sum of |weight[o]| < 2^23 for every o.
struct StemParameters {
  OpName op;
  StemAttributes attributes;
  std::int64_t out_channels;
  std::int64_t in_channels;
  std::int64_t kernel;                   ///< k
  std::vector<std::int8_t> weight;       ///< [O, C, k, k]
  std::vector<std::uint8_t> zero_pixel;  ///< [C]
  std::vector<std::int16_t> multiplier;  ///< [O], none is -32768
  std::vector<std::int16_t> bias;        ///< [O]
};
StemParameters MakeStemParameters(const OpName& op, const StemAttributes& attributes, const StemTensors& tensors);

struct IntegerConvTensors {
  TensorView<std::int16_t> threshold;   ///< [C]
  TensorView<std::uint8_t> index;       ///< [tau, ceil(O * C / 8)]
  TensorView<std::int8_t> codebook;     ///< [2^tau, 3, 3]
  TensorView<std::int16_t> multiplier;  ///< [O]
  TensorView<std::int16_t> bias;        ///< [O]
};

struct IntegerBlockTensors {
  TensorView<std::int16_t> slope;      ///< [O]
  TensorView<std::int16_t> shift_out;  ///< [O]
};

/// What IntegerSubBitBlock does after its bias.
struct ResidualParameters {
  std::vector<std::int16_t> slope;      ///< [O], none is -32768
  std::vector<std::int16_t> shift_out;  ///< [O]
};

/// IntegerSubBitConv, or with `residual` IntegerSubBitBlock.
struct IntegerConvParameters {
  OpName op;
  IntegerConvAttributes attributes;
  SubBitWeights weights;
  std::vector<std::int16_t> threshold;   ///< [C]
  std::vector<std::int16_t> multiplier;  ///< [O], none is -32768
  std::vector<std::int16_t> bias;        ///< [O]
  std::optional<ResidualParameters> residual;
};
IntegerConvParameters MakeIntegerConvParameters(const OpName& op, const IntegerConvAttributes& attributes,
                                                const IntegerConvTensors& tensors);
IntegerConvParameters MakeIntegerBlockParameters(const OpName& op, const IntegerConvAttributes& attributes,
                                                 const IntegerConvTensors& tensors, const IntegerBlockTensors& block);

struct ShortcutTensors {
  TensorView<std::int8_t> weight;       ///< [O, C]
  TensorView<std::int16_t> multiplier;  ///< [O]
  TensorView<std::int16_t> bias;        ///< [O]
};

/// IntegerShortcut. For every o, 255 * sum of |weight[o]| + 2^(shift - 1) < 2^24, so that the function body is exact in
/// float, and 32768 * sum of |weight[o]| + 2^(shift - 1) < 2^31, so that 32 bits hold every sum.
struct ShortcutParameters {
  OpName op;
  ShortcutAttributes attributes;
  std::int64_t out_channels;
  std::int64_t in_channels;
  std::vector<std::int8_t> weight;       ///< [O, C]
  std::vector<std::int16_t> multiplier;  ///< [O], none is -32768
  std::vector<std::int16_t> bias;        ///< [O]
};
ShortcutParameters MakeShortcutParameters(const OpName& op, const ShortcutAttributes& attributes,
                                          const ShortcutTensors& tensors);

/// The most positions that a part of IntegerClassifier may sum up.
constexpr std::int64_t kMaxPartPositions = 256;

struct ClassifierTensors {
  TensorView<std::int8_t> weight;  ///< [K, P, C]
  TensorView<float> scale;         ///< [K]
  TensorView<float> bias;          ///< [K]
};

/// IntegerClassifier. 255 * sum over C of |weight[k, p]| < 2^24 for every k and p, and 32768 * sum of |weight[k]| <
/// 2^31 for every k.
struct ClassifierParameters {
  OpName op;
  ClassifierAttributes attributes;
  std::int64_t classes;             ///< K
  std::int64_t parts;               ///< P: 1, or one for each position of X
  std::int64_t in_channels;         ///< C
  std::vector<std::int8_t> weight;  ///< [K, P, C]
  std::vector<float> scale;         ///< [K], finite
  std::vector<float> bias;          ///< [K], finite
};
ClassifierParameters MakeClassifierParameters(const OpName& op, const ClassifierAttributes& attributes,
                                              const ClassifierTensors& tensors);

}  // namespace subbit
