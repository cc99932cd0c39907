#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/fuzz/targets.h"
#include "core/operator/bit_planes.h"
#include "core/operator/conv_geometry.h"
#include "core/operator/conv_weights.h"
#include "core/operator/requantization.h"

namespace subbit {
namespace {

const OpName kOp{"SubBitConv", "fuzzed"};

/// Tensors with more elements are left out: their data would have to be made.
constexpr std::int64_t kMostElements = 1 << 14;

template <std::size_t count>
std::array<std::int64_t, count> List(FuzzInput* input, std::int64_t least, std::int64_t most) {
  std::array<std::int64_t, count> values;
  for (std::int64_t& value : values) value = input->Mostly(least, most);
  return values;
}

ConvAttributes Attributes(FuzzInput* input) {
  ConvAttributes attributes;
  attributes.tau = input->Mostly(1, 9);
  attributes.group = input->Mostly(1, 3);
  attributes.in_channels = input->Mostly(1, 20);
  attributes.out_channels = input->Mostly(1, 20);
  attributes.strides = List<2>(input, 1, 3);
  attributes.pads = List<4>(input, 0, 3);
  attributes.dilations = List<2>(input, 1, 3);
  return attributes;
}

/// Mostly the right shape.
std::vector<std::int64_t> Shape(FuzzInput* input, std::vector<std::int64_t> shape) {
  if (input->Once(8)) shape.resize(static_cast<std::size_t>(input->Within(0, 6)), 1);
  for (std::int64_t& length : shape) {
    if (input->Once(12)) length = input->Mostly(-1, 40);
  }
  return shape;
}

/// A tensor of this shape; empty where it would be too large or its shape is none.
template <class T>
std::vector<T> Values(FuzzInput* input, const std::vector<std::int64_t>& shape, bool* made) {
  std::int64_t count = 1;
  for (const std::int64_t length : shape) {
    *made = *made && length >= 0 && length <= kMostElements && count * length <= kMostElements;
    if (!*made) return {};
    count *= length;
  }
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = input->Empty() ? T{1} : input->Any<T>();
  return values;
}

/// Everything that a convolution's weights are read from, mostly of the right shapes.
struct WeightTensors {
  std::vector<std::int64_t> index_shape;
  std::vector<std::int64_t> codebook_shape;
  std::vector<std::int64_t> scale_shape;
  std::vector<std::uint8_t> index;
  std::vector<std::int8_t> codebook;
  std::vector<float> scale;
  bool made = true;
};

/// `stages` stands before the shapes of codebook and scale where it is not 0.
WeightTensors TakeWeights(FuzzInput* input, const ConvAttributes& attributes, std::int64_t stages) {
  const std::int64_t kernels = attributes.out_channels * attributes.in_channels;
  std::vector<std::int64_t> codebook = {std::int64_t{1} << attributes.tau, 3, 3};
  std::vector<std::int64_t> scale = {attributes.out_channels};
  if (stages != 0) {
    codebook.insert(codebook.begin(), stages);
    scale.insert(scale.begin(), stages);
  }
  WeightTensors tensors;
  tensors.index_shape = Shape(input, {std::max<std::int64_t>(stages, 1) * attributes.tau,
                                      static_cast<std::int64_t>(PlaneBytes(static_cast<std::size_t>(kernels)))});
  tensors.codebook_shape = Shape(input, std::move(codebook));
  tensors.scale_shape = Shape(input, std::move(scale));
  tensors.index = Values<std::uint8_t>(input, tensors.index_shape, &tensors.made);
  tensors.codebook = Values<std::int8_t>(input, tensors.codebook_shape, &tensors.made);
  tensors.scale = Values<float>(input, tensors.scale_shape, &tensors.made);
  if (!input->Once(8)) {
    for (std::int8_t& tap : tensors.codebook) tap = tap % 2 == 0 ? -1 : 1;
  }
  return tensors;
}

void RequireCodewords(const ConvAttributes& attributes, const SubBitWeights& weights) {
  for (std::int64_t o = 0; o < attributes.out_channels; ++o) {
    for (std::int64_t c = 0; c < attributes.in_channels; ++c) {
      if (weights.Codeword(o, c) > 511) Finding("a codeword of more than nine bits");
    }
  }
}

void FuzzStages(FuzzInput* input, const ConvAttributes& attributes) {
  const WeightTensors tensors = TakeWeights(input, attributes, input->Within(1, kMaxStages + 1));
  if (!tensors.made) return;
  const std::vector<WeightStage> stages =
      MakeWeightStages(kOp, attributes, {tensors.index.data(), tensors.index_shape},
                       {tensors.codebook.data(), tensors.codebook_shape}, {tensors.scale.data(), tensors.scale_shape});
  if (stages.empty() || stages.size() > static_cast<std::size_t>(kMaxStages)) Finding("too many stages, or none");
  for (const WeightStage& stage : stages) {
    RequireCodewords(attributes, stage.weights);
    if (stage.scale.size() != static_cast<std::size_t>(attributes.out_channels)) Finding("a stage without its scales");
  }
}

void FuzzWeights(FuzzInput* input, const ConvAttributes& attributes) {
  const WeightTensors tensors = TakeWeights(input, attributes, 0);
  bool made = tensors.made;
  if (!made) return;
  RequireCodewords(attributes, MakeWeights(kOp, attributes, {tensors.index.data(), tensors.index_shape},
                                           {tensors.codebook.data(), tensors.codebook_shape}));
  const std::vector<float>& scale = tensors.scale;
  const std::vector<std::int64_t>& scale_shape = tensors.scale_shape;
  MakePerChannel(kOp, "scale", attributes.out_channels, {scale.data(), scale_shape});
  const std::vector<std::int64_t> no_axes;
  const std::vector<std::int64_t> one_axis = Shape(input, {1});
  const std::vector<float> one = Values<float>(input, one_axis, &made);
  const std::vector<std::int32_t> bias = Values<std::int32_t>(input, scale_shape, &made);
  if (!made || one.empty()) return;
  const TensorView<std::int32_t> bias_view{bias.data(), scale_shape};
  const QuantizationInputs quantization{{one.data(), one_axis},      input->Any<std::uint8_t>(),
                                        {scale.data(), scale_shape}, {one.data(), no_axes},
                                        input->Any<std::int8_t>(),   input->Once(2) ? &bias_view : nullptr};
  const Requantization requantization =
      input->Once(2) ? MakeRequantization(kOp, attributes.out_channels, quantization)
                     : MakeBlockRequantization(kOp, attributes, quantization, {{one.data(), one_axis}, 3});
  for (const float multiplier : requantization.multiplier) {
    const std::int32_t y = Requantize(input->Any<std::int32_t>(), input->Any<std::int32_t>(), multiplier,
                                      requantization.y_zero_point, -128, 255);
    if (y < -128 || y > 255) Finding("a value outside its type's range");
  }
}

void FuzzGeometry(FuzzInput* input, const ConvAttributes& attributes) {
  const bool packed = input->Once(2);
  const std::int64_t channels = attributes.in_channels * attributes.group;
  const std::vector<std::int64_t> shape = Shape(
      input, {input->Within(0, 3), packed ? (channels + 7) / 8 : channels, input->Mostly(1, 40), input->Mostly(1, 40)});
  const ConvGeometry geometry =
      packed ? MakePackedGeometry(kOp, attributes, shape) : MakeGeometry(kOp, attributes, shape);
  std::int64_t elements = 1;
  for (const std::int64_t length : geometry.OutputShape()) {
    if (length < 0 || (length > 0 && elements > kMaxElements / length)) Finding("an output of too many elements");
    elements *= length;
  }
  if (geometry.InputRow(geometry.out_height - 1, 2) >= geometry.height + attributes.pads[2] ||
      geometry.InputColumn(geometry.out_width - 1, 2) >= geometry.width + attributes.pads[3]) {
    Finding("an output that reads beyond the padding");
  }
}

}  // namespace

void FuzzOperators(FuzzInput* input) {
  try {
    const ConvAttributes attributes = Attributes(input);
    Validate(kOp, attributes);
    if (input->Once(2)) {
      FuzzGeometry(input, attributes);
    } else if (input->Once(3)) {
      FuzzStages(input, attributes);
    } else {
      FuzzWeights(input, attributes);
    }
  } catch (const InvalidOperator&) {
    // As documented.
  }
}

}  // namespace subbit
