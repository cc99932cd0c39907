#include "ort/integer_definitions.h"

#include <string>
#include <type_traits>
#include <utility>

#include "core/integer/network_layers.h"
#include "core/operator/conv_attributes.h"
#include "ort/kernel_log.h"

namespace subbit::ort {
namespace {

/// A parameter that may have any of the types that integer layers take.
AnyTensor Parameter(const Preparation& p, const operators::InputRow& row) {
  const OrtValue* value = p.input(row);
  if (value == nullptr) throw InvalidOperator(p.op, row.name, "missing", "a tensor");
  switch (TypeOf(p.api, value)) {
    case ElementType<float>():
      return View<float>(p.api, p.op, row.name, value);
    case ElementType<std::uint8_t>():
      return View<std::uint8_t>(p.api, p.op, row.name, value);
    case ElementType<std::int8_t>():
      return View<std::int8_t>(p.api, p.op, row.name, value);
    case ElementType<std::int16_t>():
      return View<std::int16_t>(p.api, p.op, row.name, value);
    default:
      return {};
  }
}

/// The shape of an image of X: of pixels [N, C, H, W], or features [N, H, W, C].
MapShape ShapeOfImage(const OpName& op, const Dims& x, bool pixels) {
  if (x.size() != 4) throw InvalidOperator(op, "shape of X", ToString(x), pixels ? "[N, C, H, W]" : "[N, H, W, C]");
  return pixels ? MapShape{x[2], x[3], x[1]} : MapShape{x[1], x[2], x[3]};
}

/// Runs a network on a node's tensors. `Table` is that of the node, T the type of its X.
template <class Table, class T>
void RunNetwork(const IntegerNetwork& network, const OpName& op, const RunIo& io) {
  constexpr bool kPixels = !std::is_same_v<T, std::int16_t>;
  const TensorView<T> x = io.Input<T>(Table::kX);
  const auto plan = network.PlanFor(ShapeOfImage(op, x.shape, kPixels));
  const MapShape y = network.OutputShape(*plan);
  NetworkInputs inputs{x.shape[0], x.data};
  inputs.pixel_type = std::is_same_v<T, std::uint8_t> ? PixelType::kUint8 : PixelType::kFloat;
  CheckedProduct(op, "shape of the output", {inputs.batch, y.height, y.width, y.channels}, kMaxElements);
  if constexpr (std::is_same_v<Table, operators::IntegerSubBitBlock>) {
    const TensorView<std::int16_t> residual = io.Input<std::int16_t>(Table::kResidual);
    if (residual.shape != Dims{inputs.batch, y.height, y.width, y.channels}) {
      throw InvalidOperator(op, std::string("shape of ") + Table::kResidual.name, ToString(residual.shape),
                            ToString({inputs.batch, y.height, y.width, y.channels}));
    }
    inputs.residual = residual.data;
  }
  NetworkOutputs outputs{nullptr, nullptr};
  if constexpr (Table::kOutputY.type == operators::Element::kFloat) {
    outputs.logits = io.Output<float>(Table::kOutputY, {inputs.batch, y.height});
  } else {
    outputs.y = io.Output<std::int16_t>(Table::kOutputY, {inputs.batch, y.height, y.width, y.channels});
  }
  LogRun(network, *plan, inputs.batch);
  const RunScratch scratch = io.Scratch(network.ScratchBytes(*plan, inputs.batch));
  network.Run(*plan, inputs, outputs, scratch.get(), io);
}

}  // namespace

template <class Row, class T>
std::unique_ptr<IntegerNetwork> IntegerLayerDefinition<Row, T>::Prepare(const Preparation& p,
                                                                        const Attributes& attributes) {
  std::vector<AnyTensor> parameters;
  for (const operators::InputRow& row : Table::kInputs) {
    if (row.use != operators::InputUse::kData) parameters.push_back(Parameter(p, row));
  }
  return MakeLayerNetwork(p.isa, p.policy, p.op, attributes.layer, parameters);
}

template <class Row, class T>
void IntegerLayerDefinition<Row, T>::Run(const Kernel& kernel, const OpName& op, const Attributes&, const RunIo& io,
                                         const std::vector<bool>&) {
  RunNetwork<Row, T>(kernel, op, io);
}

template struct IntegerLayerDefinition<operators::IntegerStem, float>;
template struct IntegerLayerDefinition<operators::IntegerStem, std::uint8_t>;
template struct IntegerLayerDefinition<operators::IntegerSubBitConv, std::int16_t>;
template struct IntegerLayerDefinition<operators::IntegerSubBitBlock, std::int16_t>;
template struct IntegerLayerDefinition<operators::IntegerShortcut, std::int16_t>;
template struct IntegerLayerDefinition<operators::IntegerClassifier, std::int16_t>;

template <class T>
std::unique_ptr<IntegerNetwork> IntegerNetworkDefinition<T>::Prepare(const Preparation& p,
                                                                     const Attributes& attributes) {
  std::vector<AnyTensor> parameters;
  for (std::size_t i = Table::kP.position; i < p.input_count; ++i) {
    operators::InputRow row = Table::kP;
    row.position = i;
    parameters.push_back(Parameter(p, row));
  }
  return MakeNetwork(p.isa, p.policy, p.op, attributes, parameters);
}

template <class T>
void IntegerNetworkDefinition<T>::Run(const Kernel& kernel, const OpName& op, const Attributes&, const RunIo& io,
                                      const std::vector<bool>&) {
  RunNetwork<Table, T>(kernel, op, io);
}

template struct IntegerNetworkDefinition<float>;
template struct IntegerNetworkDefinition<std::uint8_t>;

}  // namespace subbit::ort
