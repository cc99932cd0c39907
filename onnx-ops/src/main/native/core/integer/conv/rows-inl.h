// Takes rows of a convolution through a Counter, which finds counts of differing signs for a tile of pixels. Included
// by the files of an instruction set after finish-inl.h. Everything here is in an unnamed namespace, see
// map_kernels-inl.h.

#include <cstdint>

#include "core/integer/conv/conv_kernels.h"

namespace subbit {
namespace {

/// Counts of a tile, [pixels][outputs].
template <int kPixels, int kOutputs>
struct WordCounts {
  alignas(64) std::uint16_t at[kPixels][kOutputs];

  /// Those of outputs first .. first + kLanes - 1 of pixel i.
  Lanes Load(int i, std::int64_t first) const {
    return subbit::Load(reinterpret_cast<const std::int16_t*>(at[i] + first));
  }

  /// Those of the first outputs of pixels i and i + 1.
  Lanes LoadTwo(int i) const {
    return LoadHalves(reinterpret_cast<const std::int16_t*>(at[i]), reinterpret_cast<const std::int16_t*>(at[i + 1]));
  }
};

/// What is counted of a tile, and what it is taken from.
template <class Counter>
struct CountedTile {
  /// The first word of the pixels' first taps; those behind the last pixel repeat it.
  const std::uint64_t* taps[Counter::kPixels];
  const std::int16_t* start[Counter::kPixels];
  std::uint64_t* next_signs[Counter::kPixels];
  std::int16_t odd[Counter::kPixels];  ///< set by the counter: how many patterns are odd, or 0
  typename Counter::Counts counts;
};

/// Walks through the pixels of the sums, row by row.
class PixelWalk {
 public:
  explicit PixelWalk(const ConvTask& task) : task_(task), row_(task.first_row) {}

  /// Describes the next `count` pixels.
  template <class Counter>
  void Next(int count, CountedTile<Counter>* tile) {
    int i = 0;
    while (i < count) {
      const std::int64_t left = task_.columns - column_;
      const int past = left < count - i ? i + static_cast<int>(left) : count;
      NextOfRow(i, past, tile);
      column_ += past - i;
      if (column_ == task_.columns) {
        column_ = 0;
        ++row_;
      }
      i = past;
    }
  }

 private:
  template <class Counter>
  void NextOfRow(int i, int past, CountedTile<Counter>* tile) const {
    const std::int64_t step = task_.stride_columns * task_.words;
    const std::uint64_t* taps = task_.signs + row_ * task_.stride_rows * task_.pitch + column_ * step;
    const std::int16_t* const start = task_.start + Padding(row_, task_.stride_rows, task_.x_rows) * task_.padded_outs;
    // Null if no signs are wanted.
    std::uint64_t* next_signs = task_.next_signs;
    if (next_signs != nullptr) next_signs += row_ * task_.next_pitch + column_ * task_.next_words;
    const std::int64_t next_step = next_signs == nullptr ? 0 : task_.next_words;
    for (int k = i; k < past; ++k, taps += step, next_signs += next_step) {
      tile->taps[k] = taps;
      tile->start[k] = start;
      tile->next_signs[k] = next_signs;
    }
    // Only the first and the last pixel have columns in the padding.
    const auto pad = [&](int k, std::int64_t column) {
      const int columns = Padding(column, task_.stride_columns, task_.x_columns);
      tile->start[k] = start + (columns << 2) * task_.padded_outs;
    };
    pad(i, column_);
    pad(past - 1, column_ + past - 1 - i);
  }

  static int Padding(std::int64_t i, std::int64_t stride, std::int64_t length) {
    return static_cast<int>(i == 0) | static_cast<int>(i * stride + 1 >= length) << 1;
  }

  const ConvTask& task_;
  std::int64_t row_;
  std::int64_t column_ = 0;
};

/// The shifted sums of the tile's pixels, for kLanes outputs from `first` on.
template <class Counter>
class TileSums {
 public:
  TileSums(const ConvTask& task, const CountedTile<Counter>& tile, std::int64_t first, std::int64_t block)
      : tile_(tile), first_(first), at_(first - block), shift_(task.count_shift), odd_shift_(task.odd_shift) {}

  Lanes operator()(int i) const {
    return Subtract(Subtract(Load(tile_.start[i] + first_), All(Odd(i))), shift_.Left(tile_.counts.Load(i, at_)));
  }

  /// Of pixels i and i + 1, if they share a vector.
  Lanes Two(int i) const {
    const Lanes start = LoadHalves(tile_.start[i], tile_.start[i + 1]);
    return Subtract(Subtract(start, AllHalves(Odd(i), Odd(i + 1))), shift_.Left(tile_.counts.LoadTwo(i)));
  }

 private:
  std::int16_t Odd(int i) const {
    return static_cast<std::int16_t>(static_cast<std::uint16_t>(tile_.odd[i]) << odd_shift_);
  }

  const CountedTile<Counter>& tile_;
  const std::int64_t first_;
  const std::int64_t at_;
  const Shift shift_;
  const int odd_shift_;
};

/// Finishes `count` pixels of a tile for the outputs of the block, where `pixel` is the number of the first in y.
template <class Counter, Finish kFinish>
void FinishTile(const ConvTask& task, const CountedTile<Counter>& tile, int count, std::int64_t block,
                std::int64_t pixel) {
  for (std::int64_t first = block; first < block + Counter::kOutputs && first < task.outs; first += kLanes) {
    const TileSums<Counter> sums(task, tile, first, block);
    if constexpr (kFinish == Finish::kSums) {
      std::int16_t* to = task.sums + (pixel - task.first_row * task.columns) * task.padded_outs + first;
      for (int i = 0; i < count; ++i, to += task.padded_outs) Store(to, sums(i));
    } else {
      int done = 0;
      if (PixelsShareLanes(task)) {
        const PartFinish<kFinish, Part::kTwoPixels> finish(task, first, kLanes / 2);
        for (; done + 2 <= count; done += 2) finish(sums.Two(done), pixel + done, tile.next_signs + done);
      }
      WithPart<kFinish>(task, first, [&](const auto& finish) {
        if (count == Counter::kPixels && done == 0) {
#pragma GCC unroll 16
          for (int i = 0; i < Counter::kPixels; ++i) finish(sums(i), pixel + i, tile.next_signs + i);
        } else {
          for (int i = done; i < count; ++i) finish(sums(i), pixel + i, tile.next_signs + i);
        }
      });
    }
  }
}

/// Fetches what FinishTile will read and write into the first cache, which counting leaves time for.
template <class Counter>
inline void FetchTile(const ConvTask& task, int count, std::int64_t block, std::int64_t pixel) {
  constexpr std::int64_t kLineValues = 32;
  const std::int64_t past = task.outs - block < Counter::kOutputs ? task.outs : block + Counter::kOutputs;
  for (std::int64_t at = pixel * task.outs; at < (pixel + count) * task.outs; at += task.outs) {
    for (std::int64_t o = block; o < past; o += kLineValues) {
      if (task.slope != nullptr) __builtin_prefetch(task.residual + at + o);
      if (task.y != nullptr) __builtin_prefetch(task.y + at + o, 1);
    }
  }
}

template <class Counter, Finish kFinish>
void ConvolveAndFinish(const ConvTask& task, void* scratch) {
  Counter counter(task, scratch);
  CountedTile<Counter> tile;
  PixelWalk next(task);
  std::int64_t left = (task.past_row - task.first_row) * task.columns;
  std::int64_t pixel = task.first_row * task.columns;  // of y and residual
  while (left > 0) {
    const int count = left < Counter::kPixels ? static_cast<int>(left) : Counter::kPixels;
    next.Next(count, &tile);
    for (int i = count; i < Counter::kPixels; ++i) tile.taps[i] = tile.taps[count - 1];
    counter.Prepare(&tile, count);
    for (std::int64_t block = 0; block < task.outs; block += Counter::kOutputs) {
      if constexpr (kFinish != Finish::kSums) FetchTile<Counter>(task, count, block, pixel);
      counter.Count(block, count, &tile);
      FinishTile<Counter, kFinish>(task, tile, count, block, pixel);
    }
    left -= count;
    pixel += count;
  }
}

template <class Counter>
void Convolve(const ConvTask& task, void* scratch) {
  if (task.sums != nullptr) return ConvolveAndFinish<Counter, Finish::kSums>(task, scratch);
  switch (FinishOf(task)) {
    case Finish::kConv:
      return ConvolveAndFinish<Counter, Finish::kConv>(task, scratch);
    case Finish::kNarrowConv:
      return ConvolveAndFinish<Counter, Finish::kNarrowConv>(task, scratch);
    case Finish::kBlock:
      return ConvolveAndFinish<Counter, Finish::kBlock>(task, scratch);
    default:
      return ConvolveAndFinish<Counter, Finish::kNarrowBlock>(task, scratch);
  }
}

}  // namespace
}  // namespace subbit
