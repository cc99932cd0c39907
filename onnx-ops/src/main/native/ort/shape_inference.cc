#include "ort/shape_inference.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/integer/layer_shapes.h"
#include "core/integer/network_layers.h"
#include "core/operator/conv_geometry.h"
#include "core/operator/packed_bits.h"
#include "ort/node_attributes.h"
#include "ort/tensors.h"

namespace subbit::ort {
namespace {

/// [N, C, H, W] or [N, H, W, C]; each is -1 where it is not known.
struct ImageShape {
  std::array<std::int64_t, 4> lengths;
  std::string batch_name;
};

std::uint64_t NextUnknownLength() {
  static std::atomic<std::uint64_t> count{0};
  return count.fetch_add(1, std::memory_order_relaxed);
}

/// What messages call the shape of an input.
std::string ShapeOf(const operators::InputRow& row) { return std::string("shape of ") + row.name; }

/// Which axis of an image holds its channels.
enum class Layout : std::size_t { kChannelsFirst = 1, kChannelsLast = 3 };

/// What is known of an input, or false if that is nothing. `stored` is the length that its channel axis must have, or
/// -1 for any.
bool ReadInput(const OrtApi& api, const OpName& op, const OrtShapeInferContext* context, const operators::InputRow& row,
               Layout layout, std::int64_t stored, ImageShape* shape, ONNXTensorElementDataType* type) {
  OrtTensorTypeAndShapeInfo* info = nullptr;  // borrowed
  Check(api, api.ShapeInferContext_GetInputTypeShape(context, row.position, &info));
  const TensorInfo read = ReadTensorInfo(api, info);
  if (read.shape.empty()) return false;
  const auto axis = static_cast<std::size_t>(layout);
  if (read.shape.size() != 4 || (stored >= 0 && read.shape[axis] >= 0 && read.shape[axis] != stored)) {
    const std::string channels = stored < 0 ? "C" : std::to_string(stored);
    throw InvalidOperator(
        op, ShapeOf(row), ToString(read.shape),
        layout == Layout::kChannelsFirst ? "[N, " + channels + ", H, W]" : "[N, H, W, " + channels + "]");
  }
  std::array<const char*, 4> names = {"", "", "", ""};
  Check(api, api.GetSymbolicDimensions(info, names.data(), names.size()));
  *shape = {{read.shape[0], read.shape[1], read.shape[2], read.shape[3]}, names[0]};
  *type = read.type;
  return true;
}

/// Sets the shape of an output, of which `batch_name` is the name of an unknown batch; without effect where the node
/// does not have one that is optional.
void SetOutput(const OrtApi& api, OrtShapeInferContext* context, const operators::OutputRow& row,
               ONNXTensorElementDataType type, const Dims& lengths, const std::string& batch_name) {
  // A length that is not known yet needs a name, and one of its own: ONNX Runtime takes equal names for equal lengths,
  // and compares the output with a length of -1 that has no name.
  std::vector<std::string> names(lengths.size());
  std::vector<const char*> pointers(lengths.size());
  names[0] = batch_name;
  for (std::size_t axis = 0; axis < names.size(); ++axis) {
    if (lengths[axis] < 0 && names[axis].empty()) {
      names[axis] = "subbit_length_" + std::to_string(NextUnknownLength());
    }
    pointers[axis] = names[axis].c_str();
  }
  OrtTensorTypeAndShapeInfo* raw = nullptr;
  Check(api, api.CreateTensorTypeAndShapeInfo(&raw));
  const std::unique_ptr<OrtTensorTypeAndShapeInfo, decltype(api.ReleaseTensorTypeAndShapeInfo)> info(
      raw, api.ReleaseTensorTypeAndShapeInfo);
  Check(api, api.SetTensorElementType(raw, type));
  Check(api, api.SetDimensions(raw, lengths.data(), lengths.size()));
  Check(api, api.SetSymbolicDimensions(raw, pointers.data(), pointers.size()));
  OrtStatus* status = api.ShapeInferContext_SetOutputTypeShape(context, row.position, raw);
  if (row.optional) {
    api.ReleaseStatus(status);  // there is no way to ask whether the node has the output
  } else {
    Check(api, status);
  }
}

void SetOutput(const OrtApi& api, OrtShapeInferContext* context, const operators::OutputRow& row,
               ONNXTensorElementDataType type, const ImageShape& shape) {
  SetOutput(api, context, row, type, shape.lengths, shape.batch_name);
}

/// The shape of a convolution's output from that of its input.
ImageShape Convolved(const OpName& op, const operators::InputRow& row, const ConvAttributes& attributes,
                     const ImageShape& x) {
  const auto length = [&](std::size_t axis) {
    const std::int64_t in = x.lengths[axis + 2];
    if (in < 0) return in;
    const std::string found = ToString(x.lengths);
    if (in > kMaxElements) throw InvalidOperator(op, ShapeOf(row), found, "at most 2^31 - 1 elements");
    const std::int64_t out = OutputLength(in, attributes.pads[axis], attributes.pads[axis + 2],
                                          attributes.dilations[axis], attributes.strides[axis]);
    if (out < 1) {
      throw InvalidOperator(op, ShapeOf(row), found, "images that, with their pads, hold the dilated 3x3 kernel");
    }
    return out;
  };
  return {{x.lengths[0], attributes.out_channels, length(0), length(1)}, x.batch_name};
}

ImageShape Packed(const ImageShape& signs) {
  ImageShape packed = signs;
  if (packed.lengths[1] >= 0) packed.lengths[1] = PackedBytes(packed.lengths[1]);
  return packed;
}

/// The shape of a parameter, or as many lengths that are not known as it ought to have. Other ranks are refused when
/// the kernel is created.
std::vector<std::int64_t> ReadParameterShape(const OrtApi& api, const OrtShapeInferContext* context,
                                             std::size_t position, std::size_t rank) {
  OrtTensorTypeAndShapeInfo* info = nullptr;  // borrowed
  Check(api, api.ShapeInferContext_GetInputTypeShape(context, position, &info));
  const TensorInfo read = ReadTensorInfo(api, info);
  return read.shape.size() == rank ? read.shape : std::vector<std::int64_t>(rank, -1);
}

/// Reads X of an integer layer and sets its output of features; length(axis, in) gives the output's rows (axis 0) and
/// columns (axis 1) from those of X: 0 if it does not fit, -1 if it is not known.
template <class Table, class Length>
void InferFeatures(const OrtApi& api, const OpName& op, OrtShapeInferContext* context, Layout layout,
                   std::int64_t in_channels, std::int64_t out_channels, Length length) {
  ImageShape x;
  ONNXTensorElementDataType type;
  if (!ReadInput(api, op, context, Table::kX, layout, in_channels, &x, &type)) return;
  const auto out = [&](int axis) {
    const std::int64_t in = x.lengths[static_cast<std::size_t>(axis) + (layout == Layout::kChannelsFirst ? 2 : 1)];
    if (in < 0) return in;
    if (in > kMaxElements) {
      throw InvalidOperator(op, ShapeOf(Table::kX), ToString(x.lengths), "at most 2^31 - 1 elements");
    }
    const std::int64_t result = length(axis, in);
    if (result == 0) {
      throw InvalidOperator(op, ShapeOf(Table::kX), ToString(x.lengths),
                            "images that, with their pads, hold the kernel and the pool window");
    }
    return result;
  };
  SetOutput(api, context, Table::kOutputY, ElementType<std::int16_t>(),
            {{x.lengths[0], out(0), out(1), out_channels}, x.batch_name});
}

template <class Table>
auto ReadLayerAttributes(const OrtApi& api, const OpName& op, const OrtShapeInferContext* context) {
  AnyLayer layer = LayerOf<Table>{};
  ReadAttributes(api, op, context, &layer);
  return std::get<LayerOf<Table>>(layer).attributes;
}

template <class Table>
void InferIntegerConvShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context) {
  const IntegerConvAttributes attributes = ReadLayerAttributes<Table>(api, op, context);
  InferFeatures<Table>(api, op, context, Layout::kChannelsLast, attributes.in_channels, attributes.out_channels,
                       [&](int axis, std::int64_t in) { return OutputLength(attributes, axis, in); });
}

}  // namespace

void InferConvShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                    const operators::InputRow& x_row, const operators::OutputRow& y_row) {
  const ConvAttributes attributes = ReadAttributes(api, op, context);
  ImageShape x;
  ONNXTensorElementDataType type;
  if (!ReadInput(api, op, context, x_row, Layout::kChannelsFirst, attributes.in_channels * attributes.group, &x, &type))
    return;
  SetOutput(api, context, y_row, type, Convolved(op, x_row, attributes, x));
}

void InferPackedConvShapes(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                           const operators::InputRow& b_row, const operators::OutputRow& y_row,
                           const operators::OutputRow& s_row) {
  const ConvAttributes attributes = ReadAttributes(api, op, context);
  ImageShape b;
  ONNXTensorElementDataType type;
  if (!ReadInput(api, op, context, b_row, Layout::kChannelsFirst,
                 PackedBytes(attributes.in_channels * attributes.group), &b, &type)) {
    return;
  }
  const ImageShape y = Convolved(op, b_row, attributes, b);
  SetOutput(api, context, y_row, ElementType<float>(), y);
  SetOutput(api, context, s_row, ElementType<std::uint8_t>(), Packed(y));
}

void InferPackSignsShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context) {
  using Table = operators::PackSigns;
  ImageShape x;
  ONNXTensorElementDataType type;
  if (!ReadInput(api, op, context, Table::kX, Layout::kChannelsFirst, -1, &x, &type)) return;
  if (x.lengths[1] > kMaxElements) {
    throw InvalidOperator(op, ShapeOf(Table::kX), ToString(x.lengths), "at most 2^31 - 1 elements");
  }
  SetOutput(api, context, Table::kOutputB, ElementType<std::uint8_t>(), Packed(x));
}

void InferIntegerLayerShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                            operators::IntegerStem) {
  using Table = operators::IntegerStem;
  const StemAttributes attributes = ReadLayerAttributes<Table>(api, op, context);
  const std::vector<std::int64_t> weight = ReadParameterShape(api, context, Table::kWeight.position, 4);
  InferFeatures<Table>(api, op, context, Layout::kChannelsFirst, weight[1], weight[0], [&](int axis, std::int64_t in) {
    return weight[2] < 0 ? -1 : OutputLength(attributes, weight[2], axis, in);
  });
}

void InferIntegerLayerShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                            operators::IntegerSubBitConv) {
  InferIntegerConvShape<operators::IntegerSubBitConv>(api, op, context);
}

void InferIntegerLayerShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                            operators::IntegerSubBitBlock) {
  InferIntegerConvShape<operators::IntegerSubBitBlock>(api, op, context);
}

void InferIntegerLayerShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                            operators::IntegerShortcut) {
  using Table = operators::IntegerShortcut;
  const ShortcutAttributes attributes = ReadLayerAttributes<Table>(api, op, context);
  const std::vector<std::int64_t> weight = ReadParameterShape(api, context, Table::kWeight.position, 2);
  InferFeatures<Table>(api, op, context, Layout::kChannelsLast, weight[1], weight[0],
                       [&](int axis, std::int64_t in) { return OutputLength(attributes, axis, in); });
}

void InferIntegerLayerShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                            operators::IntegerClassifier) {
  using Table = operators::IntegerClassifier;
  ReadLayerAttributes<Table>(api, op, context);
  const std::vector<std::int64_t> weight = ReadParameterShape(api, context, Table::kWeight.position, 3);
  ImageShape x;
  ONNXTensorElementDataType type;
  if (!ReadInput(api, op, context, Table::kX, Layout::kChannelsLast, weight[2], &x, &type)) return;
  SetOutput(api, context, Table::kOutputY, ElementType<float>(), {x.lengths[0], weight[0]}, x.batch_name);
}

void InferIntegerNetworkShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context) {
  using Table = operators::IntegerNetwork;
  const std::vector<NetworkLayerAttributes> layers = SplitNetwork(op, ReadNetworkAttributes(api, op, context));
  std::size_t inputs = 1;  // X
  for (const NetworkLayerAttributes& layer : layers) inputs += ParameterCount(layer.layer);
  std::size_t found = 0;
  Check(api, api.ShapeInferContext_GetInputCount(context, &found));
  if (found != inputs) {
    throw InvalidOperator(op, "number of inputs", std::to_string(found), std::to_string(inputs));
  }
  // The classifier's weight is the first of the last layer's parameters.
  const std::size_t weight_position = inputs - ParameterCount(layers.back().layer);
  const std::vector<std::int64_t> weight = ReadParameterShape(api, context, weight_position, 3);
  ImageShape x;
  ONNXTensorElementDataType type;
  if (!ReadInput(api, op, context, Table::kX, Layout::kChannelsFirst, -1, &x, &type)) return;
  SetOutput(api, context, Table::kOutputY, ElementType<float>(), {x.lengths[0], weight[0]}, x.batch_name);
}

}  // namespace subbit::ort
