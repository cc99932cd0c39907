#pragma once

#include <algorithm>
#include <cstdint>

#include "core/parallel_for.h"
#include "core/phase_planes.h"
#include "core/scratch.h"

namespace subbit {

/// How a convolution is split into tasks and what memory they share: several images a task if there are plenty, else
/// channels and then tiles of one image after the other. An image here is one group's channels of one batch entry.
///
/// Each image is laid out in a buffer of `channels` times planes.channel_size values, followed by one tile of zeros,
/// since the last tile may read past the end. A task has `tiles_per_task` tiles or more, less only to make two tasks. Tasks of whole images have a buffer each, which must be small: memory is
/// bounded by one image, or by kMaxTasks times kSmallImage, and by kMaxTasks times `task_bytes`, which a task may use
/// as it likes.
template <class T>
class TileTasks {
 public:
  TileTasks(const PhasePlanes& planes, std::int64_t images, std::int64_t channels, std::int64_t tile,
            std::int64_t tiles_per_task, std::size_t task_bytes)
      : TileTasks(planes, planes.positions, images, channels, tile, tiles_per_task, task_bytes) {}

  /// The same with tiles of something else than positions, `items` of them an image.
  TileTasks(const PhasePlanes& planes, std::int64_t items, std::int64_t images, std::int64_t channels,
            std::int64_t tile, std::int64_t tiles_per_task, std::size_t task_bytes)
      : channel_size_(planes.channel_size),
        images_(images),
        channels_(channels),
        tile_(tile),
        tiles_((items + tile - 1) / tile),
        tiles_per_task_(tiles_ <= tiles_per_task ? (tiles_ + 1) / 2 : tiles_per_task),
        task_bytes_(task_bytes),
        whole_images_((images >= kMaxTasks || (images > 1 && tiles_ == 1)) &&
                      ImageValues() * static_cast<std::int64_t>(sizeof(T)) <= kSmallImage) {}

  /// Takes the memory that Run needs.
  std::byte* TakeScratch(ScratchCutter* cutter) const {
    return cutter->Take<std::byte>((whole_images_ ? 0 : ImageBytes()) +
                                   kMaxTasks * static_cast<std::int64_t>(SliceBytes()));
  }

  /// lay_out(image, channel, out) fills one channel at `out`; run_tiles(image, first, last, buffer, task_memory) computes
  /// tiles first .. last - 1. Both are called from several threads.
  template <class LayOut, class RunTiles>
  void Run(std::byte* scratch, ParallelFor parallel_for, LayOut lay_out, RunTiles run_tiles) const {
    if (whole_images_) {
      ScratchSlices slices(scratch, SliceBytes());
      const std::int64_t tasks = std::min(images_, kMaxTasks);
      parallel_for(static_cast<std::size_t>(tasks), [&](std::size_t task) {
        const ScratchSlices::Hold slice(&slices);
        ScratchCutter cutter(slice.get());
        T* const buffer = TakeImage(&cutter);
        void* const task_memory = cutter.Take<std::byte>(static_cast<std::int64_t>(task_bytes_));
        const auto t = static_cast<std::int64_t>(task);
        for (std::int64_t image = images_ * t / tasks; image < images_ * (t + 1) / tasks; ++image) {
          for (std::int64_t c = 0; c < channels_; ++c) lay_out(image, c, buffer + c * channel_size_);
          run_tiles(image, 0, tiles_, buffer, task_memory);
        }
      });
      return;
    }
    ScratchCutter cutter(scratch);
    T* const buffer = TakeImage(&cutter);
    ScratchSlices slices(scratch + ImageBytes(), SliceBytes());
    for (std::int64_t image = 0; image < images_; ++image) {
      ForEachRange(channels_, 1, parallel_for, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t c = first; c < last; ++c) lay_out(image, c, buffer + c * channel_size_);
      });
      ForEachRange(tiles_, tiles_per_task_, parallel_for, [&](std::int64_t first, std::int64_t last) {
        const ScratchSlices::Hold slice(&slices);
        run_tiles(image, first, last, buffer, slice.get());
      });
    }
  }

 private:
  static constexpr std::int64_t kSmallImage = 256 << 10;  // bytes

  /// Calls visit(first, last) for ranges of `count` things as tasks: of `least` each, or of equal parts where these would
  /// be more than kMaxTasks.
  template <class Visit>
  static void ForEachRange(std::int64_t count, std::int64_t least, ParallelFor parallel_for, Visit visit) {
    const std::int64_t wanted = (count + least - 1) / least;
    const std::int64_t tasks = std::min(wanted, kMaxTasks);
    parallel_for(static_cast<std::size_t>(tasks), [&](std::size_t task) {
      const auto t = static_cast<std::int64_t>(task);
      if (wanted == tasks) {
        visit(t * least, std::min((t + 1) * least, count));
      } else {
        visit(count * t / tasks, count * (t + 1) / tasks);
      }
    });
  }

  std::int64_t ImageValues() const { return channels_ * channel_size_ + tile_; }

  T* TakeImage(ScratchCutter* cutter) const {
    T* const buffer = cutter->Take<T>(ImageValues());
    if (buffer != nullptr) std::fill_n(buffer + ImageValues() - tile_, tile_, T{0});
    return buffer;
  }

  std::int64_t ImageBytes() const {
    ScratchCutter cutter;
    TakeImage(&cutter);
    return static_cast<std::int64_t>(cutter.Bytes());
  }

  std::size_t SliceBytes() const {
    ScratchCutter cutter;
    if (whole_images_) TakeImage(&cutter);
    cutter.Take<std::byte>(static_cast<std::int64_t>(task_bytes_));
    return cutter.Bytes();
  }

  const std::int64_t channel_size_;
  const std::int64_t images_;
  const std::int64_t channels_;
  const std::int64_t tile_;
  const std::int64_t tiles_;
  const std::int64_t tiles_per_task_;
  const std::size_t task_bytes_;
  const bool whole_images_;
};

}  // namespace subbit
