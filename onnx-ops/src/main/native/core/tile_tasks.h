#pragma once

#include <algorithm>
#include <cstdint>

#include "core/aligned_buffer.h"
#include "core/parallel_for.h"
#include "core/phase_planes.h"

namespace subbit {

constexpr std::int64_t kTasksWanted = 16;  ///< enough to spread over threads, few enough to cost nothing

/// Splits a convolution into tasks: whole images if there are plenty, else channels and then tiles of one image after
/// the other. An image here is one group's channels of one batch entry.
///
/// Each image is laid out in a buffer of `channels` times planes.channel_size values, followed by one tile of zeros,
/// since the last tile may read past the end. lay_out(image, channel, out) fills one channel at `out`; run_tiles(image,
/// first, last, buffer) computes tiles first .. last - 1. Both are called from several threads.
template <class T, class LayOut, class RunTiles>
void RunTileTasks(const PhasePlanes& planes, std::int64_t images, std::int64_t channels, std::int64_t tile,
                  const ParallelFor& parallel_for, LayOut lay_out, RunTiles run_tiles) {
  const std::int64_t size = channels * planes.channel_size;
  const std::int64_t tiles = (planes.positions + tile - 1) / tile;
  const auto allocate = [&] {
    AlignedBuffer<T> buffer(static_cast<std::size_t>(size + tile));
    std::fill_n(buffer.get() + size, tile, T{0});
    return buffer;
  };
  if (images >= kTasksWanted || (images > 1 && tiles == 1)) {
    parallel_for(static_cast<std::size_t>(images), [&](std::size_t task) {
      const auto image = static_cast<std::int64_t>(task);
      const AlignedBuffer<T> buffer = allocate();
      for (std::int64_t c = 0; c < channels; ++c) lay_out(image, c, buffer.get() + c * planes.channel_size);
      run_tiles(image, 0, tiles, buffer.get());
    });
    return;
  }
  const AlignedBuffer<T> buffer = allocate();
  const std::int64_t tasks = std::min(tiles, kTasksWanted);
  for (std::int64_t image = 0; image < images; ++image) {
    parallel_for(static_cast<std::size_t>(channels), [&](std::size_t task) {
      const auto c = static_cast<std::int64_t>(task);
      lay_out(image, c, buffer.get() + c * planes.channel_size);
    });
    parallel_for(static_cast<std::size_t>(tasks), [&](std::size_t task) {
      const auto t = static_cast<std::int64_t>(task);
      run_tiles(image, tiles * t / tasks, tiles * (t + 1) / tasks, buffer.get());
    });
  }
}

}  // namespace subbit
