#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "device/layer_shape.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {

/// What subbit_write_back has to write: sums of a layer, and what is to become of them.

/// Of the module's parameters.
constexpr std::size_t kLanes = 4;
constexpr std::size_t kSumDepth = 64;
constexpr std::size_t kMaxChannels = 32;

constexpr std::size_t kResultsMemoryBytes = 1 << 17;

/// Of one output channel, in a tile: its pixels, and its bytes where bits leave.
struct Tile {
  std::size_t pixels;
  std::size_t bytes;
};

/// One layer's results, and the tiles in which they come: whole rows, or parts of rows.
struct Results {
  OutputFormat format;
  std::size_t images;
  std::size_t channels;
  std::size_t height;
  std::size_t width;
  std::vector<Tile> tiles;
  bool has_bias;
  bool has_residual;
  std::int16_t zero_point;
  std::int16_t residual_zero_point;
  float residual_multiplier;
  std::size_t output_address;
  std::size_t residual_address;
  std::vector<std::int32_t> bias;
  /// Multipliers, or sign rules, as they lie in memory.
  std::vector<std::uint32_t> multiplier;
  /// [images][channels][height][width].
  std::vector<std::int32_t> sums;

  std::size_t slots() const { return (channels + kLanes - 1) / kLanes; }
  std::size_t pixels() const { return height * width; }
  std::size_t row_bytes() const { return RowBytes(format, static_cast<std::uint32_t>(width)); }
};

/// Cuts the results into tiles of as many sums as there are accumulators, or fewer.
inline void CutIntoTiles(Results& r, std::mt19937& random) {
  const std::size_t most = kSumDepth / r.slots();
  if (r.width <= most && random() % 4 != 0) {
    const std::size_t rows = 1 + random() % (most / r.width);
    for (std::size_t row = 0; row < r.height; row += rows) {
      const std::size_t taken = std::min(rows, r.height - row);
      r.tiles.push_back({taken * r.width, taken * ((r.width + 7) / 8)});
    }
    return;
  }
  const std::size_t columns = r.format == OutputFormat::kBits ? 8 * (1 + random() % (most / 8)) : 1 + random() % most;
  for (std::size_t row = 0; row < r.height; ++row) {
    for (std::size_t column = 0; column < r.width; column += columns) {
      const std::size_t taken = std::min(columns, r.width - column);
      r.tiles.push_back({taken, (taken + 7) / 8});
    }
  }
}

inline Results RandomResults(std::mt19937& random) {
  Results r{};
  r.format = static_cast<OutputFormat>(random() % 4);
  r.images = 1 + random() % 3;
  r.channels = 1 + random() % (random() % 2 == 0 ? 5 : kMaxChannels);
  r.height = 1 + random() % 6;
  r.width = 1 + random() % 40;
  CutIntoTiles(r, random);
  const int low = r.format == OutputFormat::kS8 ? -128 : 0;
  const bool eight_bits = HasEightBits(r.format);
  r.zero_point = static_cast<std::int16_t>(eight_bits ? low + Between(random, 0, 255) : 0);
  r.has_bias = random() % 4 != 0;
  r.has_residual = eight_bits && random() % 2 == 0;
  r.residual_zero_point = static_cast<std::int16_t>(low + Between(random, 0, 255));
  r.residual_multiplier = std::ldexp(1.0f + static_cast<float>(random() % 256) / 256, Between(random, -6, 2));
  r.output_address = 64 * (random() % 32);
  r.residual_address = kResultsMemoryBytes / 2 + 64 * (random() % 32);
  for (std::size_t o = 0; o < kMaxChannels; ++o) {
    r.bias.push_back(static_cast<std::int32_t>(random()) >> random() % 32);
    const float multiplier = std::ldexp(static_cast<float>(random() % 512) / 256 - 1, -Between(random, 0, 24));
    r.multiplier.push_back(static_cast<std::uint32_t>(static_cast<std::int32_t>(random()) >> random() % 32));
    if (eight_bits) {
      std::memcpy(&r.multiplier[o], &multiplier, sizeof multiplier);
    }
  }
  for (std::size_t i = 0; i < r.images * r.channels * r.pixels(); ++i) {
    r.sums.push_back(static_cast<std::int32_t>(random()) >> random() % 32);
  }
  return r;
}

}  // namespace subbit::fpga
