#pragma once

#include <array>
#include <cstdint>

namespace subbit {

/// Max pooling, by the names of ONNX's MaxPool. Positions in the padding are ignored, and every window holds a position
/// that is not padding, since pads are less than the window.
struct PoolWindow {
  std::array<std::int64_t, 2> shape = {1, 1};       ///< rows, columns; 1, 1 for no pooling
  std::array<std::int64_t, 2> strides = {1, 1};     ///< rows, columns; 1, 1 without pooling
  std::array<std::int64_t, 4> pads = {0, 0, 0, 0};  ///< top, left, bottom, right

  bool IsNone() const { return shape[0] == 1 && shape[1] == 1; }

  /// The number of windows along an axis (0 rows, 1 columns) of `length` positions; below 1 if none fits.
  std::int64_t OutputLength(int axis, std::int64_t length) const {
    const auto a = static_cast<std::size_t>(axis);
    const std::int64_t room = length + pads[a] + pads[a + 2] - shape[a];
    return room < 0 ? 0 : room / strides[a] + 1;
  }

  /// The positions begin .. end - 1 of window `i` along an axis that are not padding.
  struct Positions {
    std::int64_t begin;
    std::int64_t end;
  };
  Positions At(int axis, std::int64_t i, std::int64_t length) const {
    const auto a = static_cast<std::size_t>(axis);
    const std::int64_t begin = i * strides[a] - pads[a];
    return {begin < 0 ? 0 : begin, begin + shape[a] < length ? begin + shape[a] : length};
  }
};

}  // namespace subbit
