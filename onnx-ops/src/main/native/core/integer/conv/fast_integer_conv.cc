#include "core/integer/conv/fast_integer_conv.h"

#include <algorithm>

#include "core/kernel/scratch.h"

namespace subbit {
namespace {

/// How much of a convolution is worth handing to a thread: a few microseconds of the fast loops.
constexpr std::int64_t kBandProducts = 3'000'000;

AlignedArray<std::int16_t> Padded(const std::vector<std::int16_t>& values, std::int64_t size) {
  AlignedArray<std::int16_t> padded(size);
  std::copy(values.begin(), values.end(), padded.data());
  return padded;
}

bool IsPadding(int padding_class, int tap) {
  const int row = tap / kKernelSize;
  const int column = tap % kKernelSize;
  return ((padding_class & 1) != 0 && row == 0) || ((padding_class & 2) != 0 && row == 2) ||
         ((padding_class & 4) != 0 && column == 0) || ((padding_class & 8) != 0 && column == 2);
}

/// ConvTask's `start`.
AlignedArray<std::int16_t> MakeStart(const IntegerConvParameters& parameters, const PreparedWeights& weights,
                                     std::int64_t padded_outs) {
  const SubBitWeights& w = parameters.weights;
  AlignedArray<std::int16_t> start(kPaddingClasses * padded_outs);
  for (std::int64_t o = 0; o < w.out_channels; ++o) {
    std::int64_t tap_sums[kTaps] = {};
    for (std::int64_t c = 0; c < w.in_channels; ++c) {
      for (int tap = 0; tap < kTaps; ++tap) tap_sums[tap] += TapSign(w.Codeword(o, c), tap);
    }
    for (int k = 0; k < kPaddingClasses; ++k) {
      std::int64_t sum = kTaps * w.in_channels + 2 * weights.odd[static_cast<std::size_t>(o)];
      for (int tap = 0; tap < kTaps; ++tap) {
        if (IsPadding(k, tap)) sum += tap_sums[tap];
      }
      const auto shifted = static_cast<std::uint64_t>(sum) << parameters.attributes.shift;
      start[k * padded_outs + o] = static_cast<std::int16_t>(static_cast<std::uint16_t>(shifted));
    }
  }
  return start;
}

}  // namespace

FastIntegerConv::FastIntegerConv(const ConvKernels& kernels, const IntegerConvParameters& parameters)
    : IntegerConvLayer(parameters),
      kernels_(kernels),
      padded_outs_((parameters.attributes.out_channels + kOutputBlock - 1) / kOutputBlock * kOutputBlock),
      weights_(PrepareWeights(kernels, parameters.weights)),
      start_(MakeStart(parameters, weights_, padded_outs_)),
      multiplier_(Padded(parameters.multiplier, padded_outs_)),
      bias_(Padded(parameters.bias, padded_outs_)) {
  if (!parameters.residual.has_value()) return;
  slope_ = Padded(parameters.residual->slope, padded_outs_);
  shift_out_ = Padded(parameters.residual->shift_out, padded_outs_);
}

std::string FastIntegerConv::Name() const { return kernels_.name; }

std::int64_t FastIntegerConv::BandRows(const MapShape& x) const {
  const MapShape sums = SumShape(x);
  const std::int64_t height = OutputShape(x).height;
  const std::int64_t products = kTaps * x.channels * sums.channels * sums.width * sums.height;
  const std::int64_t rows = std::max<std::int64_t>(1, height / std::max<std::int64_t>(1, products / kBandProducts));
  const bool pairs = kernels_.method == SumMethod::kNibbles || kernels_.method == SumMethod::kCodewordPairs;
  // Two odd rows have no pixel without a partner.
  return std::min(height, pairs && sums.width % 2 != 0 ? (rows + 1) / 2 * 2 : rows);
}

std::int64_t FastIntegerConv::PooledRows(const MapShape& x) const {
  return attributes().pool.IsNone() ? 0 : std::min(attributes().pool.shape[0], SumShape(x).height);
}

FastIntegerConv::Scratch FastIntegerConv::Cut(const MapShape& x, void* memory) const {
  ScratchCutter cutter(memory);
  Scratch scratch{};
  scratch.loops = cutter.Take<std::byte>(kernels_.scratch_bytes(x.channels, weights_.steps, SumShape(x).width));
  scratch.sums = cutter.Take<std::int16_t>(PooledRows(x) * SumShape(x).width * padded_outs_);
  scratch.bytes = cutter.Bytes();
  return scratch;
}

std::size_t FastIntegerConv::ScratchBytes(const MapShape& x) const { return Cut(x, nullptr).bytes; }

void FastIntegerConv::Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
                          void* memory) const {
  const Scratch scratch = Cut(x, memory);
  const MapShape sums = SumShape(x);
  const bool block = AddsResidual();
  const auto shift = static_cast<int>(attributes().shift);
  ConvTask task{};
  task.signs = input.signs.data;
  task.words = input.signs.Words();
  task.pitch = input.signs.Pitch();
  task.stride_rows = attributes().strides[0];
  task.stride_columns = attributes().strides[1];
  task.x_rows = x.height;
  task.x_columns = x.width;
  task.columns = sums.width;
  task.channels = x.channels;
  task.outs = sums.channels;
  task.padded_outs = padded_outs_;
  task.steps = weights_.steps;
  task.tables = weights_.tables.data();
  task.index = weights_.index.data();
  task.bits = weights_.bits.data();
  task.row_bytes = weights_.row_bytes;
  task.start = start_.data();
  task.count_shift = shift + (weights_.halved ? 2 : 1);
  task.odd_shift = shift + 1;
  task.multiplier = multiplier_.data();
  task.bias = bias_.data();
  task.slope = block ? slope_.data() : nullptr;
  task.shift_out = block ? shift_out_.data() : nullptr;
  task.slope_shift = static_cast<int>(attributes().slope_shift);
  task.most = static_cast<std::int16_t>((1 << (attributes().width - 1)) - 1);
  task.residual = input.residual;
  task.y = output.y;
  task.next_threshold = output.next_threshold;
  if (output.next_threshold != nullptr) {
    task.next_signs = output.next_signs.At(0, 0);
    task.next_words = output.next_signs.Words();
    task.next_pitch = output.next_signs.Pitch();
  }
  if (attributes().pool.IsNone()) {
    task.first_row = rows.begin;
    task.past_row = rows.end;
    kernels_.convolve(task, scratch.loops);
    return;
  }
  const PoolWindow& pool = attributes().pool;
  task.sums = scratch.sums;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const PoolWindow::Positions window = pool.At(0, row, sums.height);
    task.first_row = window.begin;
    task.past_row = window.end;
    kernels_.convolve(task, scratch.loops);
    PoolTask pooled{};
    pooled.conv = task;
    pooled.row = row;
    pooled.y_columns = pool.OutputLength(1, sums.width);
    pooled.first_row = window.begin;
    pooled.past_row = window.end;
    pooled.window = pool.shape[1];
    pooled.stride = pool.strides[1];
    pooled.pad = pool.pads[1];
    kernels_.pool(pooled);
  }
}

}  // namespace subbit
