#include "core/operator/conv_geometry.h"

#include <string>

#include "core/operator/packed_bits.h"

namespace subbit {

std::array<std::int64_t, 4> ConvGeometry::OutputShape() const {
  return {batch, attributes.out_channels, out_height, out_width};
}

std::int64_t OutputLength(std::int64_t length, std::int64_t pad_begin, std::int64_t pad_end, std::int64_t dilation,
                          std::int64_t stride) {
  const std::int64_t room = length + pad_begin + pad_end - dilation * (kKernelSize - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

namespace {

/// The names by which messages refer to an input's shape.
struct InputFields {
  const char* shape;
  const char* padded_shape;
};

/// `stored` is the length of the channel axis.
ConvGeometry Make(const OpName& op, const ConvAttributes& attributes, const InputFields& fields, const Dims& shape,
                  std::int64_t stored) {
  if (shape.size() != 4 || shape[1] != stored) {
    throw InvalidOperator(op, fields.shape, ToString(shape), "[N, " + std::to_string(stored) + ", H, W]");
  }
  ConvGeometry geometry;
  geometry.attributes = attributes;
  geometry.batch = shape[0];
  geometry.height = shape[2];
  geometry.width = shape[3];
  if (geometry.batch < 0 || geometry.height < 1 || geometry.width < 1) {
    throw InvalidOperator(op, fields.shape, ToString(shape), "images of at least 1x1");
  }
  const std::int64_t channels = geometry.InputChannels();
  CheckedProduct(op, fields.shape, {channels, geometry.height, geometry.width},
                 kMaxElements);  // even for an empty batch
  CheckedProduct(op, fields.shape, {geometry.batch, channels, geometry.height, geometry.width}, kMaxElements);

  const auto& pads = attributes.pads;
  geometry.out_height = OutputLength(geometry.height, pads[0], pads[2], attributes.dilations[0], attributes.strides[0]);
  geometry.out_width = OutputLength(geometry.width, pads[1], pads[3], attributes.dilations[1], attributes.strides[1]);
  if (geometry.out_height < 1 || geometry.out_width < 1) {
    throw InvalidOperator(op, fields.shape, ToString(shape),
                          "images that, with their pads, hold the dilated 3x3 kernel");
  }
  // The padded input bounds every scratch buffer of the kernels.
  CheckedProduct(op, fields.padded_shape,
                 {channels, geometry.height + pads[0] + pads[2], geometry.width + pads[1] + pads[3]}, kMaxElements);
  CheckedProduct(op, "shape of the output", geometry.OutputShape(), kMaxElements);
  return geometry;
}

}  // namespace

ConvGeometry MakeGeometry(const OpName& op, const ConvAttributes& attributes, const Dims& x_shape) {
  return Make(op, attributes, {"shape of X", "shape of X with pads"}, x_shape,
              attributes.in_channels * attributes.group);
}

ConvGeometry MakePackedGeometry(const OpName& op, const ConvAttributes& attributes, const Dims& b_shape) {
  return Make(op, attributes, {"shape of B", "shape of B with pads"}, b_shape,
              PackedBytes(attributes.in_channels * attributes.group));
}

}  // namespace subbit
