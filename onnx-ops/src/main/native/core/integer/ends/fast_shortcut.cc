#include "core/integer/ends/fast_shortcut.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "core/integer/ends/end_parameters.h"
#include "core/integer/layer_shapes.h"
#include "core/kernel/scratch.h"

namespace subbit {
namespace {

constexpr std::int64_t kStepValues = 2;
constexpr std::int64_t kBlockBytes =
    20 << 10;  // of means, which stay in the first-level cache beside a group's weights
constexpr std::int64_t kShortcutBandProducts = 1 << 19;  // of a task: about 5 microseconds
constexpr std::int64_t kBandPixels = 24;                 // at least, of a task: weights are read once for these

class FastShortcut : public ShortcutLayer {
 public:
  FastShortcut(const EndKernels& kernels, const ShortcutParameters& p)
      : ShortcutLayer(p),
        kernels_(kernels),
        outs_(p.out_channels),
        channels_(p.in_channels),
        groups_(GroupsOf(kernels, p.out_channels)),
        matrix_{p.out_channels, 1, p.in_channels, kStepValues},
        weights_(groups_ * GroupElements(kernels, matrix_)),
        finish_(kernels, {p.attributes.shift, p.attributes.width},
                std::vector<std::int32_t>(static_cast<std::size_t>(p.out_channels)), p.multiplier, p.bias) {
    PackMatrix(
        kernels, matrix_, GroupElements(kernels, matrix_),
        [&](std::int64_t o, std::int64_t, std::int64_t c) {
          return p.weight[static_cast<std::size_t>(o * channels_ + c)];
        },
        weights_.data());
  }

  std::string Name() const override { return std::string("products of means, ") + kernels_.isa; }

  std::int64_t BandRows(const MapShape& x) const override {
    const std::int64_t width = OutputShape(x).width;
    const std::int64_t products = width * outs_ * channels_;
    return std::max((kShortcutBandProducts + products - 1) / products, (kBandPixels + width - 1) / width);
  }

  std::size_t ScratchBytes(const MapShape& x) const override {
    ScratchCutter cutter;
    TakeMemory(OutputShape(x), &cutter);
    return cutter.Bytes();
  }

  void Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
           void* scratch) const override {
    const MapShape y = OutputShape(x);
    ScratchCutter cutter(scratch);
    const Memory memory = TakeMemory(y, &cutter);
    if (output.next_threshold != nullptr) PadThresholds(output.next_threshold, outs_, memory.thresholds);
    const auto* const values = static_cast<const std::int16_t*>(input.x);
    for (std::int64_t row = rows.begin; row < rows.end; row += BlockRows(y)) {
      RunBlock(x, values, y, output, {row, std::min(row + BlockRows(y), rows.end)}, memory);
    }
  }

 private:
  struct Memory {
    std::int16_t* means;  ///< of a block, [pixels][PaddedChannels()]
    std::int16_t* sums;   ///< of a block, [pixels][whole groups]
    std::int16_t* thresholds;
  };

  std::int64_t PaddedChannels() const { return matrix_.Steps() * kStepValues; }

  /// Rows whose means are in memory together.
  std::int64_t BlockRows(const MapShape& y) const {
    const std::int64_t row = y.width * PaddedChannels() * static_cast<std::int64_t>(sizeof(std::int16_t));
    return std::clamp<std::int64_t>(kBlockBytes / row, (kBandPixels + y.width - 1) / y.width, y.height);
  }

  Memory TakeMemory(const MapShape& y, ScratchCutter* cutter) const {
    const std::int64_t pixels = BlockRows(y) * y.width;
    return {cutter->Take<std::int16_t>(pixels * PaddedChannels()),
            cutter->Take<std::int16_t>(pixels * groups_ * kernels_.lanes),
            cutter->Take<std::int16_t>(WordChannels(outs_))};
  }

  /// The means of `rows` of y, or X itself where they would be equal.
  const std::int16_t* Means(const MapShape& x, const std::int16_t* values, const MapShape& y, RowRange rows,
                            std::int16_t* means) const {
    const std::int64_t x_row = x.width * channels_;
    const std::int64_t padded = PaddedChannels();
    if (attributes().pool[0] == 1) {
      const std::int16_t* from = values + rows.begin * x_row;
      if (padded == channels_) return from;
      const std::int64_t pixels = (rows.end - rows.begin) * x.width;
      for (std::int64_t i = 0; i < pixels; ++i, from += channels_) std::copy_n(from, channels_, means + i * padded);
    } else {
      for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        const std::int16_t* const top = values + 2 * row * x_row;
        kernels_.mean(top, 2 * row + 1 < x.height ? top + x_row : nullptr, x.width, channels_,
                      means + (row - rows.begin) * y.width * padded, padded);
      }
    }
    if (padded != channels_) {
      const std::int64_t pixels = (rows.end - rows.begin) * y.width;
      for (std::int64_t i = 0; i < pixels; ++i) means[i * padded + channels_] = 0;
    }
    return means;
  }

  void RunBlock(const MapShape& x, const std::int16_t* values, const MapShape& y, const IntegerOutput& output,
                RowRange rows, const Memory& memory) const {
    const bool whole_groups = outs_ % kernels_.lanes == 0;
    const std::int64_t first = rows.begin * y.width * outs_;
    const void* const means = Means(x, values, y, rows, memory.means);
    MatrixPass pass{};
    pass.rows = &means;
    pass.row_count = 1;
    pass.steps = matrix_.Steps();
    pass.pixel_stride = PaddedChannels() * static_cast<std::int64_t>(sizeof(std::int16_t));
    pass.pixels = (rows.end - rows.begin) * y.width;
    pass.weights = weights_.data();
    pass.groups = groups_;
    pass.finish = finish_.View();
    pass.y = whole_groups && output.y != nullptr ? output.y + first : memory.sums;
    pass.y_stride = groups_ * kernels_.lanes;
    kernels_.pairs(pass);
    const bool copies = output.y != nullptr && !whole_groups;
    if (!copies && output.next_threshold == nullptr) return;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      const std::int16_t* const sums = pass.y + (row - rows.begin) * y.width * pass.y_stride;
      PoolPass pool{};
      pool.rows = &sums;
      pool.row_count = 1;
      pool.width = y.width;
      pool.stride = pass.y_stride;
      pool.window = 1;
      pool.step = 1;
      pool.out_width = y.width;
      pool.outs = outs_;
      pool.y = copies ? output.y + row * y.width * outs_ : nullptr;
      if (output.next_threshold != nullptr) {
        pool.threshold = memory.thresholds;
        pool.signs = output.next_signs.At(row, 0);
      }
      kernels_.pool(pool);
    }
  }

  const EndKernels& kernels_;
  const std::int64_t outs_;
  const std::int64_t channels_;
  const std::int64_t groups_;
  const MatrixSize matrix_;
  AlignedArray<std::int16_t> weights_;
  const PreparedFinish finish_;
};

}  // namespace

std::unique_ptr<IntegerLayer> MakeFastShortcut(const EndKernels& kernels, const ShortcutParameters& parameters) {
  return std::make_unique<FastShortcut>(kernels, parameters);
}

}  // namespace subbit
