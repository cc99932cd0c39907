#include "core/integer/network_parameters.h"

#include <string>
#include <type_traits>
#include <utility>

namespace subbit {
namespace {

/// What ONNX calls the elements of a parameter.
struct TypeName {
  std::string operator()(std::monostate) const { return "another"; }
  std::string operator()(const TensorView<float>&) const { return "FLOAT"; }
  std::string operator()(const TensorView<std::uint8_t>&) const { return "UINT8"; }
  std::string operator()(const TensorView<std::int8_t>&) const { return "INT8"; }
  std::string operator()(const TensorView<std::int16_t>&) const { return "INT16"; }
};

/// The parameters of a layer, by the rows of its operator.
template <class Table>
class Parameters {
 public:
  Parameters(const OpName& op, const std::vector<AnyTensor>& tensors) : op_(op), tensors_(tensors) {
    if (tensors.size() != Count()) {
      throw InvalidOperator(op, "number of parameters", std::to_string(tensors.size()), std::to_string(Count()));
    }
  }

  static constexpr std::size_t Count() { return Before(Table::kInputs.size()); }

  template <class T>
  TensorView<T> Get(const operators::InputRow& row) const {
    const AnyTensor& tensor = tensors_[Before(row.position)];
    const TensorView<T>* view = std::get_if<TensorView<T>>(&tensor);
    if (view == nullptr) {
      throw InvalidOperator(op_, std::string("element type of ") + row.name, std::visit(TypeName(), tensor),
                            TypeName()(TensorView<T>()));
    }
    return *view;
  }

 private:
  /// The number of parameters among the inputs before `position`.
  static constexpr std::size_t Before(std::size_t position) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < position; ++i) {
      if (Table::kInputs[i].use != operators::InputUse::kData) ++count;
    }
    return count;
  }

  const OpName& op_;
  const std::vector<AnyTensor>& tensors_;
};

using Stem = operators::IntegerStem;
using Conv = operators::IntegerSubBitConv;
using Block = operators::IntegerSubBitBlock;
using Shortcut = operators::IntegerShortcut;
using Classifier = operators::IntegerClassifier;

StemParameters Make(const OpName& op, const StemAttributes& attributes, const Parameters<Stem>& p) {
  return MakeStemParameters(op, attributes,
                            {p.Get<std::int8_t>(Stem::kWeight), p.Get<std::uint8_t>(Stem::kZeroPixel),
                             p.Get<std::int16_t>(Stem::kMultiplier), p.Get<std::int16_t>(Stem::kBias)});
}

template <class Table>
IntegerConvTensors ConvTensors(const Parameters<Table>& p) {
  return {p.template Get<std::int16_t>(Table::kThreshold), p.template Get<std::uint8_t>(Table::kIndex),
          p.template Get<std::int8_t>(Table::kCodebook), p.template Get<std::int16_t>(Table::kMultiplier),
          p.template Get<std::int16_t>(Table::kBias)};
}

IntegerConvParameters Make(const OpName& op, const IntegerConvAttributes& attributes, const Parameters<Conv>& p) {
  return MakeIntegerConvParameters(op, attributes, ConvTensors(p));
}

IntegerConvParameters Make(const OpName& op, const IntegerConvAttributes& attributes, const Parameters<Block>& p) {
  return MakeIntegerBlockParameters(op, attributes, ConvTensors(p),
                                    {p.Get<std::int16_t>(Block::kSlope), p.Get<std::int16_t>(Block::kShiftOut)});
}

ShortcutParameters Make(const OpName& op, const ShortcutAttributes& attributes, const Parameters<Shortcut>& p) {
  return MakeShortcutParameters(op, attributes,
                                {p.Get<std::int8_t>(Shortcut::kWeight), p.Get<std::int16_t>(Shortcut::kMultiplier),
                                 p.Get<std::int16_t>(Shortcut::kBias)});
}

ClassifierParameters Make(const OpName& op, const ClassifierAttributes& attributes, const Parameters<Classifier>& p) {
  return MakeClassifierParameters(
      op, attributes,
      {p.Get<std::int8_t>(Classifier::kWeight), p.Get<float>(Classifier::kScale), p.Get<float>(Classifier::kBias)});
}

template <class Layer>
using TableOf = typename std::decay_t<Layer>::Table;

}  // namespace

std::size_t ParameterCount(const AnyLayer& layer) {
  return std::visit([](const auto& of_kind) { return Parameters<TableOf<decltype(of_kind)>>::Count(); }, layer);
}

AnyParameters MakeParameters(const OpName& op, const AnyLayer& layer, const std::vector<AnyTensor>& tensors) {
  return std::visit(
      [&](const auto& of_kind) -> AnyParameters {
        return Make(op, of_kind.attributes, Parameters<TableOf<decltype(of_kind)>>(op, tensors));
      },
      layer);
}

std::vector<NetworkLayerParameters> MakeNetworkParameters(const OpName& op, const NetworkAttributes& attributes,
                                                          const std::vector<AnyTensor>& tensors) {
  const std::vector<NetworkLayerAttributes> split = SplitNetwork(op, attributes);
  std::size_t count = 0;
  for (const NetworkLayerAttributes& layer : split) count += ParameterCount(layer.layer);
  if (count != tensors.size()) {
    throw InvalidOperator(op, "number of inputs", std::to_string(tensors.size() + 1), std::to_string(count + 1));
  }
  std::vector<NetworkLayerParameters> layers;
  auto next = tensors.begin();
  for (const NetworkLayerAttributes& layer : split) {
    const auto end = next + static_cast<std::ptrdiff_t>(ParameterCount(layer.layer));
    layers.push_back({layer.op, MakeParameters(layer.op, layer.layer, {next, end}), layer.reads, layer.residual});
    next = end;
  }
  return layers;
}

}  // namespace subbit
