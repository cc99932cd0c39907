#include "ort/definitions.h"

#include <string>
#include <vector>

#include "core/kernel_choice.h"

namespace subbit::ort {
namespace {

/// A view of required input `i` of an operator whose inputs are `inputs`.
template <class T, class Inputs>
TensorView<T> Required(const Preparation& preparation, const Inputs& inputs, std::size_t i) {
  const OrtValue* value = preparation.input(i);
  if (value == nullptr) throw InvalidOperator(preparation.op, inputs[i].name, "missing", "a tensor");
  return View<T>(preparation.api, preparation.op, inputs[i].name, value);
}

template <class Q, class Inputs>
std::int32_t ZeroPoint(const Preparation& preparation, const Inputs& inputs, std::size_t i) {
  const TensorView<Q> view = Required<Q>(preparation, inputs, i);
  if (!view.shape.empty() && view.shape != std::vector<std::int64_t>{1}) {
    throw InvalidOperator(preparation.op, std::string("shape of ") + inputs[i].name, ToString(view.shape), "[] or [1]");
  }
  return view.data[0];
}

/// The inputs that SubBitConv and BinarySubBitConv share.
struct FloatInputs {
  SubBitWeights weights;
  std::vector<float> scale;
  std::vector<float> bias;

  explicit FloatInputs(const Preparation& p)
      : weights(MakeWeights(p.op, p.attributes, Required<std::uint8_t>(p, SubBitConvDefinition::kInputs, 1),
                            Required<std::int8_t>(p, SubBitConvDefinition::kInputs, 2))),
        scale(MakePerChannel(p.op, "scale", p.attributes.out_channels,
                             Required<float>(p, SubBitConvDefinition::kInputs, 3))),
        bias(static_cast<std::size_t>(p.attributes.out_channels), 0.0f) {
    if (const OrtValue* value = p.input(4)) {
      bias = MakePerChannel(p.op, "bias", p.attributes.out_channels, View<float>(p.api, p.op, "bias", value));
    }
  }
};

}  // namespace

std::unique_ptr<ConvKernel<float>> SubBitConvDefinition::Prepare(const Preparation& p) {
  FloatInputs inputs(p);
  return ChooseSubBitConv(p.isa, std::move(inputs.weights), std::move(inputs.scale), std::move(inputs.bias));
}

std::unique_ptr<ConvKernel<float>> BinarySubBitConvDefinition::Prepare(const Preparation& p) {
  FloatInputs inputs(p);
  return ChooseBinarySubBitConv(p.isa, std::move(inputs.weights), std::move(inputs.scale), std::move(inputs.bias));
}

template <class Q>
std::unique_ptr<ConvKernel<Q>> QLinearSubBitConvDefinition<Q>::Prepare(const Preparation& p) {
  SubBitWeights weights =
      MakeWeights(p.op, p.attributes, Required<std::uint8_t>(p, kInputs, 3), Required<std::int8_t>(p, kInputs, 4));
  TensorView<std::int32_t> bias{nullptr, {}};
  const OrtValue* bias_value = p.input(8);
  if (bias_value != nullptr) bias = View<std::int32_t>(p.api, p.op, "B", bias_value);
  Requantization requantization = MakeRequantization(
      p.op, p.attributes.out_channels,
      {Required<float>(p, kInputs, 1), ZeroPoint<Q>(p, kInputs, 2), Required<float>(p, kInputs, 5),
       Required<float>(p, kInputs, 6), ZeroPoint<Q>(p, kInputs, 7), bias_value == nullptr ? nullptr : &bias});
  return ChooseQLinearSubBitConv<Q>(p.isa, std::move(weights), std::move(requantization));
}

template struct QLinearSubBitConvDefinition<std::uint8_t>;
template struct QLinearSubBitConvDefinition<std::int8_t>;

}  // namespace subbit::ort
