#include "core/integer/map_shape.h"

#include "core/operator/conv_attributes.h"

namespace subbit {

void Validate(const OpName& op, const char* field, const MapShape& shape) {
  for (const std::int64_t length : {shape.height, shape.width, shape.channels}) {
    if (length < 1 || length > kMaxElements) {
      throw InvalidOperator(op, field, ToString({shape.height, shape.width, shape.channels}),
                            "images of at least 1x1 and at most 2^31 - 1 elements");
    }
  }
  CheckedProduct(op, field, {shape.height + 2, shape.width + 2, shape.channels}, kMaxElements);
}

}  // namespace subbit
