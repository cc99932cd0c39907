#include "core/conv_geometry.h"

#include <string>

namespace subbit {

std::array<std::int64_t, 4> ConvGeometry::OutputShape() const {
  return {batch, attributes.out_channels, out_height, out_width};
}

std::int64_t OutputLength(std::int64_t length, std::int64_t pad_begin, std::int64_t pad_end, std::int64_t dilation,
                          std::int64_t stride) {
  const std::int64_t room = length + pad_begin + pad_end - dilation * (kKernelSize - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

ConvGeometry MakeGeometry(const OpName& op, const ConvAttributes& attributes, const Dims& x_shape) {
  const std::int64_t channels = attributes.in_channels * attributes.group;
  if (x_shape.size() != 4 || x_shape[1] != channels) {
    throw InvalidOperator(op, "shape of X", ToString(x_shape), "[N, " + std::to_string(channels) + ", H, W]");
  }
  ConvGeometry geometry;
  geometry.attributes = attributes;
  geometry.batch = x_shape[0];
  geometry.height = x_shape[2];
  geometry.width = x_shape[3];
  if (geometry.batch < 0 || geometry.height < 1 || geometry.width < 1) {
    throw InvalidOperator(op, "shape of X", ToString(x_shape), "images of at least 1x1");
  }
  CheckedProduct(op, "shape of X", x_shape, kMaxElements);

  const auto& pads = attributes.pads;
  geometry.out_height = OutputLength(geometry.height, pads[0], pads[2], attributes.dilations[0], attributes.strides[0]);
  geometry.out_width = OutputLength(geometry.width, pads[1], pads[3], attributes.dilations[1], attributes.strides[1]);
  if (geometry.out_height < 1 || geometry.out_width < 1) {
    throw InvalidOperator(op, "shape of X", ToString(x_shape),
                          "images that, with their pads, hold the dilated 3x3 kernel");
  }
  // The padded input bounds every scratch buffer of the kernels.
  CheckedProduct(op, "shape of X with pads",
                 {channels, geometry.height + pads[0] + pads[2], geometry.width + pads[1] + pads[3]}, kMaxElements);
  CheckedProduct(op, "shape of the output", geometry.OutputShape(), kMaxElements);
  return geometry;
}

}  // namespace subbit
