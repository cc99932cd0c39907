#include "core/integer/integer_parameters.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "core/operator/attribute_limits.h"

namespace subbit {
namespace {

template <class T>
void RequireShape(const OpName& op, const char* field, const TensorView<T>& tensor, const Dims& expected) {
  if (tensor.shape != expected) {
    throw InvalidOperator(op, std::string("shape of ") + field, ToString(tensor.shape), ToString(expected));
  }
}

/// Checks the rank of weights and that no length is 0 or more than kMaxChannels, whatever their product.
template <class T>
void RequireRank(const OpName& op, const TensorView<T>& weight, std::size_t rank, const char* allowed) {
  bool fits = weight.shape.size() == rank;
  for (const std::int64_t length : weight.shape) fits = fits && length >= 1 && length <= kMaxChannels;
  if (!fits) throw InvalidOperator(op, "shape of weight", ToString(weight.shape), allowed);
  CheckedProduct(op, "shape of weight", weight.shape, kMaxElements);
}

template <class T>
std::vector<T> Copy(const TensorView<T>& tensor) {
  std::int64_t size = 1;
  for (const std::int64_t length : tensor.shape) size *= length;
  return std::vector<T>(tensor.data, tensor.data + size);
}

template <class T>
std::vector<T> List(const OpName& op, const char* field, std::int64_t length, const TensorView<T>& tensor) {
  RequireShape(op, field, tensor, {length});
  return Copy(tensor);
}

/// One factor of MulHrs for each output channel.
std::vector<std::int16_t> Factors(const OpName& op, const char* field, std::int64_t length,
                                  const TensorView<std::int16_t>& tensor) {
  std::vector<std::int16_t> factors = List(op, field, length, tensor);
  for (const std::int16_t factor : factors) {
    if (factor == std::numeric_limits<std::int16_t>::min()) {
      throw InvalidOperator(op, field, std::to_string(factor), "-32767 to 32767");
    }
  }
  return factors;
}

std::vector<float> Finite(const OpName& op, const char* field, std::int64_t length, const TensorView<float>& tensor) {
  std::vector<float> values = List(op, field, length, tensor);
  for (const float value : values) {
    if (!std::isfinite(value)) throw InvalidOperator(op, field, std::to_string(value), "finite numbers");
  }
  return values;
}

/// The sum of the magnitudes of `count` weights, of which there are no more than kMaxElements.
std::int64_t SumOfMagnitudes(const std::int8_t* weights, std::int64_t count) {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += std::abs(static_cast<int>(weights[i]));
  return sum;
}

/// Throws unless each run of `count` weights has a sum of magnitudes of at most `most`.
void RequireSums(const OpName& op, const std::vector<std::int8_t>& weight, std::int64_t count, std::int64_t most) {
  const auto runs = static_cast<std::int64_t>(weight.size()) / count;
  for (std::int64_t i = 0; i < runs; ++i) {
    const std::int64_t sum = SumOfMagnitudes(weight.data() + i * count, count);
    if (sum > most) {
      throw InvalidOperator(op, "sum of |weight| of row " + std::to_string(i), std::to_string(sum),
                            "at most " + std::to_string(most));
    }
  }
}

IntegerConvParameters MakeConv(const OpName& op, const IntegerConvAttributes& attributes,
                               const IntegerConvTensors& tensors) {
  using Table = operators::IntegerSubBitConv;
  Validate(op, attributes);
  ConvAttributes conv;
  conv.tau = attributes.tau;
  conv.out_channels = attributes.out_channels;
  conv.in_channels = attributes.in_channels;
  return {op,
          attributes,
          MakeWeights(op, conv, tensors.index, tensors.codebook),
          List(op, Table::kThreshold.name, attributes.in_channels, tensors.threshold),
          Factors(op, Table::kMultiplier.name, attributes.out_channels, tensors.multiplier),
          List(op, Table::kBias.name, attributes.out_channels, tensors.bias),
          std::nullopt};
}

constexpr std::int64_t kTwoTo23 = std::int64_t{1} << 23;
constexpr std::int64_t kTwoTo24 = std::int64_t{1} << 24;
constexpr std::int64_t kTwoTo31 = std::int64_t{1} << 31;

}  // namespace

StemParameters MakeStemParameters(const OpName& op, const StemAttributes& attributes, const StemTensors& tensors) {
  using Table = operators::IntegerStem;
  Validate(op, attributes);
  const Dims shape = tensors.weight.shape;
  RequireRank(op, tensors.weight, 4, "[O, C, k, k]");
  const std::int64_t kernel = shape[2];
  if (kernel > kMaxWindow || shape[3] != kernel) {
    throw InvalidOperator(op, "shape of weight", ToString(shape),
                          "[O, C, k, k] with k up to " + std::to_string(kMaxWindow));
  }
  for (const std::int64_t pad : attributes.pads) RequireRange(op, Table::kAttributePads.name, pad, 0, kernel - 1);
  StemParameters made{op,
                      attributes,
                      shape[0],
                      shape[1],
                      kernel,
                      Copy(tensors.weight),
                      List(op, Table::kZeroPixel.name, shape[1], tensors.zero_pixel),
                      Factors(op, Table::kMultiplier.name, shape[0], tensors.multiplier),
                      List(op, Table::kBias.name, shape[0], tensors.bias)};
  RequireSums(op, made.weight, made.in_channels * kernel * kernel, (kTwoTo23 - 1) / 255);
  return made;
}

IntegerConvParameters MakeIntegerConvParameters(const OpName& op, const IntegerConvAttributes& attributes,
                                                const IntegerConvTensors& tensors) {
  return MakeConv(op, attributes, tensors);
}

IntegerConvParameters MakeIntegerBlockParameters(const OpName& op, const IntegerConvAttributes& attributes,
                                                 const IntegerConvTensors& tensors, const IntegerBlockTensors& block) {
  using Table = operators::IntegerSubBitBlock;
  IntegerConvParameters made = MakeConv(op, attributes, tensors);
  made.residual = ResidualParameters{Factors(op, Table::kSlope.name, attributes.out_channels, block.slope),
                                     List(op, Table::kShiftOut.name, attributes.out_channels, block.shift_out)};
  return made;
}

ShortcutParameters MakeShortcutParameters(const OpName& op, const ShortcutAttributes& attributes,
                                          const ShortcutTensors& tensors) {
  using Table = operators::IntegerShortcut;
  Validate(op, attributes);
  const Dims shape = tensors.weight.shape;
  RequireRank(op, tensors.weight, 2, "[O, C]");
  ShortcutParameters made{op,
                          attributes,
                          shape[0],
                          shape[1],
                          Copy(tensors.weight),
                          Factors(op, Table::kMultiplier.name, shape[0], tensors.multiplier),
                          List(op, Table::kBias.name, shape[0], tensors.bias)};
  const std::int64_t half = std::int64_t{1} << (attributes.shift - 1);
  RequireSums(op, made.weight, made.in_channels, std::min((kTwoTo24 - 1 - half) / 255, (kTwoTo31 - 1 - half) / 32768));
  return made;
}

ClassifierParameters MakeClassifierParameters(const OpName& op, const ClassifierAttributes& attributes,
                                              const ClassifierTensors& tensors) {
  using Table = operators::IntegerClassifier;
  Validate(op, attributes);
  const Dims shape = tensors.weight.shape;
  RequireRank(op, tensors.weight, 3, "[K, P, C]");
  ClassifierParameters made{op,
                            attributes,
                            shape[0],
                            shape[1],
                            shape[2],
                            Copy(tensors.weight),
                            Finite(op, Table::kScale.name, shape[0], tensors.scale),
                            Finite(op, Table::kBias.name, shape[0], tensors.bias)};
  RequireSums(op, made.weight, made.in_channels, (kTwoTo24 - 1) / 255);
  RequireSums(op, made.weight, made.parts * made.in_channels, (kTwoTo31 - 1) / 32768);
  return made;
}

}  // namespace subbit
