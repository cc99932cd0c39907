#pragma once

#include <random>
#include <vector>

#include "rtl/module_bench.h"

namespace subbit::fpga {

/// What goes through a processing element for one layer, and what the definition of the convolution makes of it.

/// Of the modules' parameters.
constexpr int kTableBits = 6;
constexpr int kMaxSlots = 8;
constexpr int kSumDepth = 64;

/// One layer's windows: tiles of `rows` x `columns` outputs, each over all input channels.
struct Walk {
  bool direct;
  int tau;
  int stride;
  int tiles;
  int channels;
  int out_channels;
  int rows;
  int columns;

  /// Channels of tiles.
  int steps() const { return tiles * channels; }
  /// Windows of a step.
  int pixels() const { return rows * columns; }
};

inline Walk RandomWalk(std::mt19937& random, int lanes) {
  Walk w;
  w.direct = random() % 2 == 0;
  w.tau = Between(random, 1, w.direct ? 9 : kTableBits);
  w.stride = Between(random, 1, 2);
  w.tiles = Between(random, 1, 4);
  w.channels = Between(random, 1, 5);
  w.out_channels = Between(random, 1, random() % 2 == 0 ? lanes : lanes * kMaxSlots);
  const int slots = (w.out_channels + lanes - 1) / lanes;
  w.rows = Between(random, 1, kSumDepth / slots < 4 ? 1 : 4);
  w.columns = Between(random, 1, kSumDepth / slots / w.rows);
  return w;
}

/// One input channel of a tile: all pixels under its windows, row by row.
class ChannelImage {
 public:
  ChannelImage() = default;

  ChannelImage(const Walk& walk, std::mt19937& random)
      : stride_(walk.stride), columns_(walk.columns), width_((walk.columns - 1) * walk.stride + 3) {
    pixels_.resize(static_cast<std::size_t>(((walk.rows - 1) * walk.stride + 3) * width_));
    for (int& pixel : pixels_) {
      pixel = random() % 4 == 0 ? (random() % 2 == 0 ? 255 : -255) : Between(random, -255, 255);
    }
  }

  /// Tap `t`, row-major, of window `w`.
  int Tap(int w, int t) const {
    const int y = w / columns_ * stride_ + t / 3;
    const int x = w % columns_ * stride_ + t % 3;
    return pixels_[static_cast<std::size_t>(y * width_ + x)];
  }

  int Response(int w, unsigned codeword) const {
    int response = 0;
    for (int t = 0; t < 9; ++t) {
      response += (codeword >> t & 1) != 0 ? Tap(w, t) : -Tap(w, t);
    }
    return response;
  }

 private:
  int stride_ = 1;
  int columns_ = 1;
  int width_ = 0;
  std::vector<int> pixels_;
};

}  // namespace subbit::fpga
