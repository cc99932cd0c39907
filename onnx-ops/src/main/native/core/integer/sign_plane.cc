#include "core/integer/sign_plane.h"

#include <algorithm>

namespace subbit {

void ClearBorder(const SignPlane& plane, RowRange rows) {
  const std::int64_t words = plane.Words();
  if (rows.begin == 0) std::fill_n(plane.At(-1, -1), plane.Pitch(), std::uint64_t{0});
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    std::fill_n(plane.At(row, -1), words, std::uint64_t{0});
    std::fill_n(plane.At(row, plane.shape.width), words, std::uint64_t{0});
  }
  if (rows.end == plane.shape.height) std::fill_n(plane.At(rows.end, -1), plane.Pitch(), std::uint64_t{0});
}

void WriteSigns(const std::int16_t* x, const std::int16_t* threshold, RowRange rows, const SignPlane& plane) {
  const std::int64_t channels = plane.shape.channels;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const std::int16_t* pixel = x + row * plane.shape.width * channels;
    std::uint64_t* to = plane.At(row, 0);
    for (std::int64_t column = 0; column < plane.shape.width; ++column, pixel += channels) {
      for (std::int64_t first = 0; first < channels; first += 64) {
        const std::int64_t count = std::min<std::int64_t>(64, channels - first);
        std::uint64_t signs = 0;
        for (std::int64_t i = 0; i < count; ++i) {
          signs |= static_cast<std::uint64_t>(pixel[first + i] >= threshold[first + i]) << i;
        }
        *to++ = signs;
      }
    }
  }
}

}  // namespace subbit
