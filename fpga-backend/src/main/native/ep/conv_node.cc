#include "ep/conv_node.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "driver/sign_rules.h"

namespace subbit::fpga {
namespace {

constexpr const char* kQLinear = "QLinearSubBitConv";
constexpr const char* kBlock = "QLinearSubBitBlock";
constexpr const char* kBinary = "BinarySubBitConv";
constexpr const char* kPacked = "PackedBinarySubBitConv";
/// The position of a QLinearSubBitBlock's residual among its inputs.
constexpr std::size_t kResidual = 9;

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
  return op_type == kPacked ? HostForm::kPackedSigns : op_type == kBinary ? HostForm::kFloats : HostForm::kBytes;
}

/// The form of a node's output. The first output of PackedBinarySubBitConv holds values, the second their signs.
HostForm OutputForm(const Ort::ConstNode& node) {
  const std::string op_type = node.GetOperatorType();
  if (op_type == kPacked) {
    return OutputNames(node).at(0).empty() ? HostForm::kPackedSigns : HostForm::kFloats;
  }
  return op_type == kBinary ? HostForm::kFloats : HostForm::kBytes;
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
  explicit NodeReader(const Ort::ConstNode& node)
      : node_(node), inputs_(node.GetInputs()), op_{node.GetOperatorType(), node.GetName()} {
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

  std::int64_t Int(const std::string& name) const {
    std::int64_t value = 0;
    if (!Find(name, ORT_OP_ATTR_INT).GetValue(value).IsOK()) {
      throw InvalidOperator(op_, name, "something unreadable", "an integer");
    }
    return value;
  }

  template <std::size_t count>
  std::array<std::int64_t, count> Ints(const std::string& name) const {
    std::vector<std::int64_t> values;
    if (!Find(name, ORT_OP_ATTR_INTS).GetValueArray(values).IsOK() || values.size() != count) {
      throw InvalidOperator(op_, name, ToString(values), std::to_string(count) + " integers");
    }
    std::array<std::int64_t, count> array{};
    std::copy(values.begin(), values.end(), array.begin());
    return array;
  }

  bool HasInput(std::size_t position) const { return position < inputs_.size() && inputs_[position] != nullptr; }

  /// Element type of an input that must be a variable: a constant one is none of the fused node's inputs.
  ONNXTensorElementDataType VariableType(std::size_t position, const std::string& name) const {
    if (!HasInput(position) || inputs_[position].IsConstantInitializer()) {
      throw NodeNotTaken("node '" + op_.node + "': input '" + name + "' is missing or constant");
    }
    const Ort::ConstTypeInfo type = inputs_[position].TypeInfo();
    if (type.GetONNXType() != ONNX_TYPE_TENSOR) {
      throw InvalidOperator(op_, name, "something else", "a tensor");
    }
    return type.GetTensorTypeAndShapeInfo().GetElementType();
  }

  /// A constant input, whose shape the caller has to check.
  template <typename T>
  ConstantTensor<T> Constant(std::size_t position, const char* name) const {
    Ort::ConstValue value{nullptr};
    if (!HasInput(position) || !inputs_[position].IsConstantInitializer() ||
        !inputs_[position].GetInitializer(value).IsOK() || value == nullptr || !value.IsTensor()) {
      throw NodeNotTaken("node '" + op_.node + "': input '" + name + "' is not a constant");
    }
    const Ort::TensorTypeAndShapeInfo info = value.GetTensorTypeAndShapeInfo();
    if (info.GetElementType() != Ort::TypeToTensorType<T>::type) {
      throw InvalidOperator(op_, std::string("type of ") + name, std::to_string(info.GetElementType()),
                            std::to_string(Ort::TypeToTensorType<T>::type));
    }
    if (info.GetElementCount() == 0) {
      throw InvalidOperator(op_, name, "nothing", "at least one element");
    }
    return {value.GetTensorData<T>(), info.GetShape()};
  }

 private:
  /// The name of the node in whose function body a node without a name stands; it is part of the name of the index,
  /// which the exporter calls "NAME/index". Empty if there is no such name.
  std::string CalledFrom() const {
    const std::string index = HasInput(1) ? inputs_[1].GetName() : "";
    const std::string suffix = "/index";
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
  OpName op_;
};

ConvAttributes ReadAttributes(const NodeReader& reader) {
  ConvAttributes attributes;
  attributes.tau = reader.Int("tau");
  attributes.out_channels = reader.Int("out_channels");
  attributes.in_channels = reader.Int("in_channels");
  attributes.strides = reader.Ints<2>("strides");
  attributes.pads = reader.Ints<4>("pads");
  attributes.dilations = reader.Ints<2>("dilations");
  attributes.group = reader.Int("group");
  Validate(reader.op(), attributes);
  return attributes;
}

void ReadWeights(const NodeReader& reader, std::size_t first, ConvNode& node) {
  const auto index = reader.Constant<std::uint8_t>(first, "index");
  const auto codebook = reader.Constant<std::int8_t>(first + 1, "codebook");
  node.weights = MakeWeights(reader.op(), node.attributes, index.view(), codebook.view());
  node.layer.codebook = node.weights.codewords;
  node.layer.index.assign(index.data, index.data + index.Count());
}

void ReadBinary(const NodeReader& reader, ConvNode& node) {
  const bool packed = node.input_form == HostForm::kPackedSigns;
  const char* input = packed ? "B" : "X";
  if (reader.VariableType(0, input) !=
      (packed ? ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)) {
    throw InvalidOperator(reader.op(), std::string("type of ") + input, "another type", packed ? "uint8" : "float32");
  }
  const bool gives_signs = node.output_form == HostForm::kPackedSigns;
  node.layer.shape.input_format = InputFormat::kBits;
  node.layer.shape.output_format = gives_signs ? OutputFormat::kBits : OutputFormat::kI32;
  ReadWeights(reader, 1, node);
  const std::int64_t out_channels = node.attributes.out_channels;
  node.scale = MakePerChannel(reader.op(), "scale", out_channels, reader.Constant<float>(3, "scale").view());
  node.bias.assign(static_cast<std::size_t>(out_channels), 0.0f);
  if (packed || reader.HasInput(4)) {
    node.bias = MakePerChannel(reader.op(), "bias", out_channels, reader.Constant<float>(4, "bias").view());
  }
  if (gives_signs) {
    node.layer.sign_rules =
        SignRulesOf(node.scale, node.bias, static_cast<std::int32_t>(9 * node.attributes.in_channels));
  }
}

/// A scalar zero point of the 8-bit type T.
template <typename T>
std::int16_t ZeroPoint(const NodeReader& reader, std::size_t position, const char* name) {
  const ConstantTensor<T> value = reader.Constant<T>(position, name);
  if (value.Count() != 1) {
    throw InvalidOperator(reader.op(), std::string("shape of ") + name, ToString(value.shape), "[] or [1]");
  }
  return value.data[0];
}

/// Reads what QLinearSubBitBlock has in addition to the inputs of QLinearSubBitConv.
template <typename T>
Requantization ReadBlockRequantization(const NodeReader& reader, const ConvAttributes& attributes,
                                       const QuantizationInputs& inputs) {
  if (reader.VariableType(kResidual, "residual") != Ort::TypeToTensorType<T>::type) {
    throw InvalidOperator(reader.op(), "type of residual", "another type", "that of x");
  }
  if (inputs.bias == nullptr) {
    throw InvalidOperator(reader.op(), "B", "nothing", "one value per output channel");
  }
  const auto scale = reader.Constant<float>(10, "residual_scale");
  return MakeBlockRequantization(reader.op(), attributes, inputs,
                                 {scale.view(), ZeroPoint<T>(reader, 11, "residual_zero_point")});
}

/// `T` is the type of x and y.
template <typename T>
void ReadQLinear(const NodeReader& reader, ConvNode& node) {
  LayerDescriptor& shape = node.layer.shape;
  shape.input_format = std::is_signed_v<T> ? InputFormat::kS8 : InputFormat::kU8;
  shape.output_format = std::is_signed_v<T> ? OutputFormat::kS8 : OutputFormat::kU8;
  shape.input_zero_point = ZeroPoint<T>(reader, 2, "x_zero_point");
  shape.output_zero_point = ZeroPoint<T>(reader, 7, "y_zero_point");
  ReadWeights(reader, 3, node);
  ConstantTensor<std::int32_t> bias;
  if (reader.HasInput(8)) {
    bias = reader.Constant<std::int32_t>(8, "B");
  }
  const TensorView<std::int32_t> bias_view = bias.view();
  const auto x_scale = reader.Constant<float>(1, "x_scale");
  const auto w_scale = reader.Constant<float>(5, "w_scale");
  const auto y_scale = reader.Constant<float>(6, "y_scale");
  const QuantizationInputs inputs = {x_scale.view(),          shape.input_zero_point,
                                     w_scale.view(),          y_scale.view(),
                                     shape.output_zero_point, reader.HasInput(8) ? &bias_view : nullptr};
  const bool block = reader.op().type == kBlock;
  Requantization requantization = block ? ReadBlockRequantization<T>(reader, node.attributes, inputs)
                                        : MakeRequantization(reader.op(), node.attributes.out_channels, inputs);
  node.layer.bias = std::move(requantization.bias);
  node.layer.multiplier = std::move(requantization.multiplier);
  node.layer.adds_residual = block;
  shape.residual_multiplier = requantization.residual.multiplier;
  shape.residual_zero_point = static_cast<std::int16_t>(requantization.residual.zero_point);
}

}  // namespace

bool IsConvNode(const Ort::ConstNode& node) {
  const std::string op_type = node.GetOperatorType();
  return node.GetDomain() == kDomain && (op_type == kQLinear || op_type == kBlock || op_type == kBinary ||
                                         (op_type == kPacked && GivenOutputs(node) == 1));
}

bool ReadsPackedSigns(const Ort::ConstNode& node) { return node.GetOperatorType() == kPacked; }

bool CanJoin(const Ort::ConstNode& giver, const Ort::ConstNode& reader) {
  const HostForm form = OutputForm(giver);
  if (form == HostForm::kFloats || form != InputForm(reader.GetOperatorType())) {
    return false;
  }
  // Packed signs have room for up to seven more channels than were written, and a node may read them as -1; the
  // device's bits have no such room.
  return form != HostForm::kPackedSigns || NodeReader(giver).Int("out_channels") ==
                                               NodeReader(reader).Int("in_channels") * NodeReader(reader).Int("group");
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
  std::vector<std::string> names = {inputs.at(0).GetName()};
  if (node.GetOperatorType() == kBlock) {
    names.push_back(inputs.at(kResidual).GetName());
  }
  return names;
}

ConvNode ReadConvNode(const Ort::ConstNode& node) {
  const NodeReader reader(node);
  ConvNode read;
  read.op = reader.op();
  read.attributes = ReadAttributes(reader);
  read.input_form = InputForm(read.op.type);
  read.output_form = OutputForm(node);
  read.layer.shape = ShapeOf(read.attributes);
  if (read.input_form != HostForm::kBytes) {
    ReadBinary(reader, read);
  } else if (reader.VariableType(0, "x") == ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8) {
    ReadQLinear<std::uint8_t>(reader, read);
  } else if (reader.VariableType(0, "x") == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8) {
    ReadQLinear<std::int8_t>(reader, read);
  } else {
    throw InvalidOperator(reader.op(), "type of x", "another type", "int8 or uint8");
  }
  return read;
}

}  // namespace subbit::fpga
