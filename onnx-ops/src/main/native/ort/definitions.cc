#include "ort/definitions.h"

#include <string>

#include "core/choice/kernel_choice.h"
#include "core/operator/packed_bits.h"
#include "ort/kernel_log.h"

namespace subbit::ort {
namespace {

using operators::InputRow;

template <class T>
TensorView<T> Required(const Preparation& preparation, const InputRow& row) {
  const OrtValue* value = preparation.input(row);
  if (value == nullptr) throw InvalidOperator(preparation.op, row.name, "missing", "a tensor");
  return View<T>(preparation.api, preparation.op, row.name, value);
}

template <class Q>
std::int32_t ZeroPoint(const Preparation& preparation, const InputRow& row) {
  const TensorView<Q> view = Required<Q>(preparation, row);
  if (!view.shape.empty() && view.shape != std::vector<std::int64_t>{1}) {
    throw InvalidOperator(preparation.op, std::string("shape of ") + row.name, ToString(view.shape), "[] or [1]");
  }
  return view.data[0];
}

/// An input of one value per output channel.
std::vector<float> PerChannel(const Preparation& p, const ConvAttributes& attributes, const InputRow& row) {
  return MakePerChannel(p.op, row.name, attributes.out_channels, Required<float>(p, row));
}

template <class Table>
SubBitWeights Weights(const Preparation& p, const ConvAttributes& attributes) {
  return MakeWeights(p.op, attributes, Required<std::uint8_t>(p, Table::kIndex),
                     Required<std::int8_t>(p, Table::kCodebook));
}

/// Weights, scale and bias of an operator with float scale and bias.
struct FloatInputs {
  SubBitWeights weights;
  std::vector<float> scale;
  std::vector<float> bias;
};

template <class Table>
FloatInputs ReadFloatInputs(const Preparation& p, const ConvAttributes& attributes) {
  FloatInputs read{Weights<Table>(p, attributes), PerChannel(p, attributes, Table::kScale), {}};
  if (Table::kBias.use == operators::InputUse::kOptionalParameter && p.input(Table::kBias) == nullptr) {
    read.bias.assign(read.scale.size(), 0.0f);
  } else {
    read.bias = PerChannel(p, attributes, Table::kBias);
  }
  return read;
}

/// The parameters besides the weights of an operator on 8-bit values. B may be absent where its use says so.
template <class Table, class Q>
class QLinearInputs {
 public:
  explicit QLinearInputs(const Preparation& p)
      : has_bias_(Table::kB.use != operators::InputUse::kOptionalParameter || p.input(Table::kB) != nullptr),
        bias_(has_bias_ ? Required<std::int32_t>(p, Table::kB) : TensorView<std::int32_t>{nullptr, {}}),
        quantization_{Required<float>(p, Table::kXScale),  ZeroPoint<Q>(p, Table::kXZeroPoint),
                      Required<float>(p, Table::kWScale),  Required<float>(p, Table::kYScale),
                      ZeroPoint<Q>(p, Table::kYZeroPoint), has_bias_ ? &bias_ : nullptr} {}

  QLinearInputs(const QLinearInputs&) = delete;
  QLinearInputs& operator=(const QLinearInputs&) = delete;

  const QuantizationInputs& quantization() const { return quantization_; }

 private:
  const bool has_bias_;
  const TensorView<std::int32_t> bias_;
  const QuantizationInputs quantization_;
};

/// What is added in a run to an output of shape `y_shape`.
template <class T>
const T* Residual(const RunIo& io, const OpName& op, const InputRow& row, const std::array<std::int64_t, 4>& y_shape) {
  const TensorView<T> residual = io.Input<T>(row);
  if (residual.shape != Dims(y_shape)) {
    throw InvalidOperator(op, std::string("shape of ") + row.name, ToString(residual.shape), ToString(y_shape));
  }
  return residual.data;
}

}  // namespace

template <class Row, class T>
void ConvDefinition<Row, T>::Run(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes,
                                 const RunIo& io, const std::vector<bool>&) {
  const TensorView<T> x = io.Input<T>(Table::kX);
  const ConvGeometry geometry = MakeGeometry(op, attributes, x.shape);
  T* y = io.Output<T>(Table::kOutputY, geometry.OutputShape());
  LogRun(op, kernel, geometry);
  const RunScratch scratch = io.Scratch(kernel.ScratchBytes(geometry));
  kernel.Run(geometry, {x.data}, y, scratch.get(), io);
}

template struct ConvDefinition<operators::SubBitConv, float>;
template struct ConvDefinition<operators::StagedSubBitConv, float>;
template struct ConvDefinition<operators::BinarySubBitConv, float>;
template struct ConvDefinition<operators::QLinearSubBitConv, std::uint8_t>;
template struct ConvDefinition<operators::QLinearSubBitConv, std::int8_t>;

std::unique_ptr<ConvKernel<float>> SubBitConvDefinition::Prepare(const Preparation& p,
                                                                 const ConvAttributes& attributes) {
  FloatInputs inputs = ReadFloatInputs<Table>(p, attributes);
  return ChooseSubBitConv(p.isa, std::move(inputs.weights), std::move(inputs.scale), std::move(inputs.bias));
}

std::unique_ptr<ConvKernel<float>> StagedSubBitConvDefinition::Prepare(const Preparation& p,
                                                                       const ConvAttributes& attributes) {
  return ChooseStagedSubBitConv(
      p.isa,
      MakeWeightStages(p.op, attributes, Required<std::uint8_t>(p, Table::kIndex),
                       Required<std::int8_t>(p, Table::kCodebook), Required<float>(p, Table::kScale)),
      PerChannel(p, attributes, Table::kBias));
}

std::unique_ptr<ConvKernel<float>> BinarySubBitConvDefinition::Prepare(const Preparation& p,
                                                                       const ConvAttributes& attributes) {
  FloatInputs inputs = ReadFloatInputs<Table>(p, attributes);
  return ChooseBinarySubBitConv(p.isa, p.policy, std::move(inputs.weights), std::move(inputs.scale),
                                std::move(inputs.bias));
}

template <class Q>
std::unique_ptr<ConvKernel<Q>> QLinearSubBitConvDefinition<Q>::Prepare(const Preparation& p,
                                                                       const ConvAttributes& attributes) {
  using Table = operators::QLinearSubBitConv;
  SubBitWeights weights = Weights<Table>(p, attributes);
  const QLinearInputs<Table, Q> inputs(p);
  return ChooseQLinearSubBitConv<Q>(p.isa, p.policy, std::move(weights),
                                    MakeRequantization(p.op, attributes.out_channels, inputs.quantization()));
}

template struct QLinearSubBitConvDefinition<std::uint8_t>;
template struct QLinearSubBitConvDefinition<std::int8_t>;

template <class Q>
std::unique_ptr<ConvKernel<Q>> QLinearSubBitBlockDefinition<Q>::Prepare(const Preparation& p,
                                                                        const ConvAttributes& attributes) {
  using Table = operators::QLinearSubBitBlock;
  SubBitWeights weights = Weights<Table>(p, attributes);
  const QLinearInputs<Table, Q> inputs(p);
  const ResidualInputs residual{Required<float>(p, Table::kResidualScale), ZeroPoint<Q>(p, Table::kResidualZeroPoint)};
  return ChooseQLinearSubBitConv<Q>(p.isa, p.policy, std::move(weights),
                                    MakeBlockRequantization(p.op, attributes, inputs.quantization(), residual));
}

template <class Q>
void QLinearSubBitBlockDefinition<Q>::Run(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes,
                                          const RunIo& io, const std::vector<bool>&) {
  using Table = operators::QLinearSubBitBlock;
  const TensorView<Q> x = io.Input<Q>(Table::kX);
  const ConvGeometry geometry = MakeGeometry(op, attributes, x.shape);
  const Q* residual = Residual<Q>(io, op, Table::kResidual, geometry.OutputShape());
  Q* y = io.Output<Q>(Table::kOutputY, geometry.OutputShape());
  LogRun(op, kernel, geometry);
  const RunScratch scratch = io.Scratch(kernel.ScratchBytes(geometry));
  kernel.Run(geometry, {x.data, residual}, y, scratch.get(), io);
}

template struct QLinearSubBitBlockDefinition<std::uint8_t>;
template struct QLinearSubBitBlockDefinition<std::int8_t>;

std::unique_ptr<PackSignsKernel> PackSignsDefinition::Prepare(const Preparation& p, const NoAttributes&) {
  const InputRow& row = Table::kShift;
  const TensorView<float> shift = Required<float>(p, row);
  if (shift.shape.size() != 1 || shift.shape[0] < 1 || shift.shape[0] > kMaxChannels) {
    throw InvalidOperator(p.op, std::string("shape of ") + row.name, ToString(shift.shape),
                          "[C] with C from 1 to " + std::to_string(kMaxChannels));
  }
  return ChoosePackSigns(p.isa, MakePerChannel(p.op, row.name, shift.shape[0], shift));
}

void PackSignsDefinition::Run(const Kernel& kernel, const OpName& op, const NoAttributes&, const RunIo& io,
                              const std::vector<bool>&) {
  const TensorView<float> x = io.Input<float>(Table::kX);
  const SignsShape shape = MakeSignsShape(op, kernel.Channels(), x.shape);
  std::uint8_t* b =
      io.Output<std::uint8_t>(Table::kOutputB, {x.shape[0], PackedBytes(shape.channels), x.shape[2], x.shape[3]});
  LogRun(op, kernel, shape);
  const RunScratch scratch = io.Scratch(kernel.ScratchBytes(shape));
  kernel.Run(shape, x.data, b, scratch.get(), io);
}

namespace {

const float* ResidualOf(operators::PackedBinarySubBitConv, const RunIo&, const OpName&,
                        const std::array<std::int64_t, 4>&) {
  return nullptr;
}

const float* ResidualOf(operators::BinarySubBitBlock, const RunIo& io, const OpName& op,
                        const std::array<std::int64_t, 4>& y_shape) {
  return Residual<float>(io, op, operators::BinarySubBitBlock::kResidual, y_shape);
}

}  // namespace

template <class Row>
void PackedConvDefinition<Row>::Run(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes,
                                    const RunIo& io, const std::vector<bool>& has_output) {
  const TensorView<std::uint8_t> b = io.Input<std::uint8_t>(Table::kB);
  const ConvGeometry geometry = MakePackedGeometry(op, attributes, b.shape);
  const std::array<std::int64_t, 4> y_shape = geometry.OutputShape();
  const PackedInputs inputs{b.data, ResidualOf(Table{}, io, op, y_shape)};
  PackedOutputs outputs{nullptr, nullptr};
  if (has_output[Table::kOutputY.position]) outputs.y = io.Output<float>(Table::kOutputY, y_shape);
  if (has_output[Table::kOutputS.position]) {
    outputs.s = io.Output<std::uint8_t>(Table::kOutputS, {y_shape[0], PackedBytes(y_shape[1]), y_shape[2], y_shape[3]});
  }
  LogRun(op, kernel, geometry);
  const RunScratch scratch = io.Scratch(kernel.ScratchBytes(geometry));
  kernel.Run(geometry, inputs, outputs, scratch.get(), io);
}

template <>
std::unique_ptr<PackedConvKernel> PackedBinarySubBitConvDefinition::Prepare(const Preparation& p,
                                                                            const ConvAttributes& attributes) {
  FloatInputs inputs = ReadFloatInputs<Table>(p, attributes);
  return ChoosePackedBinarySubBitConv(p.isa, p.policy, std::move(inputs.weights), std::move(inputs.scale),
                                      std::move(inputs.bias));
}

template <>
std::unique_ptr<PackedConvKernel> BinarySubBitBlockDefinition::Prepare(const Preparation& p,
                                                                       const ConvAttributes& attributes) {
  FloatInputs inputs = ReadFloatInputs<Table>(p, attributes);
  BlockParameters block{PerChannel(p, attributes, Table::kShiftIn), PerChannel(p, attributes, Table::kSlope),
                        PerChannel(p, attributes, Table::kShiftOut), PerChannel(p, attributes, Table::kNextShift)};
  return ChooseBinarySubBitBlock(p.isa, p.policy, std::move(inputs.weights), std::move(inputs.scale),
                                 std::move(inputs.bias), std::move(block));
}

template struct PackedConvDefinition<operators::PackedBinarySubBitConv>;
template struct PackedConvDefinition<operators::BinarySubBitBlock>;

}  // namespace subbit::ort
