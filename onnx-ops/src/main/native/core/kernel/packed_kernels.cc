#include "core/kernel/packed_kernels.h"

#include <string>

namespace subbit {

SignsShape MakeSignsShape(const OpName& op, std::int64_t channels, const Dims& x_shape) {
  if (x_shape.size() != 4 || x_shape[1] != channels) {
    throw InvalidOperator(op, "shape of X", ToString(x_shape), "[N, " + std::to_string(channels) + ", H, W]");
  }
  if (x_shape[0] < 0 || x_shape[2] < 1 || x_shape[3] < 1) {
    throw InvalidOperator(op, "shape of X", ToString(x_shape), "images of at least 1x1");
  }
  CheckedProduct(op, "shape of X", {channels, x_shape[2], x_shape[3]}, kMaxElements);
  CheckedProduct(op, "shape of X", x_shape, kMaxElements);
  return {x_shape[0], channels, x_shape[2] * x_shape[3]};
}

}  // namespace subbit
