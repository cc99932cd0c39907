#pragma once

#include <cstddef>
#include <cstdint>

namespace subbit::fpga {

/// Sizes of a tensor of signs.
struct SignTensor {
  std::size_t images;
  std::size_t channels;
  std::size_t height;
  std::size_t width;

  std::size_t packed_bytes() const { return images * ((channels + 7) / 8) * height * width; }
  std::size_t bit_bytes() const { return images * channels * height * ((width + 7) / 8); }
};

/// Binarises `rows` rows of `width` values into the device's bit format: bit = x >= 0, so that -0.0 is +1 and
/// not-a-number is -1. Each row starts on a byte of its own; unused bits are 0. `bits` has rows * ceil(width / 8)
/// bytes.
void PackSigns(const float* values, std::size_t rows, std::size_t width, std::uint8_t* bits);

/// Converts packed signs, uint8 [images, ceil(channels / 8), height, width] with eight channels per byte
/// (docs/OPERATORS.md), to the device's bits, eight pixels of a row per byte. Unused bits are 0. `bits` takes images *
/// channels * height * ceil(width / 8) bytes.
void BitsOfPackedSigns(const std::uint8_t* packed, const SignTensor& shape, std::uint8_t* bits);

/// The reverse; unused bits of `bits` are ignored, and those of `packed` are 0.
void PackedSignsOfBits(const std::uint8_t* bits, const SignTensor& shape, std::uint8_t* packed);

/// y = (float)acc * scale + bias for one channel of `count` accumulators, each operation rounded on its own.
void ScaleAccumulators(const std::int32_t* accumulators, std::size_t count, float scale, float bias, float* y);

}  // namespace subbit::fpga
