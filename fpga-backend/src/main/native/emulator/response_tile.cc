#include "emulator/response_tile.h"

#include <algorithm>

namespace subbit::fpga {
namespace {

/// Reads one element of an input row and subtracts its zero point.
template <InputFormat format>
std::int16_t ElementAt(const std::uint8_t* row, std::size_t x, std::int16_t zero_point) {
  if constexpr (format == InputFormat::kBits) {
    return ((row[x / 8] >> (x % 8)) & 1) != 0 ? 1 : -1;
  } else if constexpr (format == InputFormat::kU8) {
    return static_cast<std::int16_t>(row[x] - zero_point);
  } else {
    return static_cast<std::int16_t>(static_cast<std::int8_t>(row[x]) - zero_point);
  }
}

template <InputFormat format>
void UnpackRow(const LayerShape& d, const std::uint8_t* row, std::int16_t* to) {
  const std::int16_t zero_point = d.input_zero_point;
  for (std::size_t x = 0; x < d.in_width; ++x) {
    to[x] = ElementAt<format>(row, x, zero_point);
  }
}

/// to[x] = the row's elements without their zero point.
void UnpackRow(const LayerShape& d, const std::uint8_t* row, std::int16_t* to) {
  switch (d.input_format) {
    case InputFormat::kBits:
      return UnpackRow<InputFormat::kBits>(d, row, to);
    case InputFormat::kU8:
      return UnpackRow<InputFormat::kU8>(d, row, to);
    case InputFormat::kS8:
      return UnpackRow<InputFormat::kS8>(d, row, to);
  }
}

/// to[i] = the pixel under one tap for output column i, where column 0 reads `row` at first_x; 0 where that is padding.
void LoadTapRow(const LayerShape& d, const std::int16_t* row, std::int64_t first_x, std::int16_t* to) {
  const std::int64_t stride = d.stride_w;
  const std::int64_t width = d.in_width;
  const std::int64_t columns = d.out_width;
  // Columns [begin, end) lie inside the image.
  const std::int64_t begin = std::min(columns, first_x >= 0 ? 0 : (-first_x + stride - 1) / stride);
  const std::int64_t end =
      std::max(begin, std::min(columns, first_x >= width ? 0 : (width - 1 - first_x) / stride + 1));
  std::fill(to, to + begin, std::int16_t{0});
  if (stride == 1) {
    std::copy(row + first_x + begin, row + first_x + end, to + begin);
  } else {
    for (std::int64_t x = begin; x < end; ++x) {
      to[x] = row[first_x + x * stride];
    }
  }
  std::fill(to + end, to + columns, std::int16_t{0});
}

/// sums[pattern][p] for the eight patterns of three signs; bit t of the pattern set means + for tap t.
void SumRow(const std::int16_t* __restrict a, const std::int16_t* __restrict b, const std::int16_t* __restrict c,
            std::size_t pixels, std::size_t plane, std::int16_t* __restrict sums) {
  for (std::size_t pattern = 0; pattern < 8; ++pattern) {
    const int sign_a = (pattern & 1) != 0 ? 1 : -1;
    const int sign_b = (pattern & 2) != 0 ? 1 : -1;
    const int sign_c = (pattern & 4) != 0 ? 1 : -1;
    std::int16_t* to = sums + pattern * plane;
    for (std::size_t p = 0; p < pixels; ++p) {
      to[p] = static_cast<std::int16_t>(sign_a * a[p] + sign_b * b[p] + sign_c * c[p]);
    }
  }
}

}  // namespace

ResponseTile::ResponseTile(std::size_t max_pixels) : max_pixels_(max_pixels), row_sums_(24 * max_pixels) {
  for (auto& tap : taps_) {
    tap.resize(max_pixels);
  }
}

void ResponseTile::Load(const LayerShape& layer, const std::uint8_t* plane, const Tile& tile) {
  pixels_ = std::size_t{tile.rows} * layer.out_width;
  row_.resize(layer.in_width);
  for (std::size_t kernel_row = 0; kernel_row < 3; ++kernel_row) {
    for (std::uint32_t row = 0; row < tile.rows; ++row) {
      const std::int64_t y = std::int64_t{tile.first_row + row} * layer.stride_h +
                             static_cast<std::int64_t>(kernel_row) * layer.dilation_h - layer.pad_top;
      LoadTaps(layer, y, plane, std::size_t{row} * layer.out_width);
    }
    SumRow(taps_[0].data(), taps_[1].data(), taps_[2].data(), pixels_, max_pixels_,
           row_sums_.data() + kernel_row * 8 * max_pixels_);
  }
}

void ResponseTile::LoadTaps(const LayerShape& layer, std::int64_t y, const std::uint8_t* plane,
                            std::size_t first_pixel) {
  const bool inside = y >= 0 && y < layer.in_height;
  if (inside) {
    UnpackRow(layer, plane + static_cast<std::uint64_t>(y) * layer.input_row_bytes(), row_.data());
  }
  for (std::size_t kernel_column = 0; kernel_column < 3; ++kernel_column) {
    std::int16_t* to = taps_[kernel_column].data() + first_pixel;
    if (inside) {
      LoadTapRow(layer, row_.data(), static_cast<std::int64_t>(kernel_column) * layer.dilation_w - layer.pad_left, to);
    } else {
      std::fill(to, to + layer.out_width, std::int16_t{0});
    }
  }
}

void ResponseTile::Response(std::uint16_t codeword, std::int16_t* __restrict response) const {
  const std::int16_t* top = RowSums(0, codeword);
  const std::int16_t* middle = RowSums(1, codeword);
  const std::int16_t* bottom = RowSums(2, codeword);
  for (std::size_t p = 0; p < pixels_; ++p) {
    response[p] = static_cast<std::int16_t>(top[p] + middle[p] + bottom[p]);
  }
}

void ResponseTile::Accumulate(std::uint16_t codeword, std::int32_t* __restrict accumulator) const {
  const std::int16_t* top = RowSums(0, codeword);
  const std::int16_t* middle = RowSums(1, codeword);
  const std::int16_t* bottom = RowSums(2, codeword);
  for (std::size_t p = 0; p < pixels_; ++p) {
    accumulator[p] += static_cast<std::int16_t>(top[p] + middle[p] + bottom[p]);
  }
}

}  // namespace subbit::fpga
