// Takes rows of a convolution through a Counter, which finds counts of differing signs for a tile of pixels. Included
// by the files of an instruction set after finish-inl.h. Everything here is in an unnamed namespace, see
// map_kernels-inl.h.

#include <cstdint>

#include "core/integer/conv/conv_kernels.h"

namespace subbit {
namespace {

/// Counts of a tile, and what they are taken from.
template <class Counter>
struct CountedTile {
  /// The first word of the pixels' first taps; those behind the last pixel repeat it.
  const std::uint64_t* taps[Counter::kPixels];
  const std::int16_t* start[Counter::kPixels];
  std::int16_t odd[Counter::kPixels];  ///< set by the counter: how many patterns are odd, or 0
  alignas(64) std::uint16_t counts[Counter::kPixels][Counter::kOutputs];
};

/// Walks through the pixels of the sums, row by row.
class PixelWalk {
 public:
  explicit PixelWalk(const ConvTask& task) : task_(task), row_(task.first_row) {}

  const std::uint64_t* Taps() const {
    return task_.signs + row_ * task_.stride_rows * task_.pitch + column_ * task_.stride_columns * task_.words;
  }

  const std::int16_t* Start() const {
    return task_.start + (PaddingBits(row_, task_.stride_rows, task_.x_rows) |
                          PaddingBits(column_, task_.stride_columns, task_.x_columns) << 2) *
                             task_.padded_outs;
  }

  std::int64_t row() const { return row_; }
  std::int64_t column() const { return column_; }

  void Advance() {
    if (++column_ < task_.columns) return;
    column_ = 0;
    ++row_;
  }

 private:
  static int PaddingBits(std::int64_t i, std::int64_t stride, std::int64_t length) {
    return static_cast<int>(i == 0) | static_cast<int>(i * stride + 1 >= length) << 1;
  }

  const ConvTask& task_;
  std::int64_t row_;
  std::int64_t column_ = 0;
};

template <class Counter, Finish kFinish>
void ConvolveAndFinish(const ConvTask& task, void* scratch) {
  Counter counter(task, scratch);
  CountedTile<Counter> tile;
  PixelWalk next(task);
  PixelWalk finished(task);
  std::int64_t left = (task.past_row - task.first_row) * task.columns;
  std::int64_t pixel = task.first_row * task.columns;  // of y and residual
  while (left > 0) {
    const int count = left < Counter::kPixels ? static_cast<int>(left) : Counter::kPixels;
    for (int i = 0; i < count; ++i, next.Advance()) {
      tile.taps[i] = next.Taps();
      tile.start[i] = next.Start();
    }
    for (int i = count; i < Counter::kPixels; ++i) tile.taps[i] = tile.taps[count - 1];
    counter.Prepare(&tile, count);
    for (std::int64_t block = 0; block < task.outs; block += Counter::kOutputs) {
      counter.Count(block, count, &tile);
      PixelWalk to = finished;
      for (int i = 0; i < count; ++i, to.Advance()) {
        const Lanes odd = All(static_cast<std::int16_t>(static_cast<std::uint16_t>(tile.odd[i]) << task.odd_shift));
        for (int part = 0; part < Counter::kOutputs && block + part < task.outs; part += kOutputBlock) {
          const std::int64_t first = block + part;
          const int outs = task.outs - first < kOutputBlock ? static_cast<int>(task.outs - first) : kOutputBlock;
          const auto value = [&](int j) {
            const auto* const counts = reinterpret_cast<const std::int16_t*>(tile.counts[i] + part + j);
            const Lanes start = Subtract(Load(tile.start[i] + first + j), odd);
            return Subtract(start, ShiftLeft(Load(counts), task.count_shift));
          };
          if constexpr (kFinish == Finish::kSums) {
            std::int16_t* const sums =
                task.sums + ((to.row() - task.first_row) * task.columns + to.column()) * task.padded_outs + first;
            for (int j = 0; j < outs; j += kLanes) Store(sums + j, value(j));
          } else {
            const std::uint64_t signs =
                FinishOutputs<kFinish>(task, first, outs, (pixel + i) * task.outs + first, value);
            if (task.next_threshold != nullptr) {
              task.next_signs[to.row() * task.next_pitch + to.column() * task.next_words + first / kOutputBlock] =
                  signs;
            }
          }
        }
      }
    }
    for (int i = 0; i < count; ++i) finished.Advance();
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
