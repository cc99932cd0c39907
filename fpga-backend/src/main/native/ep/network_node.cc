#include "ep/network_node.h"

#include <cstddef>
#include <string>
#include <utility>
#include <variant>

#include "core/operator/element_type.h"
#include "ep/conv_node.h"

namespace subbit::fpga {
namespace {

using Table = operators::IntegerNetwork;

bool IsNetwork(const Ort::ConstNode& node) {
  return node.GetDomain() == operators::kDomain && node.GetOperatorType() == Table::kName;
}

/// The sizes [N, C, H, W] that a Reshape is asked for, if it makes images of one size; N is left as it is, or follows.
std::optional<MapShape> ImageOf(const Ort::ConstNode& reshape) {
  const std::vector<Ort::ConstValueInfo> inputs = reshape.GetInputs();
  Ort::ConstValue value{nullptr};
  if (inputs.size() != 2 || inputs[1] == nullptr || !inputs[1].IsConstantInitializer() ||
      !inputs[1].GetInitializer(value).IsOK() || value == nullptr || !value.IsTensor()) {
    return std::nullopt;
  }
  const Ort::TensorTypeAndShapeInfo info = value.GetTensorTypeAndShapeInfo();
  if (info.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 || info.GetShape() != std::vector<std::int64_t>{4}) {
    return std::nullopt;
  }
  const auto* sizes = value.GetTensorData<std::int64_t>();
  Ort::ConstOpAttr allow_zero{nullptr};
  std::int64_t zero_is_a_size = 0;
  if (reshape.GetAttributeByName("allowzero", allow_zero).IsOK() && allow_zero != nullptr) {
    allow_zero.GetValue(zero_is_a_size);
  }
  const bool any_number = sizes[0] == -1 || (sizes[0] == 0 && zero_is_a_size == 0);
  constexpr std::int64_t kMost = 1 << 20;
  for (std::size_t i = 1; i < 4; ++i) {
    if (!any_number || sizes[i] < 1 || sizes[i] > kMost) {
      return std::nullopt;
    }
  }
  return MapShape{sizes[2], sizes[3], sizes[1]};
}

/// The Reshape that makes the pixels of a network, for it alone.
std::optional<Ort::ConstNode> ReshapeBefore(const Ort::ConstNode& network) {
  const std::vector<Ort::ConstValueInfo> inputs = network.GetInputs();
  const Ort::ConstValueInfo& x = inputs.at(Table::kX.position);
  if (x == nullptr || x.IsGraphOutput() || x.GetConsumers().size() != 1) {
    return std::nullopt;
  }
  const Ort::ConstNode producer = x.GetProducerNode().node;
  const bool makes_images = producer != nullptr && producer.GetOperatorType() == "Reshape" &&
                            producer.GetDomain().empty() && ImageOf(producer).has_value();
  return makes_images ? std::optional(producer) : std::nullopt;
}

std::vector<std::int64_t> ReadList(const Ort::ConstNode& node, const OpName& op, const operators::AnyListRow& row) {
  Ort::ConstOpAttr attribute{nullptr};
  std::vector<std::int64_t> values;
  if (!node.GetAttributeByName(row.name, attribute).IsOK() || attribute == nullptr ||
      attribute.GetType() != ORT_OP_ATTR_INTS || !attribute.GetValueArray(values).IsOK()) {
    throw InvalidOperator(op, row.name, "nothing, or another type", "a list of integers");
  }
  return values;
}

/// A constant parameter of any type that integer layers have: ONNX Runtime's data, valid while the node is, and a shape
/// of our own.
struct Parameter {
  Parameter(const OpName& op, const Ort::ConstValueInfo& input) {
    if (input == nullptr || !input.IsConstantInitializer() || !input.GetInitializer(value).IsOK() || value == nullptr ||
        !value.IsTensor()) {
      throw NodeNotTaken("node '" + op.node + "': a parameter is not a constant");
    }
    shape = value.GetTensorTypeAndShapeInfo().GetShape();
  }

  AnyTensor View() const {
    switch (value.GetTensorTypeAndShapeInfo().GetElementType()) {
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
        return Of<float>();
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
        return Of<std::uint8_t>();
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
        return Of<std::int8_t>();
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16:
        return Of<std::int16_t>();
      default:
        return {};
    }
  }

  Ort::ConstValue value{nullptr};
  std::vector<std::int64_t> shape;

 private:
  template <class T>
  TensorView<T> Of() const {
    return {value.GetTensorData<T>(), shape};
  }
};

PixelType PixelTypeOf(const OpName& op, const Ort::ConstValueInfo& x) {
  if (x == nullptr || x.IsConstantInitializer()) {
    throw NodeNotTaken("node '" + op.node + "': the pixels are missing or constant");
  }
  const Ort::ConstTypeInfo type = x.TypeInfo();
  if (type.GetONNXType() == ONNX_TYPE_TENSOR) {
    const ONNXTensorElementDataType element = type.GetTensorTypeAndShapeInfo().GetElementType();
    if (element == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
      return PixelType::kFloat;
    }
    if (element == ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8) {
      return PixelType::kUint8;
    }
  }
  throw InvalidOperator(op, std::string("type of ") + Table::kX.name, "another type", "FLOAT or UINT8");
}

}  // namespace

std::vector<Ort::ConstNode> NetworkNodes::All() const {
  return reshape.has_value() ? std::vector<Ort::ConstNode>{*reshape, network} : std::vector<Ort::ConstNode>{network};
}

std::vector<NetworkNodes> FindNetworks(const Ort::ConstGraph& graph) {
  std::vector<NetworkNodes> networks;
  for (const Ort::ConstNode& node : graph.GetNodes()) {
    if (IsNetwork(node)) {
      networks.push_back({node, ReshapeBefore(node)});
    }
  }
  return networks;
}

std::optional<NetworkNodes> FindNetwork(const std::vector<Ort::ConstNode>& nodes) {
  if (nodes.empty() || !IsNetwork(nodes.back())) {
    return std::nullopt;
  }
  return NetworkNodes{nodes.back(), nodes.size() > 1 ? std::optional(nodes.front()) : std::nullopt};
}

Network ReadNetwork(const NetworkNodes& nodes) {
  const Ort::ConstNode& node = nodes.network;
  const std::vector<Ort::ConstValueInfo> inputs = node.GetInputs();
  Network network;
  network.op = {Table::kName, node.GetName().empty() ? OutputName(node) : node.GetName()};
  if (inputs.empty()) {
    throw InvalidOperator(network.op, "number of inputs", "0", "1 or more");
  }
  network.pixel_type = PixelTypeOf(network.op, inputs[Table::kX.position]);
  if (nodes.reshape.has_value()) {
    network.image = ImageOf(*nodes.reshape);
  }
  NetworkAttributes attributes;
  attributes.kinds = ReadList(node, network.op, Table::kAttributeKinds);
  attributes.reads = ReadList(node, network.op, Table::kAttributeReads);
  attributes.residuals = ReadList(node, network.op, Table::kAttributeResiduals);
  attributes.settings = ReadList(node, network.op, Table::kAttributeSettings);
  std::vector<Parameter> parameters;
  for (std::size_t i = Table::kP.position; i < inputs.size(); ++i) {
    parameters.emplace_back(network.op, inputs[i]);
  }
  std::vector<AnyTensor> views;
  for (const Parameter& parameter : parameters) {
    views.push_back(parameter.View());
  }
  network.layers = MakeNetworkParameters(network.op, attributes, views);
  network.device_layers = DeviceLayersOf(network.layers);
  const auto& classifier = std::get<ClassifierParameters>(network.layers.back().parameters);
  network.scale = classifier.scale;
  network.bias = classifier.bias;
  return network;
}

}  // namespace subbit::fpga
