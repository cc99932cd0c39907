#include "driver/binary_tensor.h"

#include <algorithm>

namespace subbit::fpga {
namespace {

/// Eight channels, or as many as are left, of eight pixels of a row, or as many as are left.
struct Block {
  std::size_t packed;  ///< the byte of the first pixel in packed signs; that of the next follows
  std::size_t bits;    ///< the byte of the first channel in the device's bits; that of the next is `plane` further on
  std::size_t plane;
  std::size_t channels;
  std::size_t width;
};

template <typename Visit>
void ForEachBlock(const SignTensor& shape, const Visit& visit) {
  const std::size_t row_bytes = (shape.width + 7) / 8;
  const std::size_t plane = shape.height * row_bytes;
  std::size_t packed = 0;
  for (std::size_t image = 0; image < shape.images; ++image) {
    for (std::size_t c = 0; c < shape.channels; c += 8) {
      const std::size_t channels = std::min<std::size_t>(8, shape.channels - c);
      std::size_t bits = (image * shape.channels + c) * plane;
      for (std::size_t y = 0; y < shape.height; ++y) {
        for (std::size_t x = 0; x < shape.width; x += 8) {
          const std::size_t width = std::min<std::size_t>(8, shape.width - x);
          visit(Block{packed, bits, plane, channels, width});
          packed += width;
          ++bits;
        }
      }
    }
  }
}

/// Eight bytes as a matrix of bits, byte i its row i: rows and columns change places. Squares of one, two and four bits
/// are swapped across the diagonal (Knuth, The Art of Computer Programming, 7.1.3).
std::uint64_t Transposed(std::uint64_t rows) {
  const auto swap = [&](std::uint64_t mask, int distance) {
    const std::uint64_t differing = (rows ^ (rows >> distance)) & mask;
    rows ^= differing ^ (differing << distance);
  };
  swap(0x00AA00AA00AA00AA, 7);
  swap(0x0000CCCC0000CCCC, 14);
  swap(0x00000000F0F0F0F0, 28);
  return rows;
}

}  // namespace

void PackSigns(const float* values, std::size_t rows, std::size_t width, std::uint8_t* bits) {
  for (std::size_t row = 0; row < rows; ++row, values += width) {
    for (std::size_t x = 0; x < width; x += 8) {
      unsigned byte = 0;
      for (std::size_t i = 0; i < std::min<std::size_t>(8, width - x); ++i) {
        byte |= (values[x + i] >= 0.0f ? 1u : 0u) << i;
      }
      *bits++ = static_cast<std::uint8_t>(byte);
    }
  }
}

void BitsOfPackedSigns(const std::uint8_t* packed, const SignTensor& shape, std::uint8_t* bits) {
  ForEachBlock(shape, [&](const Block& block) {
    std::uint64_t pixels = 0;
    for (std::size_t x = 0; x < block.width; ++x) {
      pixels |= std::uint64_t{packed[block.packed + x]} << (8 * x);
    }
    const std::uint64_t rows = Transposed(pixels);
    for (std::size_t c = 0; c < block.channels; ++c) {
      bits[block.bits + c * block.plane] = static_cast<std::uint8_t>(rows >> (8 * c));
    }
  });
}

void PackedSignsOfBits(const std::uint8_t* bits, const SignTensor& shape, std::uint8_t* packed) {
  ForEachBlock(shape, [&](const Block& block) {
    std::uint64_t rows = 0;
    for (std::size_t c = 0; c < block.channels; ++c) {
      rows |= std::uint64_t{bits[block.bits + c * block.plane]} << (8 * c);
    }
    const std::uint64_t pixels = Transposed(rows);
    for (std::size_t x = 0; x < block.width; ++x) {
      packed[block.packed + x] = static_cast<std::uint8_t>(pixels >> (8 * x));
    }
  });
}

void ScaleAccumulators(const std::int32_t* accumulators, std::size_t count, float scale, float bias, float* y) {
  for (std::size_t i = 0; i < count; ++i) {
    const float scaled = static_cast<float>(accumulators[i]) * scale;
    y[i] = scaled + bias;
  }
}

}  // namespace subbit::fpga
