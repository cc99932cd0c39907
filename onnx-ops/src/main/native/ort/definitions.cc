#include "ort/definitions.h"

#include <string>

#include "core/choice/kernel_choice.h"
#include "core/operator/packed_bits.h"
#include "ort/kernel_log.h"

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

/// Reads input i, which has one value per output channel.
template <class Inputs>
std::vector<float> PerChannel(const Preparation& p, const ConvAttributes& attributes, const Inputs& inputs,
                              std::size_t i) {
  return MakePerChannel(p.op, inputs[i].name, attributes.out_channels, Required<float>(p, inputs, i));
}

/// Inputs 1 to 4 of the operators with float scale and bias.
struct FloatInputs {
  SubBitWeights weights;
  std::vector<float> scale;
  std::vector<float> bias;

  template <class Inputs>
  FloatInputs(const Preparation& p, const ConvAttributes& attributes, const Inputs& inputs)
      : weights(
            MakeWeights(p.op, attributes, Required<std::uint8_t>(p, inputs, 1), Required<std::int8_t>(p, inputs, 2))),
        scale(PerChannel(p, attributes, inputs, 3)) {
    if (inputs[4].use == InputUse::kOptionalParameter && p.input(4) == nullptr) {
      bias.assign(scale.size(), 0.0f);
    } else {
      bias = PerChannel(p, attributes, inputs, 4);
    }
  }
};

/// Inputs 1 to 8 of the operators on 8-bit values. B may be absent where its use says so.
template <class Q>
class QLinearInputs {
 public:
  template <class Inputs>
  QLinearInputs(const Preparation& p, const Inputs& inputs)
      : has_bias_(inputs[8].use != InputUse::kOptionalParameter || p.input(8) != nullptr),
        bias_(has_bias_ ? Required<std::int32_t>(p, inputs, 8) : TensorView<std::int32_t>{nullptr, {}}),
        quantization_{Required<float>(p, inputs, 1), ZeroPoint<Q>(p, inputs, 2), Required<float>(p, inputs, 5),
                      Required<float>(p, inputs, 6), ZeroPoint<Q>(p, inputs, 7), has_bias_ ? &bias_ : nullptr} {}

  QLinearInputs(const QLinearInputs&) = delete;
  QLinearInputs& operator=(const QLinearInputs&) = delete;

  const QuantizationInputs& quantization() const { return quantization_; }

 private:
  const bool has_bias_;
  const TensorView<std::int32_t> bias_;
  const QuantizationInputs quantization_;
};

/// Reads input `i` of a run, the residual that is added to an output of shape `y_shape`.
template <class T>
const T* Residual(const RunIo& io, const OpName& op, std::size_t i, const std::array<std::int64_t, 4>& y_shape) {
  const TensorView<T> residual = io.Input<T>(i, "residual");
  if (residual.shape != Dims(y_shape)) {
    throw InvalidOperator(op, "shape of residual", ToString(residual.shape), ToString(y_shape));
  }
  return residual.data;
}

}  // namespace

template <class T>
void ConvDefinition<T>::Run(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes, const RunIo& io,
                            const std::vector<bool>&) {
  const TensorView<T> x = io.Input<T>(0, "X");
  const ConvGeometry geometry = MakeGeometry(op, attributes, x.shape);
  T* y = io.Output<T>(0, geometry.OutputShape());
  LogRun(op, kernel, geometry);
  const RunScratch scratch = io.Scratch(kernel.ScratchBytes(geometry));
  kernel.Run(geometry, {x.data}, y, scratch.get(), io);
}

template struct ConvDefinition<float>;
template struct ConvDefinition<std::uint8_t>;
template struct ConvDefinition<std::int8_t>;

std::unique_ptr<ConvKernel<float>> SubBitConvDefinition::Prepare(const Preparation& p,
                                                                 const ConvAttributes& attributes) {
  FloatInputs inputs(p, attributes, kInputs);
  return ChooseSubBitConv(p.isa, std::move(inputs.weights), std::move(inputs.scale), std::move(inputs.bias));
}

std::unique_ptr<ConvKernel<float>> BinarySubBitConvDefinition::Prepare(const Preparation& p,
                                                                       const ConvAttributes& attributes) {
  FloatInputs inputs(p, attributes, kInputs);
  return ChooseBinarySubBitConv(p.isa, std::move(inputs.weights), std::move(inputs.scale), std::move(inputs.bias));
}

template <class Q>
std::unique_ptr<ConvKernel<Q>> QLinearSubBitConvDefinition<Q>::Prepare(const Preparation& p,
                                                                       const ConvAttributes& attributes) {
  SubBitWeights weights =
      MakeWeights(p.op, attributes, Required<std::uint8_t>(p, kInputs, 3), Required<std::int8_t>(p, kInputs, 4));
  const QLinearInputs<Q> inputs(p, kInputs);
  return ChooseQLinearSubBitConv<Q>(p.isa, std::move(weights),
                                    MakeRequantization(p.op, attributes.out_channels, inputs.quantization()));
}

template struct QLinearSubBitConvDefinition<std::uint8_t>;
template struct QLinearSubBitConvDefinition<std::int8_t>;

template <class Q>
std::unique_ptr<ConvKernel<Q>> QLinearSubBitBlockDefinition<Q>::Prepare(const Preparation& p,
                                                                        const ConvAttributes& attributes) {
  SubBitWeights weights =
      MakeWeights(p.op, attributes, Required<std::uint8_t>(p, kInputs, 3), Required<std::int8_t>(p, kInputs, 4));
  const QLinearInputs<Q> inputs(p, kInputs);
  const ResidualInputs residual{Required<float>(p, kInputs, 10), ZeroPoint<Q>(p, kInputs, 11)};
  return ChooseQLinearSubBitConv<Q>(p.isa, std::move(weights),
                                    MakeBlockRequantization(p.op, attributes, inputs.quantization(), residual));
}

template <class Q>
void QLinearSubBitBlockDefinition<Q>::Run(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes,
                                          const RunIo& io, const std::vector<bool>&) {
  const TensorView<Q> x = io.Input<Q>(0, "x");
  const ConvGeometry geometry = MakeGeometry(op, attributes, x.shape);
  const Q* residual = Residual<Q>(io, op, 9, geometry.OutputShape());
  Q* y = io.Output<Q>(0, geometry.OutputShape());
  LogRun(op, kernel, geometry);
  const RunScratch scratch = io.Scratch(kernel.ScratchBytes(geometry));
  kernel.Run(geometry, {x.data, residual}, y, scratch.get(), io);
}

template struct QLinearSubBitBlockDefinition<std::uint8_t>;
template struct QLinearSubBitBlockDefinition<std::int8_t>;

std::unique_ptr<PackSignsKernel> PackSignsDefinition::Prepare(const Preparation& p, const NoAttributes&) {
  const TensorView<float> shift = Required<float>(p, kInputs, 1);
  if (shift.shape.size() != 1 || shift.shape[0] < 1 || shift.shape[0] > kMaxChannels) {
    throw InvalidOperator(p.op, "shape of shift", ToString(shift.shape),
                          "[C] with C from 1 to " + std::to_string(kMaxChannels));
  }
  return ChoosePackSigns(p.isa, MakePerChannel(p.op, "shift", shift.shape[0], shift));
}

void PackSignsDefinition::Run(const Kernel& kernel, const OpName& op, const NoAttributes&, const RunIo& io,
                              const std::vector<bool>&) {
  const TensorView<float> x = io.Input<float>(0, "X");
  const SignsShape shape = MakeSignsShape(op, kernel.Channels(), x.shape);
  std::uint8_t* b = io.Output<std::uint8_t>(0, {x.shape[0], PackedBytes(shape.channels), x.shape[2], x.shape[3]});
  LogRun(op, kernel, shape);
  const RunScratch scratch = io.Scratch(kernel.ScratchBytes(shape));
  kernel.Run(shape, x.data, b, scratch.get(), io);
}

void PackedConvDefinition::RunPacked(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes,
                                     const RunIo& io, const std::vector<bool>& has_output, bool has_residual) {
  const TensorView<std::uint8_t> b = io.Input<std::uint8_t>(0, "B");
  const ConvGeometry geometry = MakePackedGeometry(op, attributes, b.shape);
  const std::array<std::int64_t, 4> y_shape = geometry.OutputShape();
  PackedInputs inputs{b.data, nullptr};
  if (has_residual) inputs.residual = Residual<float>(io, op, 5, y_shape);
  PackedOutputs outputs{nullptr, nullptr};
  if (has_output[0]) outputs.y = io.Output<float>(0, y_shape);
  if (has_output[1]) {
    outputs.s = io.Output<std::uint8_t>(1, {y_shape[0], PackedBytes(y_shape[1]), y_shape[2], y_shape[3]});
  }
  LogRun(op, kernel, geometry);
  const RunScratch scratch = io.Scratch(kernel.ScratchBytes(geometry));
  kernel.Run(geometry, inputs, outputs, scratch.get(), io);
}

std::unique_ptr<PackedConvKernel> PackedBinarySubBitConvDefinition::Prepare(const Preparation& p,
                                                                            const ConvAttributes& attributes) {
  FloatInputs inputs(p, attributes, kInputs);
  return ChoosePackedBinarySubBitConv(p.isa, std::move(inputs.weights), std::move(inputs.scale),
                                      std::move(inputs.bias));
}

std::unique_ptr<PackedConvKernel> BinarySubBitBlockDefinition::Prepare(const Preparation& p,
                                                                       const ConvAttributes& attributes) {
  FloatInputs inputs(p, attributes, kInputs);
  BlockParameters block{PerChannel(p, attributes, kInputs, 6), PerChannel(p, attributes, kInputs, 7),
                        PerChannel(p, attributes, kInputs, 8), PerChannel(p, attributes, kInputs, 9)};
  return ChooseBinarySubBitBlock(p.isa, std::move(inputs.weights), std::move(inputs.scale), std::move(inputs.bias),
                                 std::move(block));
}

}  // namespace subbit::ort
