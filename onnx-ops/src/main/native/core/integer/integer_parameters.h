#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/integer/pool_window.h"
#include "core/operator/conv_weights.h"

/// Attributes and parameters of the integer operators, checked: what docs/OPERATORS.md refuses does not get past the
/// functions here, so kernels need not check anything again. All of them throw InvalidOperator.
namespace subbit {

/// The largest kernel, stride and window of a stem or pooling.
constexpr std::int64_t kMaxWindow = 32;

/// The attributes of IntegerStem.
struct StemAttributes {
  std::array<std::int64_t, 2> strides = {1, 1};     ///< rows, columns; 1 .. kMaxWindow
  std::array<std::int64_t, 4> pads = {0, 0, 0, 0};  ///< top, left, bottom, right; less than the kernel
  std::int64_t shift = 1;                           ///< of the sums, 1 .. 16
  PoolWindow pool;
  std::int64_t width = 16;  ///< bits of Y
};
void Validate(const OpName& op, const StemAttributes& attributes);

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

/// The attributes of IntegerSubBitConv and IntegerSubBitBlock.
struct IntegerConvAttributes {
  std::int64_t tau = 0;
  std::int64_t out_channels = 0;
  std::int64_t in_channels = 0;
  std::array<std::int64_t, 2> strides = {1, 1};  ///< rows, columns; each 1 or 2
  std::int64_t shift = 0;        ///< of the sums to the left, 0 .. 11; 9 * in_channels * 2^shift <= 32767
  PoolWindow pool;               ///< none for blocks
  std::int64_t width = 16;       ///< bits of Y
  std::int64_t slope_shift = 0;  ///< of blocks, 0 .. 3
};
void Validate(const OpName& op, const IntegerConvAttributes& attributes);

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

/// The attributes of IntegerShortcut.
struct ShortcutAttributes {
  std::array<std::int64_t, 2> pool = {1, 1};  ///< window and stride of the mean: 1, 1 or 2, 2
  std::int64_t shift = 8;                     ///< of the sums, 8 .. 23
  std::int64_t width = 16;                    ///< bits of Y
};
void Validate(const OpName& op, const ShortcutAttributes& attributes);

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

/// The attributes of IntegerClassifier.
struct ClassifierAttributes {
  std::int64_t shift = 0;  ///< of the sums of positions, 0 .. 15
};
void Validate(const OpName& op, const ClassifierAttributes& attributes);

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
