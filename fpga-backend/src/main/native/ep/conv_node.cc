#include "ep/conv_node.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace subbit::fpga {
namespace {

constexpr const char* kQLinear = "QLinearSubBitConv";
constexpr const char* kBinary = "BinarySubBitConv";

/// Largest number of indices that a node may have, so that no product of sizes overflows.
constexpr std::int64_t kMaxKernels = std::int64_t{1} << 31;

std::string Number(std::int64_t value) { return std::to_string(value); }

std::vector<std::int64_t> IntsAttribute(const Ort::ConstNode& node, const std::string& name, std::size_t count) {
  Ort::ConstOpAttr attribute{nullptr};
  const Ort::Status status = node.GetAttributeByName(name, attribute);
  if (!status.IsOK() || attribute == nullptr) {
    throw NodeNotTaken("attribute '" + name + "' is missing");
  }
  std::vector<std::int64_t> values;
  if (attribute.GetType() != ORT_OP_ATTR_INTS || !attribute.GetValueArray(values).IsOK() || values.size() != count) {
    throw NodeNotTaken("attribute '" + name + "' is not a list of " + std::to_string(count) + " integers");
  }
  return values;
}

std::int64_t IntAttribute(const Ort::ConstNode& node, const std::string& name, std::int64_t low, std::int64_t high) {
  Ort::ConstOpAttr attribute{nullptr};
  const Ort::Status status = node.GetAttributeByName(name, attribute);
  if (!status.IsOK() || attribute == nullptr) {
    throw NodeNotTaken("attribute '" + name + "' is missing");
  }
  std::int64_t value = 0;
  if (attribute.GetType() != ORT_OP_ATTR_INT || !attribute.GetValue(value).IsOK()) {
    throw NodeNotTaken("attribute '" + name + "' is not an integer");
  }
  if (value < low || value > high) {
    throw NodeNotTaken("attribute '" + name + "' is " + Number(value) + ", allowed are " + Number(low) + " to " + Number(high));
  }
  return value;
}

std::uint16_t Narrow(std::int64_t value, const char* name) {
  if (value < 0 || value > std::numeric_limits<std::uint16_t>::max()) {
    throw NodeNotTaken("attribute '" + std::string(name) + "' holds " + Number(value) + ", which is out of range");
  }
  return static_cast<std::uint16_t>(value);
}

/// An input by position, or null where it is absent.
const OrtValueInfo* Input(const std::vector<Ort::ConstValueInfo>& inputs, std::size_t position) {
  return position < inputs.size() ? static_cast<const OrtValueInfo*>(inputs[position]) : nullptr;
}

/// A constant input's elements. `dims` is the shape it must have; an empty one stands for a scalar or one element.
template <typename T>
std::vector<T> Constant(const OrtValueInfo* input, const std::string& name, ONNXTensorElementDataType type,
                        const std::vector<std::int64_t>& dims) {
  const Ort::ConstValueInfo info{input};
  Ort::ConstValue value{nullptr};
  if (input == nullptr || !info.IsConstantInitializer() || !info.GetInitializer(value).IsOK() || value == nullptr ||
      !value.IsTensor()) {
    throw NodeNotTaken("input '" + name + "' is not a constant");
  }
  const Ort::TensorTypeAndShapeInfo shape = value.GetTensorTypeAndShapeInfo();
  const bool fits = dims.empty() ? shape.GetElementCount() == 1 : shape.GetShape() == dims;
  if (shape.GetElementType() != type || !fits) {
    throw NodeNotTaken("input '" + name + "' has a wrong type or shape");
  }
  const T* data = value.GetTensorData<T>();
  return std::vector<T>(data, data + shape.GetElementCount());
}

std::vector<float> FiniteConstant(const OrtValueInfo* input, const std::string& name, const std::vector<std::int64_t>& dims) {
  std::vector<float> values = Constant<float>(input, name, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, dims);
  for (const float value : values) {
    if (!std::isfinite(value)) {
      throw NodeNotTaken("input '" + name + "' holds a value that is not finite");
    }
  }
  return values;
}

ONNXTensorElementDataType TensorType(const OrtValueInfo* value) {
  const Ort::ConstTypeInfo type = Ort::ConstValueInfo{value}.TypeInfo();
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) {
    throw NodeNotTaken("an input or output is not a tensor");
  }
  return type.GetTensorTypeAndShapeInfo().GetElementType();
}

/// The variable input; a constant one would leave the fused node without inputs.
const OrtValueInfo* Variable(const OrtValueInfo* input) {
  if (input == nullptr || Ort::ConstValueInfo{input}.IsConstantInitializer()) {
    throw NodeNotTaken("the first input is missing or constant");
  }
  return input;
}

void ReadGeometry(const Ort::ConstNode& node, LayerDescriptor& shape) {
  constexpr std::int64_t kMaxChannels = std::numeric_limits<std::int32_t>::max();
  shape.tau = static_cast<std::uint8_t>(IntAttribute(node, "tau", 1, LayerDescriptor::kMaxTau));
  const std::int64_t out_channels = IntAttribute(node, "out_channels", 1, kMaxChannels);
  const std::int64_t in_channels = IntAttribute(node, "in_channels", 1, kMaxChannels);
  const std::int64_t group = IntAttribute(node, "group", 1, kMaxChannels);
  if (out_channels * in_channels > kMaxKernels || in_channels * group > kMaxChannels || out_channels % group != 0) {
    throw NodeNotTaken("out_channels " + Number(out_channels) + ", in_channels " + Number(in_channels) + " and group " +
                       Number(group) + " do not fit together");
  }
  shape.out_channels = static_cast<std::uint32_t>(out_channels);
  shape.in_channels = static_cast<std::uint32_t>(in_channels * group);
  shape.group = static_cast<std::uint32_t>(group);
  const std::vector<std::int64_t> strides = IntsAttribute(node, "strides", 2);
  const std::vector<std::int64_t> pads = IntsAttribute(node, "pads", 4);
  const std::vector<std::int64_t> dilations = IntsAttribute(node, "dilations", 2);
  shape.stride_h = Narrow(strides[0], "strides");
  shape.stride_w = Narrow(strides[1], "strides");
  shape.pad_top = Narrow(pads[0], "pads");
  shape.pad_left = Narrow(pads[1], "pads");
  shape.pad_bottom = Narrow(pads[2], "pads");
  shape.pad_right = Narrow(pads[3], "pads");
  shape.dilation_h = Narrow(dilations[0], "dilations");
  shape.dilation_w = Narrow(dilations[1], "dilations");
}

void ReadWeights(const OrtValueInfo* index, const OrtValueInfo* codebook, ConvLayer& layer) {
  const std::int64_t tau = layer.shape.tau;
  const auto plane_bytes = static_cast<std::int64_t>((layer.shape.kernels() + 7) / 8);
  layer.index = Constant<std::uint8_t>(index, "index", ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, {tau, plane_bytes});
  const std::int64_t codewords = std::int64_t{1} << tau;
  const auto taps = Constant<std::int8_t>(codebook, "codebook", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, {codewords, 3, 3});
  layer.codebook.assign(static_cast<std::size_t>(codewords), 0);
  for (std::size_t i = 0; i < taps.size(); ++i) {
    if (taps[i] != 1 && taps[i] != -1) {
      throw NodeNotTaken("the codebook holds " + std::to_string(taps[i]) + ", allowed are -1 and +1");
    }
    if (taps[i] == 1) {
      layer.codebook[i / 9] = static_cast<std::uint16_t>(layer.codebook[i / 9] | 1u << (i % 9));
    }
  }
}

void ReadBinary(const std::vector<Ort::ConstValueInfo>& inputs, ConvNode& node) {
  LayerDescriptor& shape = node.layer.shape;
  if (TensorType(Variable(Input(inputs, 0))) != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
    throw NodeNotTaken("input 'X' is not float32");
  }
  shape.input_format = InputFormat::kBits;
  shape.output_format = OutputFormat::kI32;
  ReadWeights(Input(inputs, 1), Input(inputs, 2), node.layer);
  const std::vector<std::int64_t> per_channel = {shape.out_channels};
  node.scale = FiniteConstant(Input(inputs, 3), "scale", per_channel);
  node.bias = Input(inputs, 4) == nullptr ? std::vector<float>(shape.out_channels)
                                          : FiniteConstant(Input(inputs, 4), "bias", per_channel);
}

/// A zero point of the given 8-bit type.
std::int16_t ZeroPoint(const OrtValueInfo* input, const std::string& name, ONNXTensorElementDataType type) {
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8) {
    return Constant<std::int8_t>(input, name, type, {})[0];
  }
  return Constant<std::uint8_t>(input, name, type, {})[0];
}

void ReadQLinear(const std::vector<Ort::ConstValueInfo>& inputs, ConvNode& node) {
  LayerDescriptor& shape = node.layer.shape;
  const ONNXTensorElementDataType type = TensorType(Variable(Input(inputs, 0)));
  const bool is_signed = type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8;
  if (!is_signed && type != ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8) {
    throw NodeNotTaken("input 'x' is neither int8 nor uint8");
  }
  shape.input_format = is_signed ? InputFormat::kS8 : InputFormat::kU8;
  shape.output_format = is_signed ? OutputFormat::kS8 : OutputFormat::kU8;
  const float x_scale = FiniteConstant(Input(inputs, 1), "x_scale", {})[0];
  shape.input_zero_point = ZeroPoint(Input(inputs, 2), "x_zero_point", type);
  ReadWeights(Input(inputs, 3), Input(inputs, 4), node.layer);
  const std::vector<std::int64_t> per_channel = {shape.out_channels};
  const std::vector<float> w_scale = FiniteConstant(Input(inputs, 5), "w_scale", per_channel);
  const float y_scale = FiniteConstant(Input(inputs, 6), "y_scale", {})[0];
  shape.output_zero_point = ZeroPoint(Input(inputs, 7), "y_zero_point", type);
  if (Input(inputs, 8) != nullptr) {
    node.layer.bias = Constant<std::int32_t>(Input(inputs, 8), "B", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, per_channel);
  }
  for (const float scale : w_scale) {
    // In this order, and in float32, as ONNX Runtime's QLinearConv computes it.
    const float multiplier = x_scale * scale / y_scale;
    if (!std::isfinite(multiplier)) {
      throw NodeNotTaken("x_scale * w_scale / y_scale is not finite");
    }
    node.layer.multiplier.push_back(multiplier);
  }
}

}  // namespace

bool IsConvNode(const Ort::ConstNode& node) {
  const std::string op_type = node.GetOperatorType();
  return node.GetDomain() == kDomain && (op_type == kQLinear || op_type == kBinary);
}

ConvNode ReadConvNode(const Ort::ConstNode& node) {
  ConvNode read;
  read.name = node.GetName();
  read.op_type = node.GetOperatorType();
  const std::vector<Ort::ConstValueInfo> inputs = node.GetInputs();
  const std::vector<Ort::ConstValueInfo> outputs = node.GetOutputs();
  if (outputs.size() != 1) {
    throw NodeNotTaken("it has " + std::to_string(outputs.size()) + " outputs");
  }
  if (read.name.empty()) {
    read.name = outputs[0].GetName();
  }
  ReadGeometry(node, read.layer.shape);
  if (read.op_type == kBinary) {
    ReadBinary(inputs, read);
  } else {
    ReadQLinear(inputs, read);
  }
  return read;
}

}  // namespace subbit::fpga
