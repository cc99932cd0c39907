#include "device/value_cycles.h"

#include <algorithm>

#include "device/bus_model.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

/// Sums of a tile for each of its pixels.
constexpr std::uint64_t kTableSums = 512;
/// From a value's accumulator to the bus, and the beats of a burst there.
constexpr std::uint64_t kFinish = 18;
constexpr std::uint64_t kBurst = 16;
/// From a band's last value on the bus to its first row of signs, and from the last one to the next band's values.
constexpr std::uint64_t kHandOver = 8;
/// On top of a cycle for each step of a band, most and fewest, and for each band, of an image and of those whose signs
/// are written together: until the height of a band is known.
constexpr std::uint64_t kMeasure = 4;

}  // namespace

ValueBands::ValueBands(const LayerDescriptor& d, std::uint64_t pixels, bool pairs)
    : d_(d),
      single_(d.out_channels <= contract::kIndexOutputs),
      row_beats_(CeilDivide(d.output_row_bytes(), kBusBytes)) {
  const std::uint64_t block = std::min<std::uint64_t>(contract::kIndexOutputs, d.out_channels);
  const std::uint64_t steps_in_row = CeilDivide(d.out_width, 2 * pixels);
  // As few bands as the sums have room for, and all but the last of the same height, or nearly so.
  const std::uint64_t step_rows = pairs ? 1 : 2;
  const std::uint64_t most_steps = std::min<std::uint64_t>(
      std::max<std::uint64_t>(1, kTableSums / (block * steps_in_row)), CeilDivide(d.out_height, step_rows));
  const std::uint64_t bands = CeilDivide(d.out_height, most_steps * step_rows);
  const std::uint64_t steps = CeilDivide(d.out_height, bands * step_rows);
  band_rows_ = steps * step_rows;
  const std::uint64_t sign_bands = std::max<std::uint64_t>(1, 2 * kTableSums / (block * band_rows_));
  sign_rows_ = band_rows_ * sign_bands;
  measured_ = kMeasure + most_steps + bands + steps + std::min(sign_bands, bands);
}

std::uint64_t ValueBands::BitRuns(const LayerShape& d, std::uint64_t first, std::uint64_t row, std::uint64_t rows,
                                  std::uint64_t outputs) {
  const std::uint64_t row_bytes = RowBytes(ElementFormat::kBits, d.out_width);
  const std::uint64_t bytes = rows * row_bytes;
  // Behind the last row the beats of its run are still to be sent.
  std::uint64_t cycles = kWriteOverhead;
  for (std::uint64_t o = 0; o < outputs; ++o) {
    const std::uint64_t offset = ((first + o) * d.out_height + row) * row_bytes % kBusBytes;
    // A row per cycle, and one more for what the last row leaves of a second beat; meanwhile the run before is sent.
    const std::uint64_t before = rows == 1 ? offset : (offset + bytes - row_bytes) % kBusBytes;
    cycles += std::max(rows + (before + row_bytes > kBusBytes ? 1 : 0),
                       CeilDivide(offset + bytes, kBusBytes) + kWriteOverhead);
  }
  return cycles;
}

std::uint64_t ValueBands::EndRun(std::uint64_t begins, std::uint64_t beats) {
  room_ = std::max(begins, free_) + beats;
  free_ = room_ + kWriteOverhead;
  return room_ + 2;
}

void ValueBands::EndBand(std::uint64_t first, std::uint64_t row, std::uint64_t rows, std::uint64_t outputs,
                         std::uint64_t beats) {
  // The last burst is sent when all its beats are there; in front of signs that takes no time.
  written_ = room_ + kFinish + std::min(beats, kBurst);
  const std::uint64_t end = row + rows;
  if (d_.integer->gives_signs && (end == d_.out_height || end % sign_rows_ == 0)) {
    const std::uint64_t begin = row / sign_rows_ * sign_rows_;
    written_ = free_ = room_ + kFinish + kHandOver + BitRuns(d_, first, begin, end - begin, outputs);
  }
}

}  // namespace subbit::fpga
