#include "ort/shape_inference.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "core/conv_geometry.h"
#include "ort/node_attributes.h"
#include "ort/tensors.h"

namespace subbit::ort {
namespace {

std::uint64_t NextUnknownLength() {
  static std::atomic<std::uint64_t> count{0};
  return count.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void InferConvShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context) {
  const ConvAttributes attributes = ReadAttributes(api, op, context);

  OrtTensorTypeAndShapeInfo* x_info = nullptr;  // borrowed
  Check(api, api.ShapeInferContext_GetInputTypeShape(context, 0, &x_info));
  const TensorInfo x_read = ReadTensorInfo(api, x_info);
  const std::vector<std::int64_t>& x = x_read.shape;
  if (x.empty()) return;  // nothing is known of X
  const std::int64_t channels = attributes.in_channels * attributes.group;
  if (x.size() != 4 || (x[1] >= 0 && x[1] != channels)) {
    throw InvalidOperator(op, "shape of X", ToString(x), "[N, " + std::to_string(channels) + ", H, W]");
  }
  const auto length = [&](std::size_t axis) {
    const std::int64_t in = x[axis + 2];
    if (in < 0) return in;
    if (in > kMaxElements) throw InvalidOperator(op, "shape of X", ToString(x), "at most 2^31 - 1 elements");
    const std::int64_t out = OutputLength(in, attributes.pads[axis], attributes.pads[axis + 2],
                                          attributes.dilations[axis], attributes.strides[axis]);
    if (out < 1) {
      throw InvalidOperator(op, "shape of X", ToString(x), "images that, with their pads, hold the dilated 3x3 kernel");
    }
    return out;
  };
  const std::array<std::int64_t, 4> y = {x[0], attributes.out_channels, length(0), length(1)};

  // A length that is not known yet needs a name, and one of its own: ONNX Runtime takes equal names for equal lengths,
  // and a length of -1 without a name for a number to hold the output against.
  std::array<const char*, 4> names = {"", "", "", ""};
  Check(api, api.GetSymbolicDimensions(x_info, names.data(), names.size()));
  names[1] = names[2] = names[3] = "";
  std::array<std::string, 4> made_names;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (y[i] < 0 && *names[i] == '\0') {
      made_names[i] = "subbit_length_" + std::to_string(NextUnknownLength());
      names[i] = made_names[i].c_str();
    }
  }

  OrtTensorTypeAndShapeInfo* raw = nullptr;
  Check(api, api.CreateTensorTypeAndShapeInfo(&raw));
  const std::unique_ptr<OrtTensorTypeAndShapeInfo, decltype(api.ReleaseTensorTypeAndShapeInfo)> y_info(
      raw, api.ReleaseTensorTypeAndShapeInfo);
  Check(api, api.SetTensorElementType(raw, x_read.type));
  Check(api, api.SetDimensions(raw, y.data(), y.size()));
  Check(api, api.SetSymbolicDimensions(raw, names.data(), names.size()));
  Check(api, api.ShapeInferContext_SetOutputTypeShape(context, 0, raw));
}

}  // namespace subbit::ort
