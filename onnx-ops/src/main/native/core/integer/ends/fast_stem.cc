#include "core/integer/ends/fast_stem.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "core/integer/ends/end_parameters.h"
#include "core/integer/ends/short_convolution.h"
#include "core/integer/layer_shapes.h"
#include "core/kernel/scratch.h"

namespace subbit {
namespace {

constexpr std::int64_t kSlack = 64;                  // values after a row that loops may read
constexpr std::int64_t kStemBandProducts = 1 << 20;  // of a task: about 10 microseconds
constexpr std::int64_t kRepeatedShare = 16;          // a band computes at most one row of 16 a second time

/// Which rows the slots of a ring hold: row r is in slot r modulo the ring's size.
class Ring {
 public:
  explicit Ring(std::int64_t size) : size_(size) { rows_.fill(-kMaxWindow); }

  std::size_t Slot(std::int64_t row) const { return static_cast<std::size_t>((row + size_ * kMaxWindow) % size_); }

  /// Whether the slot must be filled with this row; from then on it holds it.
  bool Claim(std::int64_t row) {
    std::int64_t& held = rows_[Slot(row)];
    if (held == row) return false;
    held = row;
    return true;
  }

 private:
  const std::int64_t size_;
  std::array<std::int64_t, kMaxWindow> rows_;
};

/// P is the type of pixels and weights of EndKernels::pixels.
template <class P>
class FastStem : public StemLayer {
 public:
  FastStem(const EndKernels& kernels, const StemParameters& p)
      : StemLayer(p),
        kernels_(kernels),
        outs_(p.out_channels),
        channels_(p.in_channels),
        kernel_(p.kernel),
        groups_(GroupsOf(kernels, p.out_channels)),
        in_tiles_(TakesTiles(kernels, p)),
        matrix_(in_tiles_ ? MatrixSize{outs_, kernel_, 2 * channels_, 2}
                          : MatrixSize{outs_, kernel_, kernel_ * channels_, static_cast<int>(4 / sizeof(P))}),
        zero_pixel_(p.zero_pixel),
        finish_(kernels, {p.attributes.shift, p.attributes.width}, Starts(p), p.multiplier, p.bias) {
    PackWeights(p);
  }

  std::string Name() const override {
    return std::string(in_tiles_ ? "pixel rows in tiles, " : "pixel rows, ") + kernels_.isa;
  }

  std::int64_t BandRows(const MapShape& x) const override {
    const PoolWindow& pool = attributes().pool;
    const std::int64_t products = SumShape(x).width * outs_ * kernel_ * kernel_ * channels_ * pool.strides[0];
    const std::int64_t repeated = std::max<std::int64_t>(0, pool.shape[0] - pool.strides[0]);
    return std::max((kStemBandProducts + products - 1) / products, kRepeatedShare * repeated / pool.strides[0]);
  }

  std::size_t ScratchBytes(const MapShape& x) const override {
    ScratchCutter cutter;
    TakeMemory(MakeLayout(x), &cutter);
    return cutter.Bytes();
  }

  void Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
           void* scratch) const override {
    const Layout layout = MakeLayout(x);
    ScratchCutter cutter(scratch);
    const Memory memory = TakeMemory(layout, &cutter);
    if (output.next_threshold != nullptr) PadThresholds(output.next_threshold, outs_, memory.thresholds);
    const PoolWindow& pool = attributes().pool;
    Ring pixel_ring(kernel_);
    Ring sum_ring(pool.shape[0]);
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      const PoolWindow::Positions window = pool.At(0, row, layout.sums.height);
      std::array<const std::int16_t*, kMaxWindow> window_rows{};
      for (std::int64_t sum_row = window.begin; sum_row < window.end; ++sum_row) {
        std::int16_t* const sums = memory.sum_rows + static_cast<std::int64_t>(sum_ring.Slot(sum_row)) * layout.sum_row;
        if (sum_ring.Claim(sum_row)) MakeSumRow(layout, input, memory, sum_row, &pixel_ring, sums);
        window_rows[static_cast<std::size_t>(sum_row - window.begin)] = sums;
      }
      PoolPass pass{};
      pass.rows = window_rows.data();
      pass.row_count = static_cast<int>(window.end - window.begin);
      pass.width = layout.sums.width;
      pass.stride = groups_ * kernels_.lanes;
      pass.window = pool.shape[1];
      pass.step = pool.strides[1];
      pass.pad = pool.pads[1];
      pass.out_width = layout.y.width;
      pass.outs = outs_;
      pass.y = output.y == nullptr ? nullptr : output.y + row * layout.y.width * outs_;
      if (output.next_threshold != nullptr) {
        pass.threshold = memory.thresholds;
        pass.signs = output.next_signs.At(row, 0);
      }
      kernels_.pool(pass);
    }
  }

 private:
  using Weight = std::conditional_t<sizeof(P) == 1, std::int8_t, std::int16_t>;

  /// The sizes of the rows in scratch memory, in values.
  struct Layout {
    MapShape x;
    MapShape sums;
    MapShape y;
    std::int64_t tiles;    ///< of a row of sums
    std::int64_t columns;  ///< of a row of pixels with all that is read of its padding
    std::int64_t pixel_row;
    std::int64_t point_stride;  ///< from a point of an evaluated row to the next
    std::int64_t sum_row;
  };

  struct Memory {
    P* pixel_rows;            ///< a ring of kernel_ rows; one row if they are evaluated
    std::int16_t* evaluated;  ///< a ring of kernel_ rows, [kPoints][point_stride]
    std::int32_t* point_sums;
    std::int16_t* sum_rows;  ///< a ring of as many rows as a pool window has
    std::int16_t* thresholds;
  };

  /// Two short filters have fewer products than a kernel of 5 to 7 columns, if there are enough outputs for what is
  /// added before and after.
  static bool TakesTiles(const EndKernels& kernels, const StemParameters& p) {
    return !kernels.byte_pixels && p.attributes.strides[1] == 2 && p.kernel >= 5 && p.kernel <= 7 &&
           p.out_channels >= 16;
  }

  /// Minus what the zero pixels add, with which every row and the padding of the image begin.
  static std::vector<std::int32_t> Starts(const StemParameters& p) {
    std::vector<std::int32_t> starts(static_cast<std::size_t>(p.out_channels));
    const auto taps = static_cast<std::size_t>(p.kernel * p.kernel);
    auto weight = p.weight.begin();
    for (std::int32_t& start : starts) {
      for (const std::uint8_t zero : p.zero_pixel) {
        for (std::size_t tap = 0; tap < taps; ++tap) start -= zero * *weight++;
      }
    }
    return starts;
  }

  void PackWeights(const StemParameters& p) {
    const auto weight = [&p](std::int64_t o, std::int64_t row, std::int64_t column, std::int64_t channel) {
      return p.weight[static_cast<std::size_t>(((o * p.in_channels + channel) * p.kernel + row) * p.kernel + column)];
    };
    const std::int64_t size = GroupElements(kernels_, matrix_);
    if (!in_tiles_) {
      weights_ = AlignedArray<Weight>(groups_ * size);
      PackMatrix(
          kernels_, matrix_, size,
          [&](std::int64_t o, std::int64_t row, std::int64_t i) {
            return weight(o, row, i / channels_, i % channels_);
          },
          weights_.data());
      return;
    }
    weights_ = AlignedArray<Weight>(groups_ * kPoints * size);
    for (int k = 0; k < kPoints; ++k) {
      PackMatrix(
          kernels_, matrix_, kPoints * size,
          [&](std::int64_t o, std::int64_t row, std::int64_t i) {
            int sum = 0;
            for (int j = 0; j < kTilePixels; ++j) {
              const std::int64_t column = 2 * j + i / channels_;
              if (column < kernel_) sum += kPointWeights[k][j] * weight(o, row, column, i % channels_);
            }
            return sum;
          },
          weights_.data() + k * size);
    }
  }

  Layout MakeLayout(const MapShape& x) const {
    Layout layout{};
    layout.x = x;
    layout.sums = SumShape(x);
    layout.y = OutputShape(x);
    layout.tiles = (layout.sums.width + kTilePixels - 1) / kTilePixels;
    const std::int64_t read = in_tiles_ ? 2 * (kTilePixels * (layout.tiles - 1) + kTileReach)
                                        : (layout.sums.width - 1) * attributes().strides[1] + kernel_;
    layout.columns = std::max(attributes().pads[1] + x.width, read);
    layout.pixel_row = layout.columns * channels_ + kSlack;
    layout.point_stride = (layout.tiles * matrix_.row_values + kSlack) / kSlack * kSlack;
    layout.sum_row = (in_tiles_ ? layout.tiles * kTilePixels : layout.sums.width) * groups_ * kernels_.lanes;
    return layout;
  }

  Memory TakeMemory(const Layout& layout, ScratchCutter* cutter) const {
    Memory memory{};
    memory.pixel_rows = cutter->Take<P>((in_tiles_ ? 1 : kernel_) * layout.pixel_row);
    if (in_tiles_) {
      memory.evaluated = cutter->Take<std::int16_t>(kernel_ * kPoints * layout.point_stride);
      memory.point_sums = cutter->Take<std::int32_t>(kPoints * layout.tiles * kernels_.lanes);
    }
    memory.sum_rows = cutter->Take<std::int16_t>(attributes().pool.shape[0] * layout.sum_row);
    memory.thresholds = cutter->Take<std::int16_t>(WordChannels(outs_));
    return memory;
  }

  void FillZeroPixels(std::int64_t columns, P* to) const {
    for (std::int64_t i = 0; i < columns; ++i) to = std::copy(zero_pixel_.begin(), zero_pixel_.end(), to);
  }

  /// Row `row` of the image or of the padding above or below it.
  void MakePixelRow(const Layout& layout, const IntegerInput& input, std::int64_t row, P* to) const {
    const MapShape& x = layout.x;
    const std::int64_t before = attributes().pads[1];
    if (row < 0 || row >= x.height) {
      FillZeroPixels(layout.columns, to);
    } else {
      FillZeroPixels(before, to);
      P* const pixels = to + before * channels_;
      const std::int64_t plane = x.height * x.width;
      if (input.pixel_type == PixelType::kFloat) {
        kernels_.float_pixels(static_cast<const float*>(input.x) + row * x.width, plane, channels_, x.width, pixels);
      } else {
        kernels_.byte_pixels_of(static_cast<const std::uint8_t*>(input.x) + row * x.width, plane, channels_, x.width,
                                pixels);
      }
      FillZeroPixels(layout.columns - before - x.width, pixels + x.width * channels_);
    }
    std::fill_n(to + layout.columns * channels_, kSlack, P{0});
  }

  void MakeSumRow(const Layout& layout, const IntegerInput& input, const Memory& memory, std::int64_t sum_row,
                  Ring* ring, std::int16_t* to) const {
    std::array<const void*, kMaxWindow> rows{};
    for (std::int64_t i = 0; i < kernel_; ++i) {
      const std::int64_t row = sum_row * attributes().strides[0] - attributes().pads[0] + i;
      const auto slot = static_cast<std::int64_t>(ring->Slot(row));
      const bool is_new = ring->Claim(row);
      if (in_tiles_) {
        std::int16_t* const evaluated = memory.evaluated + slot * kPoints * layout.point_stride;
        if (is_new) {
          MakePixelRow(layout, input, row, memory.pixel_rows);
          if constexpr (sizeof(P) == 2) {
            kernels_.evaluate(memory.pixel_rows, matrix_.row_values, layout.tiles, layout.point_stride, evaluated);
          }
        }
        rows[static_cast<std::size_t>(i)] = evaluated;
      } else {
        P* const pixels = memory.pixel_rows + slot * layout.pixel_row;
        if (is_new) MakePixelRow(layout, input, row, pixels);
        rows[static_cast<std::size_t>(i)] = pixels;
      }
    }
    MatrixPass pass{};
    pass.rows = rows.data();
    pass.row_count = static_cast<int>(kernel_);
    pass.steps = matrix_.Steps();
    pass.weights = weights_.data();
    pass.groups = groups_;
    pass.finish = finish_.View();
    pass.y = to;
    pass.y_stride = groups_ * kernels_.lanes;
    if (in_tiles_) {
      pass.pixel_stride = matrix_.row_values * static_cast<std::int64_t>(sizeof(P));
      pass.pixels = layout.tiles;
      kernels_.tiles({pass, layout.point_stride * static_cast<std::int64_t>(sizeof(P)), memory.point_sums});
    } else {
      pass.pixel_stride = attributes().strides[1] * channels_ * static_cast<std::int64_t>(sizeof(P));
      pass.pixels = layout.sums.width;
      kernels_.pixels(pass);
    }
  }

  const EndKernels& kernels_;
  const std::int64_t outs_;
  const std::int64_t channels_;
  const std::int64_t kernel_;
  const std::int64_t groups_;
  const bool in_tiles_;
  const MatrixSize matrix_;
  const std::vector<std::uint8_t> zero_pixel_;
  const PreparedFinish finish_;
  AlignedArray<Weight> weights_;  ///< of each group, one matrix or one for each point
};

}  // namespace

std::unique_ptr<IntegerLayer> MakeFastStem(const EndKernels& kernels, const StemParameters& parameters) {
  if (kernels.byte_pixels) return std::make_unique<FastStem<std::uint8_t>>(kernels, parameters);
  return std::make_unique<FastStem<std::int16_t>>(kernels, parameters);
}

}  // namespace subbit
