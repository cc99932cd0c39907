#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/layer_shape.h"

namespace subbit::fpga {

/// Rows of output pixels that are computed together.
struct Tile {
  std::uint32_t first_row;
  std::uint32_t rows;
};

/// The responses of one input channel over one tile of output pixels: what the engine's response unit computes, for all
/// pixels of the tile at once so that the loops run along memory. Zero points are subtracted from values, and padding
/// is 0; |response| <= 9 * 255 fits into 16 bits.
///
/// A response is the sum of three row sums, and a row of three signs has only eight patterns, so the tile keeps 3 x 8
/// planes of row sums from which every codeword's response takes two additions.
class ResponseTile {
 public:
  /// `max_pixels`: the largest tile, in output pixels.
  explicit ResponseTile(std::size_t max_pixels);

  /// Reads the pixels under the tile. `plane` is one input channel of one image in device memory.
  void Load(const LayerShape& layer, const std::uint8_t* plane, const Tile& tile);

  /// response[p] = sum over taps of sign * pixel, for `pixels` pixels.
  void Response(std::uint16_t codeword, std::int16_t* response) const;

  /// Adds the response to accumulator[p], without storing it in between.
  void Accumulate(std::uint16_t codeword, std::int32_t* accumulator) const;

  std::size_t pixels() const { return pixels_; }

 private:
  /// Reads the pixels under the three taps of one kernel row for one output row; `y` is the input row, perhaps in the
  /// padding.
  void LoadTaps(const LayerShape& layer, std::int64_t y, const std::uint8_t* plane, std::size_t first_pixel);

  const std::int16_t* RowSums(std::size_t kernel_row, std::uint16_t codeword) const {
    return row_sums_.data() + (kernel_row * 8 + ((codeword >> (3 * kernel_row)) & 7)) * max_pixels_;
  }

  std::size_t max_pixels_;
  std::size_t pixels_ = 0;
  std::vector<std::int16_t> row_;
  std::array<std::vector<std::int16_t>, 3> taps_;
  std::vector<std::int16_t> row_sums_;
};

}  // namespace subbit::fpga
