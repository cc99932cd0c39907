#include "device/dense_cycles.h"

#include <algorithm>

#include "device/bus_model.h"
#include "device/integer_parameters.h"

namespace subbit::fpga {
namespace {

/// Values that are scaled, or bent, in one cycle: as many as a beat of the bus carries.
constexpr std::uint64_t kFinished = 4;

std::uint64_t Beats(std::uint64_t bytes) { return CeilDivide(bytes, kBusBytes); }

std::uint64_t ParameterCycles(const LayerShape& d) { return kRunOverhead + Beats(d.parameter_bytes()); }

/// The cycles to write a row of all output channels of a block, and its signs.
std::uint64_t WriteCycles(const LayerShape& d, std::uint64_t outputs) {
  const std::uint64_t signs = d.integer->gives_signs ? outputs * (1 + kWriteOverhead) : 0;
  return kWriteOverhead + outputs * Beats(d.output_row_bytes()) + signs;
}

/// The cycles of the multiply-adders, and of the scaling beside them, for a row of sums.
std::uint64_t RowCycles(std::uint64_t width, std::uint64_t taps, std::uint64_t outputs) {
  const std::uint64_t finish = CeilDivide(kDensePixels * outputs, kFinished);
  return CeilDivide(width, kDensePixels) * std::max(taps, finish);
}

/// Calls visit(outputs) for each block of output channels.
template <class Visit>
void ForEachBlock(const LayerShape& d, const Visit& visit) {
  for (std::uint64_t first = 0; first < d.out_channels; first += contract::kDenseOutputs) {
    visit(std::min<std::uint64_t>(contract::kDenseOutputs, d.out_channels - first));
  }
}

/// Blocks one after the other; each reads the image again.
std::uint64_t StemCycles(const LayerShape& d) {
  const std::uint64_t taps = d.dense_taps();
  const std::uint64_t sum_rows =
      (std::uint64_t{d.in_height} + d.pad_top + d.pad_bottom - d.integer->kernel) / d.stride_h + 1;
  const std::uint64_t sum_width =
      (std::uint64_t{d.in_width} + d.pad_left + d.pad_right - d.integer->kernel) / d.stride_w + 1;
  const std::uint64_t read_row = d.in_channels * (kRunOverhead + Beats(d.in_width));
  std::uint64_t cycles = 0;
  ForEachBlock(d, [&](std::uint64_t outputs) {
    const std::uint64_t weights = kRunOverhead + taps * Beats(contract::kDenseOutputs);
    // The rows of the next sums are read while a row is computed and one is written.
    const std::uint64_t row = std::max({RowCycles(sum_width, taps, outputs), d.stride_h * read_row,
                                        WriteCycles(d, outputs) * d.out_height / sum_rows});
    cycles += weights + d.batch * (d.integer->kernel * read_row + sum_rows * row + WriteCycles(d, outputs));
  });
  return cycles + ParameterCycles(d);
}

/// Blocks whose weights fit on chip together, one set after the other; each reads the image again.
std::uint64_t ShortcutCycles(const LayerShape& d) {
  const std::uint64_t taps = d.dense_taps();
  const std::uint64_t blocks = CeilDivide(d.out_channels, contract::kDenseOutputs);
  const std::uint64_t together = contract::kDenseTaps / taps;
  const std::uint64_t read = kRunOverhead + d.integer->pool[0] * d.in_channels * Beats(d.input_row_bytes());
  std::uint64_t cycles = 0;
  for (std::uint64_t first = 0; first < blocks; first += together) {
    const std::uint64_t here = std::min(together, blocks - first);
    const std::uint64_t outputs =
        std::min<std::uint64_t>(here * contract::kDenseOutputs, d.out_channels - first * contract::kDenseOutputs);
    const std::uint64_t weights = kRunOverhead + here * taps * Beats(contract::kDenseOutputs);
    // A value is two halves of 8 bits.
    const std::uint64_t compute =
        here * RowCycles(d.out_width, 2 * taps, std::min<std::uint64_t>(outputs, contract::kDenseOutputs));
    const std::uint64_t row = std::max({compute, read, WriteCycles(d, outputs)});
    cycles += weights + d.batch * (read + d.out_height * row + WriteCycles(d, outputs));
  }
  return cycles + ParameterCycles(d);
}

/// The pixels of the dense unit are images; so many share the weights that are read.
std::uint64_t ClassifierCycles(const LayerShape& d) {
  const std::uint64_t taps = d.dense_taps();
  const std::uint64_t pool = kRunOverhead + d.in_height * d.in_channels * Beats(d.input_row_bytes());
  std::uint64_t cycles = 0;
  for (std::uint64_t image = 0; image < d.batch; image += kDensePixels) {
    const std::uint64_t images = std::min<std::uint64_t>(kDensePixels, d.batch - image);
    cycles += images * pool;
    ForEachBlock(d, [&](std::uint64_t outputs) {
      cycles += kRunOverhead + taps * Beats(contract::kDenseOutputs) + 2 * taps +
                images * (kWriteOverhead + Beats(4 * outputs));
    });
  }
  return cycles;
}

}  // namespace

std::uint64_t DenseCycles(const LayerDescriptor& d) {
  const std::uint64_t cycles = d.integer->kind == Kind::kStem       ? StemCycles(d)
                               : d.integer->kind == Kind::kShortcut ? ShortcutCycles(d)
                                                                    : ClassifierCycles(d);
  return cycles + kTailOverhead;
}

}  // namespace subbit::fpga
