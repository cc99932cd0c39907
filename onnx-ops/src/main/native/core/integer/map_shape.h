#pragma once

#include <cstdint>

#include "core/operator/invalid_operator.h"

namespace subbit {

/// The shape of one image of features, stored as [height, width, channels], or of pixels, stored as [channels, height,
/// width].
struct MapShape {
  std::int64_t height;
  std::int64_t width;
  std::int64_t channels;

  std::int64_t Size() const { return height * width * channels; }

  friend bool operator==(const MapShape& a, const MapShape& b) {
    return a.height == b.height && a.width == b.width && a.channels == b.channels;
  }
  friend bool operator!=(const MapShape& a, const MapShape& b) { return !(a == b); }
};

/// Rows begin .. end - 1.
struct RowRange {
  std::int64_t begin;
  std::int64_t end;
};

/// Throws InvalidOperator, naming `field`, unless the shape has no length below 1 and, with a border of one pixel, at
/// most kMaxElements elements. Sizes of such shapes, and sums of a few of them, cannot overflow.
void Validate(const OpName& op, const char* field, const MapShape& shape);

}  // namespace subbit
