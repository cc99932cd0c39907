#include "ort/shape_inference.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "core/operator/conv_geometry.h"
#include "core/operator/packed_bits.h"
#include "ort/node_attributes.h"
#include "ort/tensors.h"

namespace subbit::ort {
namespace {

/// [N, C, H, W], each with a name or -1 and a name where it is not known.
struct ImageShape {
  std::array<std::int64_t, 4> lengths;
  std::string batch_name;
};

std::uint64_t NextUnknownLength() {
  static std::atomic<std::uint64_t> count{0};
  return count.fetch_add(1, std::memory_order_relaxed);
}

/// What is known of input 0, or false if that is nothing. `stored` is the length that its channel axis must have, or -1
/// for any.
bool ReadInput(const OrtApi& api, const OpName& op, const OrtShapeInferContext* context, const std::string& field,
               std::int64_t stored, ImageShape* shape, ONNXTensorElementDataType* type) {
  OrtTensorTypeAndShapeInfo* info = nullptr;  // borrowed
  Check(api, api.ShapeInferContext_GetInputTypeShape(context, 0, &info));
  const TensorInfo read = ReadTensorInfo(api, info);
  if (read.shape.empty()) return false;
  if (read.shape.size() != 4 || (stored >= 0 && read.shape[1] >= 0 && read.shape[1] != stored)) {
    throw InvalidOperator(op, field, ToString(read.shape),
                          "[N, " + (stored < 0 ? "C" : std::to_string(stored)) + ", H, W]");
  }
  std::array<const char*, 4> names = {"", "", "", ""};
  Check(api, api.GetSymbolicDimensions(info, names.data(), names.size()));
  *shape = {{read.shape[0], read.shape[1], read.shape[2], read.shape[3]}, names[0]};
  *type = read.type;
  return true;
}

/// Sets the shape of output i; without effect where the node does not have this output and `optional`.
void SetOutput(const OrtApi& api, OrtShapeInferContext* context, std::size_t i, ONNXTensorElementDataType type,
               const ImageShape& shape, bool optional) {
  // A length that is not known yet needs a name, and one of its own: ONNX Runtime takes equal names for equal lengths,
  // and compares the output with a length of -1 that has no name.
  std::array<std::string, 4> names = {shape.batch_name, "", "", ""};
  std::array<const char*, 4> pointers{};
  for (std::size_t axis = 0; axis < names.size(); ++axis) {
    if (shape.lengths[axis] < 0 && names[axis].empty()) {
      names[axis] = "subbit_length_" + std::to_string(NextUnknownLength());
    }
    pointers[axis] = names[axis].c_str();
  }
  OrtTensorTypeAndShapeInfo* raw = nullptr;
  Check(api, api.CreateTensorTypeAndShapeInfo(&raw));
  const std::unique_ptr<OrtTensorTypeAndShapeInfo, decltype(api.ReleaseTensorTypeAndShapeInfo)> info(
      raw, api.ReleaseTensorTypeAndShapeInfo);
  Check(api, api.SetTensorElementType(raw, type));
  Check(api, api.SetDimensions(raw, shape.lengths.data(), shape.lengths.size()));
  Check(api, api.SetSymbolicDimensions(raw, pointers.data(), pointers.size()));
  OrtStatus* status = api.ShapeInferContext_SetOutputTypeShape(context, i, raw);
  if (optional) {
    api.ReleaseStatus(status);  // there is no way to ask whether the node has the output
  } else {
    Check(api, status);
  }
}

/// The shape of a convolution's output from that of its input.
ImageShape Convolved(const OpName& op, const std::string& field, const ConvAttributes& attributes,
                     const ImageShape& x) {
  const auto length = [&](std::size_t axis) {
    const std::int64_t in = x.lengths[axis + 2];
    if (in < 0) return in;
    const std::string found = ToString(x.lengths);
    if (in > kMaxElements) throw InvalidOperator(op, field, found, "at most 2^31 - 1 elements");
    const std::int64_t out = OutputLength(in, attributes.pads[axis], attributes.pads[axis + 2],
                                          attributes.dilations[axis], attributes.strides[axis]);
    if (out < 1) {
      throw InvalidOperator(op, field, found, "images that, with their pads, hold the dilated 3x3 kernel");
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

}  // namespace

void InferConvShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context) {
  const ConvAttributes attributes = ReadAttributes(api, op, context);
  ImageShape x;
  ONNXTensorElementDataType type;
  if (!ReadInput(api, op, context, "shape of X", attributes.in_channels * attributes.group, &x, &type)) return;
  SetOutput(api, context, 0, type, Convolved(op, "shape of X", attributes, x), false);
}

void InferPackedConvShapes(const OrtApi& api, const OpName& op, OrtShapeInferContext* context) {
  const ConvAttributes attributes = ReadAttributes(api, op, context);
  ImageShape b;
  ONNXTensorElementDataType type;
  if (!ReadInput(api, op, context, "shape of B", PackedBytes(attributes.in_channels * attributes.group), &b, &type)) {
    return;
  }
  const ImageShape y = Convolved(op, "shape of B", attributes, b);
  SetOutput(api, context, 0, ElementType<float>(), y, true);
  SetOutput(api, context, 1, ElementType<std::uint8_t>(), Packed(y), true);
}

void InferPackSignsShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context) {
  ImageShape x;
  ONNXTensorElementDataType type;
  if (!ReadInput(api, op, context, "shape of X", -1, &x, &type)) return;
  if (x.lengths[1] > kMaxElements) {
    throw InvalidOperator(op, "shape of X", ToString(x.lengths), "at most 2^31 - 1 elements");
  }
  SetOutput(api, context, 0, ElementType<std::uint8_t>(), Packed(x), false);
}

}  // namespace subbit::ort
