#include "ep/conv_node.h"

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/operator/element_type.h"
#include "driver/sign_rules.h"

namespace subbit::fpga {
namespace {

using operators::InputRow;
using Binary = operators::BinarySubBitConv;
using Packed = operators::PackedBinarySubBitConv;
using QLinear = operators::QLinearSubBitConv;
using Block = operators::QLinearSubBitBlock;

/// Names of a node's outputs; one that is left out has an empty name.
std::vector<std::string> OutputNames(const Ort::ConstNode& node) {
  std::vector<std::string> names;
  for (const Ort::ConstValueInfo& output : node.GetOutputs()) {
    names.push_back(output == nullptr ? std::string() : output.GetName());
  }
  return names;
}

std::size_t GivenOutputs(const Ort::ConstNode& node) {
  const std::vector<std::string> names = OutputNames(node);
  return names.size() - static_cast<std::size_t>(std::count(names.begin(), names.end(), std::string()));
}

HostForm InputForm(const std::string& op_type) {
  return op_type == Packed::kName   ? HostForm::kPackedSigns
         : op_type == Binary::kName ? HostForm::kFloats
                                    : HostForm::kBytes;
}

/// Of PackedBinarySubBitConv one output holds values, the other their signs.
HostForm OutputForm(const Ort::ConstNode& node) {
  const std::string op_type = node.GetOperatorType();
  if (op_type == Packed::kName) {
    return OutputNames(node).at(Packed::kOutputY.position).empty() ? HostForm::kPackedSigns : HostForm::kFloats;
  }
  return op_type == Binary::kName ? HostForm::kFloats : HostForm::kBytes;
}

/// A constant input: ONNX Runtime's data, valid while the node is, and a shape of our own.
template <typename T>
struct ConstantTensor {
  const T* data = nullptr;
  std::vector<std::int64_t> shape;

  TensorView<T> view() const { return {data, shape}; }

  std::size_t Count() const {
    std::size_t count = 1;
    for (const std::int64_t dimension : shape) {
      count *= static_cast<std::size_t>(dimension);
    }
    return count;
  }
};

/// Reads attributes and inputs of one node.
class NodeReader {
 public:
  NodeReader(const Ort::ConstNode& node, FilledTensors* filled)
      : node_(node), inputs_(node.GetInputs()), filled_(filled), op_{node.GetOperatorType(), node.GetName()} {
    if (GivenOutputs(node) != 1) {
      throw InvalidOperator(op_, "number of outputs", std::to_string(GivenOutputs(node)), "1");
    }
    if (op_.node.empty()) {
      op_.node = CalledFrom();
    }
    if (op_.node.empty()) {
      op_.node = OutputName(node);
    }
  }

  const OpName& op() const { return op_; }

  std::int64_t Read(const operators::NumberRow& row) const {
    std::int64_t value = 0;
    if (!Find(row.name, ORT_OP_ATTR_INT).GetValue(value).IsOK()) {
      throw InvalidOperator(op_, row.name, "something unreadable", "an integer");
    }
    return value;
  }

  template <std::size_t count>
  std::array<std::int64_t, count> Read(const operators::ListRow<count>& row) const {
    std::vector<std::int64_t> values;
    if (!Find(row.name, ORT_OP_ATTR_INTS).GetValueArray(values).IsOK() || values.size() != count) {
      throw InvalidOperator(op_, row.name, ToString(values), std::to_string(count) + " integers");
    }
    std::array<std::int64_t, count> array{};
    std::copy(values.begin(), values.end(), array.begin());
    return array;
  }

  bool HasInput(const InputRow& row) const { return row.position < inputs_.size() && inputs_[row.position] != nullptr; }

  /// Element type of an input that must be a variable: a constant one is none of the fused node's inputs.
  ONNXTensorElementDataType VariableType(const InputRow& row) const {
    if (!HasInput(row) || inputs_[row.position].IsConstantInitializer()) {
      throw NodeNotTaken("node '" + op_.node + "': input '" + row.name + "' is missing or constant");
    }
    const Ort::ConstTypeInfo type = inputs_[row.position].TypeInfo();
    if (type.GetONNXType() != ONNX_TYPE_TENSOR) {
      throw InvalidOperator(op_, row.name, "something else", "a tensor");
    }
    return type.GetTensorTypeAndShapeInfo().GetElementType();
  }

  /// A constant input, whose shape the caller has to check.
  template <typename T>
  ConstantTensor<T> Constant(const InputRow& row) const {
    Ort::ConstValue value{nullptr};
    if (!HasInput(row) || !inputs_[row.position].IsConstantInitializer() ||
        !inputs_[row.position].GetInitializer(value).IsOK() || value == nullptr || !value.IsTensor()) {
      throw NodeNotTaken("node '" + op_.node + "': input '" + row.name + "' is not a constant");
    }
    const Ort::TensorTypeAndShapeInfo info = value.GetTensorTypeAndShapeInfo();
    if (info.GetElementType() != Ort::TypeToTensorType<T>::type) {
      throw InvalidOperator(op_, std::string("type of ") + row.name, ElementTypeName(info.GetElementType()),
                            ElementTypeName(Ort::TypeToTensorType<T>::type));
    }
    if (info.GetElementCount() == 0) {
      throw InvalidOperator(op_, row.name, "nothing", "at least one element");
    }
    return {value.GetTensorData<T>(), info.GetShape()};
  }

  /// A constant input of one float per output channel, or one that is filled with a value.
  std::vector<float> PerChannel(const InputRow& row, std::int64_t out_channels) const {
    if (HasInput(row) && !inputs_[row.position].IsConstantInitializer()) {
      if (const std::optional<float> fill = FillOf(inputs_[row.position])) {
        const std::vector<float> values(static_cast<std::size_t>(out_channels), *fill);
        return MakePerChannel(op_, row.name, out_channels, {values.data(), {out_channels}});
      }
    }
    return MakePerChannel(op_, row.name, out_channels, Constant<float>(row).view());
  }

 private:
  /// What a tensor is filled with, if that is known.
  std::optional<float> FillOf(const Ort::ConstValueInfo& tensor) const {
    const Ort::ConstNode producer = tensor.GetProducerNode().node;
    if (producer != nullptr && producer.GetOperatorType() == "ConstantOfShape" && producer.GetDomain().empty()) {
      float fill = 0;  // what ConstantOfShape takes if it has no attribute
      Ort::ConstOpAttr attribute{nullptr};
      if (producer.GetAttributeByName("value", attribute).IsOK() && attribute != nullptr) {
        Ort::Value value{nullptr};
        if (!attribute.GetTensorAttributeAsOrtValue(value).IsOK() || !value.IsTensor()) {
          return std::nullopt;
        }
        const Ort::TensorTypeAndShapeInfo info = value.GetTensorTypeAndShapeInfo();
        if (info.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || info.GetElementCount() != 1) {
          return std::nullopt;
        }
        fill = *value.GetTensorData<float>();
      }
      filled_->insert_or_assign(tensor.GetName(), fill);
    }
    const auto known = filled_->find(tensor.GetName());
    return known == filled_->end() ? std::nullopt : std::optional<float>(known->second);
  }

  /// The name of the node in whose function body a node without a name stands; it is part of the name of the index,
  /// which the exporter calls "NAME/index". Empty if there is no such name.
  std::string CalledFrom() const {
    const InputRow& row = Binary::kIndex;
    const std::string index = HasInput(row) ? inputs_[row.position].GetName() : "";
    const std::string suffix = std::string("/") + row.name;
    const bool named =
        index.size() > suffix.size() && index.compare(index.size() - suffix.size(), suffix.size(), suffix) == 0;
    return named ? index.substr(0, index.size() - suffix.size()) : "";
  }

  Ort::ConstOpAttr Find(const std::string& name, OrtOpAttrType type) const {
    Ort::ConstOpAttr attribute{nullptr};
    if (!node_.GetAttributeByName(name, attribute).IsOK() || attribute == nullptr) {
      throw InvalidOperator(op_, name, "nothing", "an attribute of this name");
    }
    if (attribute.GetType() != type) {
      throw InvalidOperator(op_, name, "another type", type == ORT_OP_ATTR_INT ? "an integer" : "a list of integers");
    }
    return attribute;
  }

  const Ort::ConstNode& node_;
  std::vector<Ort::ConstValueInfo> inputs_;
  FilledTensors* filled_;
  OpName op_;
};

ConvAttributes ReadAttributes(const NodeReader& reader) {
  ConvAttributes attributes;
  namespace rows = operators::attributes;
  attributes.tau = reader.Read(rows::kTau);
  attributes.out_channels = reader.Read(rows::kOutChannels);
  attributes.in_channels = reader.Read(rows::kInChannels);
  attributes.strides = reader.Read(rows::kStrides);
  attributes.pads = reader.Read(rows::kPads);
  attributes.dilations = reader.Read(rows::kDilations);
  attributes.group = reader.Read(rows::kGroup);
  Validate(reader.op(), attributes);
  return attributes;
}

template <typename Table>
void ReadWeights(const NodeReader& reader, ConvNode& node) {
  const auto index = reader.Constant<std::uint8_t>(Table::kIndex);
  const auto codebook = reader.Constant<std::int8_t>(Table::kCodebook);
  node.weights = MakeWeights(reader.op(), node.attributes, index.view(), codebook.view());
  node.layer.codebook = node.weights.codewords;
  node.layer.index.assign(index.data, index.data + index.Count());
}

/// Of BinarySubBitConv and PackedBinarySubBitConv, whose activations are `activations`, of type T.
template <typename Table, typename T>
void ReadBinary(const NodeReader& reader, const InputRow& activations, ConvNode& node) {
  if (reader.VariableType(activations) != Ort::TypeToTensorType<T>::type) {
    throw InvalidOperator(reader.op(), std::string("type of ") + activations.name, "another type",
                          std::is_same_v<T, float> ? "float32" : "uint8");
  }
  const bool gives_signs = node.output_form == HostForm::kPackedSigns;
  node.layer.shape.input_format = InputFormat::kBits;
  node.layer.shape.output_format = gives_signs ? OutputFormat::kBits : OutputFormat::kI32;
  ReadWeights<Table>(reader, node);
  const std::int64_t out_channels = node.attributes.out_channels;
  node.scale = reader.PerChannel(Table::kScale, out_channels);
  node.bias.assign(static_cast<std::size_t>(out_channels), 0.0f);
  if (Table::kBias.use != operators::InputUse::kOptionalParameter || reader.HasInput(Table::kBias)) {
    node.bias = reader.PerChannel(Table::kBias, out_channels);
  }
  if (gives_signs) {
    node.layer.sign_rules =
        SignRulesOf(node.scale, node.bias, static_cast<std::int32_t>(9 * node.attributes.in_channels));
  }
}

/// A scalar zero point of the 8-bit type T.
template <typename T>
std::int16_t ZeroPoint(const NodeReader& reader, const InputRow& row) {
  const ConstantTensor<T> value = reader.Constant<T>(row);
  if (value.Count() != 1) {
    throw InvalidOperator(reader.op(), std::string("shape of ") + row.name, ToString(value.shape), "[] or [1]");
  }
  return value.data[0];
}

/// Multipliers and bias, with `T` the type of x and y; a block has a residual, too.
template <typename T>
Requantization ReadRequantization(QLinear, const NodeReader& reader, const ConvAttributes& attributes,
                                  const QuantizationInputs& inputs) {
  return MakeRequantization(reader.op(), attributes.out_channels, inputs);
}

template <typename T>
Requantization ReadRequantization(Block, const NodeReader& reader, const ConvAttributes& attributes,
                                  const QuantizationInputs& inputs) {
  if (reader.VariableType(Block::kResidual) != Ort::TypeToTensorType<T>::type) {
    throw InvalidOperator(reader.op(), std::string("type of ") + Block::kResidual.name, "another type", "that of x");
  }
  if (inputs.bias == nullptr) {
    throw InvalidOperator(reader.op(), Block::kB.name, "nothing", "one value an output channel");
  }
  const auto scale = reader.Constant<float>(Block::kResidualScale);
  return MakeBlockRequantization(reader.op(), attributes, inputs,
                                 {scale.view(), ZeroPoint<T>(reader, Block::kResidualZeroPoint)});
}

/// `T` is the type of x and y.
template <typename Table, typename T>
void ReadQLinear(const NodeReader& reader, ConvNode& node) {
  LayerShape& shape = node.layer.shape;
  shape.input_format = std::is_signed_v<T> ? InputFormat::kS8 : InputFormat::kU8;
  shape.output_format = std::is_signed_v<T> ? OutputFormat::kS8 : OutputFormat::kU8;
  shape.input_zero_point = ZeroPoint<T>(reader, Table::kXZeroPoint);
  shape.output_zero_point = ZeroPoint<T>(reader, Table::kYZeroPoint);
  ReadWeights<Table>(reader, node);
  ConstantTensor<std::int32_t> bias;
  if (reader.HasInput(Table::kB)) {
    bias = reader.Constant<std::int32_t>(Table::kB);
  }
  const TensorView<std::int32_t> bias_view = bias.view();
  const auto x_scale = reader.Constant<float>(Table::kXScale);
  const auto w_scale = reader.Constant<float>(Table::kWScale);
  const auto y_scale = reader.Constant<float>(Table::kYScale);
  const QuantizationInputs inputs = {x_scale.view(),          shape.input_zero_point,
                                     w_scale.view(),          y_scale.view(),
                                     shape.output_zero_point, reader.HasInput(Table::kB) ? &bias_view : nullptr};
  Requantization requantization = ReadRequantization<T>(Table{}, reader, node.attributes, inputs);
  node.layer.bias = std::move(requantization.bias);
  node.layer.multiplier = std::move(requantization.multiplier);
  shape.adds_residual = std::is_same_v<Table, Block>;
  shape.residual_multiplier = requantization.residual.multiplier;
  shape.residual_zero_point = static_cast<std::int16_t>(requantization.residual.zero_point);
}

template <typename Table>
void ReadEightBits(const NodeReader& reader, ConvNode& node) {
  const ONNXTensorElementDataType type = reader.VariableType(Table::kX);
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8) {
    ReadQLinear<Table, std::uint8_t>(reader, node);
  } else if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8) {
    ReadQLinear<Table, std::int8_t>(reader, node);
  } else {
    throw InvalidOperator(reader.op(), std::string("type of ") + Table::kX.name, "another type", "int8 or uint8");
  }
}

}  // namespace

bool IsConvNode(const Ort::ConstNode& node) {
  const std::string op_type = node.GetOperatorType();
  return node.GetDomain() == operators::kDomain &&
         (op_type == QLinear::kName || op_type == Block::kName || op_type == Binary::kName ||
          (op_type == Packed::kName && GivenOutputs(node) == 1));
}

bool ReadsPackedSigns(const Ort::ConstNode& node) { return node.GetOperatorType() == Packed::kName; }

bool CanJoin(const Ort::ConstNode& giver, const Ort::ConstNode& reader) {
  const HostForm form = OutputForm(giver);
  if (form == HostForm::kFloats || form != InputForm(reader.GetOperatorType())) {
    return false;
  }
  // Packed signs have room for up to seven channels more than were given, and a node may read them as -1; the device's
  // bits have not.
  if (form != HostForm::kPackedSigns) {
    return true;
  }
  FilledTensors none;
  const NodeReader from(giver, &none);
  const NodeReader to(reader, &none);
  return from.Read(operators::attributes::kOutChannels) ==
         to.Read(operators::attributes::kInChannels) * to.Read(operators::attributes::kGroup);
}

std::string OutputName(const Ort::ConstNode& node) {
  for (const std::string& name : OutputNames(node)) {
    if (!name.empty()) {
      return name;
    }
  }
  return "";
}

std::vector<std::string> VariableInputs(const Ort::ConstNode& node) {
  const std::vector<Ort::ConstValueInfo> inputs = node.GetInputs();
  std::vector<std::string> names;
  const std::string op_type = node.GetOperatorType();
  for (const operators::OperatorRow& row : operators::kAll) {
    if (row.name == op_type) {
      std::for_each(row.inputs, row.inputs + row.input_count, [&](const InputRow& input) {
        if (input.use == operators::InputUse::kData) {
          names.push_back(inputs.at(input.position).GetName());
        }
      });
    }
  }
  return names;
}

ConvNode ReadConvNode(const Ort::ConstNode& node, FilledTensors* filled) {
  const NodeReader reader(node, filled);
  ConvNode read;
  read.op = reader.op();
  read.attributes = ReadAttributes(reader);
  read.input_form = InputForm(read.op.type);
  read.output_form = OutputForm(node);
  read.layer.shape = ShapeOf(read.attributes);
  if (read.op.type == Binary::kName) {
    ReadBinary<Binary, float>(reader, Binary::kX, read);
  } else if (read.op.type == Packed::kName) {
    ReadBinary<Packed, std::uint8_t>(reader, Packed::kB, read);
  } else if (read.op.type == Block::kName) {
    ReadEightBits<Block>(reader, read);
  } else {
    ReadEightBits<QLinear>(reader, read);
  }
  return read;
}

}  // namespace subbit::fpga
