#include "emulator/response_tile.h"

#include <algorithm>

namespace subbit::fpga {
namespace {

/// One element of an input row without its zero point.
template <InputFormat format>
std::int16_t Element(const std::uint8_t* row, std::size_t x, std::int16_t zero_point) {
  if constexpr (format == InputFormat::kBits) {
    return ((row[x / 8] >> (x % 8)) & 1) != 0 ? 1 : -1;
  } else if constexpr (format == InputFormat::kU8) {
    return static_cast<std::int16_t>(row[x] - zero_point);
  } else {
    return static_cast<std::int16_t>(static_cast<std::int8_t>(row[x]) - zero_point);
  }
}

/// to[i] = the pixel under one tap for output column i, 0 where that is padding.
template <InputFormat format>
void LoadTapRow(const LayerDescriptor& d, const std::uint8_t* row, std::int64_t first_x, std::int16_t* to) {
  const std::int64_t stride = d.stride_w;
  const std::int64_t width = d.in_width;
  const std::int64_t columns = d.out_width;
  // Columns [begin, end) lie inside the image.
  const std::int64_t begin = std::min(columns, first_x >= 0 ? 0 : (-first_x + stride - 1) / stride);
  const std::int64_t end = std::max(begin, std::min(columns, first_x >= width ? 0 : (width - 1 - first_x) / stride + 1));
  std::fill(to, to + begin, std::int16_t{0});
  const std::int16_t zero_point = d.input_zero_point;
  if (stride == 1) {
    for (std::int64_t x = begin; x < end; ++x) {
      to[x] = Element<format>(row, static_cast<std::size_t>(first_x + x), zero_point);
    }
  } else {
    for (std::int64_t x = begin; x < end; ++x) {
      to[x] = Element<format>(row, static_cast<std::size_t>(first_x + x * stride), zero_point);
    }
  }
  std::fill(to + end, to + columns, std::int16_t{0});
}

void LoadTapRow(const LayerDescriptor& d, const std::uint8_t* row, std::int64_t first_x, std::int16_t* to) {
  switch (d.input_format) {
    case InputFormat::kBits:
      return LoadTapRow<InputFormat::kBits>(d, row, first_x, to);
    case InputFormat::kU8:
      return LoadTapRow<InputFormat::kU8>(d, row, first_x, to);
    case InputFormat::kS8:
      return LoadTapRow<InputFormat::kS8>(d, row, first_x, to);
  }
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

void ResponseTile::Load(const LayerDescriptor& layer, const std::uint8_t* plane, const Tile& tile) {
  pixels_ = std::size_t{tile.rows} * layer.out_width;
  for (std::size_t kernel_row = 0; kernel_row < 3; ++kernel_row) {
    for (std::size_t kernel_column = 0; kernel_column < 3; ++kernel_column) {
      const std::int64_t first_x = static_cast<std::int64_t>(kernel_column) * layer.dilation_w - layer.pad_left;
      for (std::uint32_t row = 0; row < tile.rows; ++row) {
        const std::int64_t y = std::int64_t{tile.first_row + row} * layer.stride_h +
                               static_cast<std::int64_t>(kernel_row) * layer.dilation_h - layer.pad_top;
        std::int16_t* to = taps_[kernel_column].data() + std::size_t{row} * layer.out_width;
        if (y < 0 || y >= layer.in_height) {
          std::fill(to, to + layer.out_width, std::int16_t{0});
        } else {
          LoadTapRow(layer, plane + static_cast<std::uint64_t>(y) * layer.input_row_bytes(), first_x, to);
        }
      }
    }
    SumRow(taps_[0].data(), taps_[1].data(), taps_[2].data(), pixels_, max_pixels_,
           row_sums_.data() + kernel_row * 8 * max_pixels_);
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
