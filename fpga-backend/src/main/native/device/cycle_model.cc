#include "device/cycle_model.h"

#include <algorithm>

#include "device/bus_model.h"
#include "device/dense_cycles.h"
#include "device/table_cycles.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

/// The memories that the model assumes; docs/DEVICE.md states them.
constexpr std::uint64_t kBankPixels = 512;
constexpr std::uint64_t kTileRows = 64;
/// The same for the rows of a step, from one step's fetch to the next.
constexpr std::uint64_t kFetchOverhead = kMemoryLatency + 14;
/// A write's response and the steps from one part of a layer to the next.
constexpr std::uint64_t kLayerOverhead = kMemoryLatency + 60;
/// A residual is read in runs of at most this many beats.
constexpr std::uint64_t kResidualBeats = 16;
constexpr std::uint64_t kResidualOverhead = kMemoryLatency + 6;

/// Accumulators of a lane in each half.
std::uint64_t LaneSums(const Capabilities& c) { return std::max<std::uint64_t>(512, 4096 / c.accumulators); }

std::uint64_t LoadCycles(const LayerDescriptor& d) {
  std::uint64_t cycles = kRunOverhead + (std::uint64_t{1} << d.tau);
  const int parameters = (d.bias_address != 0 ? 1 : 0) + (d.output_format != OutputFormat::kI32 ? 1 : 0);
  cycles += parameters * (kRunOverhead + std::uint64_t{d.out_channels});
  return cycles + d.tau * (kRunOverhead + CeilDivide(CeilDivide(d.kernels(), 8), kBusBytes));
}

/// How a layer is cut into tiles: whole rows if a lane holds the sums of at least one, otherwise parts of a row.
struct Tiling {
  std::uint64_t rows;
  std::uint64_t columns;
};

Tiling TilingOf(const LayerShape& d, const Capabilities& c) {
  const std::uint64_t slots = CeilDivide(d.group_out_channels(), c.accumulators);
  const std::uint64_t row_sums = d.out_width * slots;
  if (row_sums > LaneSums(c)) {
    // Bits are written in whole bytes.
    const std::uint64_t unit = d.output_format == OutputFormat::kBits ? 8 : 1;
    return {1, std::max<std::uint64_t>(1, LaneSums(c) / slots / unit) * unit};
  }
  std::uint64_t rows = 1;
  const auto fits = [&](std::uint64_t n) {
    const std::uint64_t input_rows = (n - 1) * d.stride_h + 2 * d.dilation_h + 1;
    return n <= d.out_height && n <= kTileRows && n * row_sums <= LaneSums(c) &&
           CeilDivide(input_rows, 3) * d.in_width <= kBankPixels;
  };
  while (fits(rows + 1)) {
    ++rows;
  }
  return {rows, d.out_width};
}

/// The cycles that the three processes of the engine spend on a tile.
struct TileWork {
  std::uint64_t fetch;    ///< rows and indices of its first step
  std::uint64_t compute;  ///< all steps, each but the first waiting for its rows
  std::uint64_t step;     ///< the last of them
  std::uint64_t write;
  std::uint64_t row_reads;       ///< of the bus, for the rows of all channels
  std::uint64_t residual_reads;  ///< of the bus, before the tile is written; 0 without a residual
};

/// The cycles that the windows of a row take in one channel. One window is buffered between the process that delivers
/// windows and the one that uses them; a row begins with three new columns.
std::uint64_t RowCycles(const LayerShape& d, const Capabilities& c, std::uint64_t windows) {
  const std::uint64_t per_window = CyclesPerWindow(d.mode, d.tau, d.group_out_channels(), c);
  if (c.response_unit != registers::kResponseUnitSharedAdders) {
    const std::uint64_t slower = std::max<std::uint64_t>(per_window, d.stride_w);
    return windows * slower + (slower < 3 ? 3 - slower : 0);
  }
  // Shared adders build a column's sums in three cycles, and a second window waits with its sums.
  const std::uint64_t wait = 2 * per_window < 11 ? 11 - 2 * per_window : 0;
  return std::max(windows * per_window + wait, 9 + 3 * d.stride_w * (windows - 1));
}

/// The cycles to fetch the rows and indices of an input channel, whose pixels are stored one per cycle.
std::uint64_t FetchCycles(const LayerShape& d, std::uint64_t input_rows) {
  return std::max(kFetchOverhead + input_rows * d.in_width, std::uint64_t{d.group_out_channels()} + 6);
}

/// Rows of the image under the taps of a tile's rows.
std::uint64_t InputRows(const LayerShape& d, std::uint64_t row, std::uint64_t rows) {
  const auto first = static_cast<std::int64_t>(row * d.stride_h) - d.pad_top;
  const auto end = first + static_cast<std::int64_t>((rows - 1) * d.stride_h + 2 * d.dilation_h + 1);
  return static_cast<std::uint64_t>(std::min<std::int64_t>(end, d.in_height) - std::max<std::int64_t>(first, 0));
}

TileWork TileOf(const LayerShape& d, const Capabilities& c, std::uint64_t row, std::uint64_t rows,
                std::uint64_t columns) {
  const std::uint64_t pixels = rows * columns;
  const std::uint64_t input_rows = InputRows(d, row, rows);
  TileWork tile{};
  tile.step = rows * RowCycles(d, c, columns);
  // A step's rows and indices are fetched while the step before is computed.
  tile.fetch = FetchCycles(d, input_rows);
  tile.compute = (d.in_channels - 1) * std::max(tile.step, tile.fetch) + tile.step;
  tile.row_reads = d.in_channels * (kRunOverhead + CeilDivide(input_rows * d.in_width, kBusBytes));
  tile.write =
      d.out_channels *
      std::max(pixels,
               CeilDivide(rows * RowBytes(d.output_format, static_cast<std::uint32_t>(columns)), kBusBytes) + 3);
  if (d.adds_residual) {
    // Runs are asked for one after the other, the first when the tile's write-back begins.
    const std::uint64_t beats = CeilDivide(pixels, kBusBytes);
    const bool aligned = pixels % kBusBytes == 0 && std::uint64_t{d.out_height} * d.out_width % kBusBytes == 0;
    const std::uint64_t run = kResidualOverhead + (aligned ? 0 : 1);
    const std::uint64_t read = CeilDivide(beats, kResidualBeats) * run + beats;
    tile.write += kResidualOverhead + 1;
    tile.residual_reads = d.out_channels * read + kResidualOverhead + 1;
  }
  return tile;
}

/// The sequence of tiles: a tile is written while the next is computed, and the one after that waits for the half of
/// the accumulators that the first one uses. On the bus, rows of the tile being computed take precedence over the
/// residual of the other.
class Pipeline {
 public:
  void Add(const TileWork& tile) {
    const std::uint64_t written_before = written_;
    written_ = WrittenBeside(tile.row_reads);
    const std::uint64_t fetched = tile.fetch + computed_ - newest_.step;
    computed_ = std::max({computed_, fetched, written_before}) + tile.compute;
    newest_ = tile;
  }
  std::uint64_t end() const { return WrittenBeside(0); }

 private:
  /// When the newest tile is written, if the rows of the next one take `row_reads` cycles of the bus.
  std::uint64_t WrittenBeside(std::uint64_t row_reads) const {
    const std::uint64_t reads = newest_.residual_reads == 0 ? 0 : newest_.residual_reads + row_reads;
    return std::max(computed_, written_) + std::max(newest_.write, reads);
  }

  TileWork newest_{};
  std::uint64_t computed_ = 0;
  std::uint64_t written_ = 0;  ///< when the tile before the newest is written
};

}  // namespace

std::uint64_t CyclesPerWindow(Mode mode, int tau, std::uint32_t group_out_channels, const Capabilities& c) {
  const std::uint64_t look_ups = CeilDivide(group_out_channels, c.accumulators);
  const std::uint64_t table = CeilDivide(std::uint64_t{1} << tau, c.dot_units);
  if (c.response_unit == registers::kResponseUnitSharedAdders) {
    // A window's look-ups must not overtake its responses.
    return mode == Mode::kDirect ? 3 * look_ups : std::max<std::uint64_t>(table + look_ups, 4);
  }
  return mode == Mode::kDirect ? CeilDivide(group_out_channels, c.dot_units) : std::max(table, look_ups);
}

std::uint64_t ComputeCycles(const LayerShape& layer, const Capabilities& capabilities) {
  const std::uint64_t windows = std::uint64_t{layer.batch} * layer.out_height * layer.out_width * layer.in_channels;
  return windows * CyclesPerWindow(layer.mode, layer.tau, layer.group_out_channels(), capabilities);
}

std::uint64_t ModelledCycles(const LayerDescriptor& d, const Capabilities& c) {
  if (d.integer.has_value() && d.integer->kind != Kind::kConv) {
    return DenseCycles(d);
  }
  if (c.response_unit == registers::kResponseUnitTables) {
    return TableCycles(d, c, SubBitKernels(d.tau));
  }
  // Images repeat, so a few of them show what each further one adds.
  constexpr std::uint32_t kImages = 4;
  const Tiling tiling = TilingOf(d, c);
  Pipeline pipeline;
  std::uint64_t image_before = 0;
  std::uint64_t image = 0;
  for (std::uint32_t i = 0; i < std::min(d.batch, kImages); ++i) {
    image_before = image;
    for (std::uint64_t row = 0; row < d.out_height; row += tiling.rows) {
      for (std::uint64_t column = 0; column < d.out_width; column += tiling.columns) {
        pipeline.Add(TileOf(d, c, row, std::min(tiling.rows, d.out_height - row),
                            std::min(tiling.columns, d.out_width - column)));
      }
    }
    image = pipeline.end();
  }
  const std::uint64_t further = d.batch > kImages ? d.batch - kImages : 0;
  return LoadCycles(d) + image + further * (image - image_before) + kLayerOverhead;
}

std::uint64_t BinaryEngineCycles(const LayerDescriptor& layer, const Capabilities& capabilities) {
  if (layer.integer.has_value() && layer.integer->kind != Kind::kConv) {
    return DenseCycles(layer);
  }
  if (capabilities.response_unit == registers::kResponseUnitTables) {
    return TableCycles(layer, capabilities, BinaryKernels());
  }
  LayerDescriptor direct = layer;
  direct.mode = Mode::kDirect;
  Capabilities binary = capabilities;
  if (capabilities.response_unit == registers::kResponseUnitSharedAdders) {
    // Two adders build column sums.
    binary.response_unit = registers::kResponseUnitDotUnits;
    binary.dot_units = binary.accumulators = std::max(1u, (capabilities.accumulators + 2) / 9);
  }
  return ModelledCycles(direct, binary);
}

Mode FasterMode(int tau, std::uint32_t group_out_channels, const Capabilities& capabilities) {
  if (capabilities.response_unit == registers::kResponseUnitTables) {
    return Mode::kTable;
  }
  const bool table_fits = (1u << tau) <= capabilities.table_depth;
  const bool table_wins = CyclesPerWindow(Mode::kTable, tau, group_out_channels, capabilities) <
                          CyclesPerWindow(Mode::kDirect, tau, group_out_channels, capabilities);
  return table_fits && table_wins ? Mode::kTable : Mode::kDirect;
}

}  // namespace subbit::fpga
