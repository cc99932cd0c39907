#pragma once

#include <algorithm>
#include <cstdint>

#include "core/kernel/parallel_for.h"
#include "core/kernel/phase_planes.h"
#include "core/kernel/scratch.h"

namespace subbit {

/// How a convolution is split into tasks, and the memory of each task. Each image (one group's channels of one batch
/// entry) is cut into bands of neighbouring tiles, and a task processes some of the bands of all images. It lays out
/// the input of a band itself, so that the laid-out values stay in its core's cache. Neighbouring bands share a few
/// input rows; a band has at least three times as many, unless that leaves fewer than two bands, and small images are a
/// single band.
///
/// A band is laid out in `channels` times band.channel_size values, followed by one tile of zeros, since the last tile
/// may read past the end. At most kMaxTasks bands are in memory at a time, each of about kBandBytes if it can be that
/// small, and for each of them `task_bytes` that a task may use freely.
template <class T>
class TileTasks {
 public:
  /// Tiles of `tile` positions. A band has `least_tiles` of them or more, if that leaves two bands.
  TileTasks(const PhasePlanes& planes, std::int64_t images, std::int64_t channels, std::int64_t tile,
            std::int64_t least_tiles, std::size_t task_bytes)
      : TileTasks(planes, planes.positions, planes.pitch, images, channels, tile, least_tiles, task_bytes) {}

  /// Tiles of items other than positions: `items` per image, `row_items` per row.
  TileTasks(const PhasePlanes& planes, std::int64_t items, std::int64_t row_items, std::int64_t images,
            std::int64_t channels, std::int64_t tile, std::int64_t least_tiles, std::size_t task_bytes)
      : planes_(planes),
        items_(items),
        row_items_(row_items),
        images_(images),
        channels_(channels),
        tile_(tile),
        tiles_((items + tile - 1) / tile),
        least_tiles_(tiles_ <= least_tiles ? (tiles_ + 1) / 2 : least_tiles),
        task_bytes_(task_bytes) {
    const std::int64_t bytes = channels * planes.channel_size * static_cast<std::int64_t>(sizeof(T));
    const std::int64_t wanted =
        std::max((kMaxTasks + images - 1) / std::max<std::int64_t>(images, 1), bytes / kBandBytes);
    const std::int64_t by_tiles = (tiles_ + least_tiles_ - 1) / least_tiles_;
    const std::int64_t by_rows = (planes.rows - planes.rows_below) / std::max<std::int64_t>(1, 3 * planes.rows_below);
    const std::int64_t by_bytes = std::max<std::int64_t>(1, bytes / kLeastBandBytes);
    bands_ = std::min({wanted, by_tiles, std::max<std::int64_t>(2, by_rows), by_bytes});
    even_ = bands_ < by_tiles;
    tasks_ = std::min(images_ * bands_, kMaxTasks);
    std::int64_t values = 0;
    for (std::int64_t b = 0; b < bands_; ++b) values = std::max(values, channels_ * Planes(b).channel_size);
    band_values_ = values + tile_;
  }

  /// Reserves the memory that Run needs.
  std::byte* TakeScratch(ScratchCutter* cutter) const {
    return cutter->Take<std::byte>(tasks_ * static_cast<std::int64_t>(SliceBytes()));
  }

  /// lay_out(image, band, channel, out) fills one channel of a band at `out`; run_tiles(image, band, first, last,
  /// buffer, task_memory) computes tiles first .. last - 1. Both are called from several threads.
  template <class LayOut, class RunTiles>
  void Run(std::byte* scratch, ParallelFor parallel_for, LayOut lay_out, RunTiles run_tiles) const {
    ScratchSlices slices(scratch, SliceBytes());
    const std::int64_t all = images_ * bands_;
    parallel_for(static_cast<std::size_t>(tasks_), [&](std::size_t task) {
      const ScratchSlices::Hold slice(&slices);
      ScratchCutter cutter(slice.get());
      T* const buffer = cutter.Take<T>(band_values_);
      void* const task_memory = cutter.Take<std::byte>(static_cast<std::int64_t>(task_bytes_));
      const auto t = static_cast<std::int64_t>(task);
      for (std::int64_t i = all * t / tasks_; i < all * (t + 1) / tasks_; ++i) {
        const std::int64_t image = i / bands_;
        const PhasePlanes band = Planes(i % bands_);
        for (std::int64_t c = 0; c < channels_; ++c) lay_out(image, band, c, buffer + c * band.channel_size);
        std::fill_n(buffer + channels_ * band.channel_size, tile_, T{0});
        run_tiles(image, band, FirstTile(i % bands_), FirstTile(i % bands_ + 1), buffer, task_memory);
      }
    });
  }

 private:
  static constexpr std::int64_t kBandBytes = 128 << 10;
  static constexpr std::int64_t kLeastBandBytes = 20 << 10;  // what is less takes less than handing it to a thread

  std::int64_t FirstTile(std::int64_t band) const {
    return even_ ? tiles_ * band / bands_ : std::min(band * least_tiles_, tiles_);
  }

  PhasePlanes Planes(std::int64_t band) const {
    const std::int64_t past = std::min(FirstTile(band + 1) * tile_, items_);
    return planes_.Band(FirstTile(band) * tile_ / row_items_, (past - 1) / row_items_);
  }

  std::size_t SliceBytes() const {
    ScratchCutter cutter;
    cutter.Take<T>(band_values_);
    cutter.Take<std::byte>(static_cast<std::int64_t>(task_bytes_));
    return cutter.Bytes();
  }

  const PhasePlanes planes_;
  const std::int64_t items_;
  const std::int64_t row_items_;
  const std::int64_t images_;
  const std::int64_t channels_;
  const std::int64_t tile_;
  const std::int64_t tiles_;
  const std::int64_t least_tiles_;
  const std::size_t task_bytes_;
  bool even_ = false;  // bands of equal parts, else of least_tiles_ each
  std::int64_t bands_ = 0;
  std::int64_t tasks_ = 0;
  std::int64_t band_values_ = 0;
};

}  // namespace subbit
