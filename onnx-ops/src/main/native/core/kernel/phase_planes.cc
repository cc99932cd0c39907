#include "core/kernel/phase_planes.h"

namespace subbit {
namespace {

constexpr int kMaxTapRows = kKernelSize + 1;

/// One axis: the distinct phases of the taps, which of them each tap uses, and how far into it. `step` is what a phase
/// advances at once; tap t lies t * dilation in.
struct Axis {
  std::array<std::int64_t, kKernelSize> phase{};
  std::array<int, kMaxTapRows> phase_of_tap{};
  std::array<std::int64_t, kMaxTapRows> shift_of_tap{};
  int phases = 0;
  std::int64_t largest_shift = 0;

  Axis(std::int64_t step, std::int64_t dilation, int taps) {
    for (int tap = 0; tap < taps; ++tap) {
      const auto t = static_cast<std::size_t>(tap);
      const std::int64_t remainder = tap * dilation % step;
      shift_of_tap[t] = tap * dilation / step;
      largest_shift = shift_of_tap[t];
      phase_of_tap[t] = static_cast<int>(std::find(phase.begin(), phase.begin() + phases, remainder) - phase.begin());
      if (phase_of_tap[t] == phases) phase[static_cast<std::size_t>(phases++)] = remainder;
    }
  }
};

}  // namespace

PhasePlanes::PhasePlanes(const ConvGeometry& g, int rows_of_group) : geometry(g), row_group(rows_of_group) {
  const int tap_rows = kKernelSize + row_group - 1;
  row_step = row_group * g.attributes.strides[0];
  const Axis row(row_step, g.attributes.dilations[0], tap_rows);
  const Axis column(g.attributes.strides[1], g.attributes.dilations[1], kKernelSize);
  row_phases = row.phases;
  column_phases = column.phases;
  row_phase = row.phase;
  column_phase = column.phase;
  const std::int64_t groups = (g.out_height + row_group - 1) / row_group;
  rows_below = row.largest_shift;
  pitch = g.out_width + column.largest_shift;
  positions = (groups - 1) * pitch + g.out_width;
  for (int i = 0; i < tap_rows; ++i) {
    for (int j = 0; j < kKernelSize; ++j) {
      const auto r = static_cast<std::size_t>(i);
      const auto c = static_cast<std::size_t>(j);
      tap_phase[r * kKernelSize + c] = row.phase_of_tap[r] * column_phases + column.phase_of_tap[c];
      tap_shift[r * kKernelSize + c] = row.shift_of_tap[r] * pitch + column.shift_of_tap[c];
    }
  }
  *this = Band(0, groups - 1);
}

PhasePlanes PhasePlanes::Band(std::int64_t first, std::int64_t last) const {
  PhasePlanes band = *this;
  band.first_row = first;
  band.rows = last - first + 1 + rows_below;
  band.channel_size = row_phases * column_phases * band.rows * pitch;
  for (std::size_t tap = 0; tap < tap_offset.size(); ++tap) {
    band.tap_offset[tap] = tap_phase[tap] * band.rows * pitch + tap_shift[tap];
  }
  return band;
}

PixelRun* PhasePlanes::FindRuns(std::int64_t first, std::int64_t count, PixelRun* runs, int row_of_group) const {
  const std::int64_t last = std::min(first + count, positions);
  for (std::int64_t row = first / pitch; row * pitch < last; ++row) {
    const std::int64_t out_row = row * row_group + row_of_group;
    const std::int64_t begin = std::max(first, row * pitch);
    const std::int64_t end = std::min(last, row * pitch + geometry.out_width);
    if (begin >= end || out_row >= geometry.out_height) continue;
    *runs++ = {begin - first, out_row * geometry.out_width + begin - row * pitch, end - begin};
  }
  return runs;
}

PixelRun* PhasePlanes::FindPositions(std::int64_t first, std::int64_t count, PixelRun* runs) const {
  const std::int64_t last = std::min(first + count, geometry.out_height * geometry.out_width);
  for (std::int64_t at = first; at < last;) {
    const std::int64_t row = at / geometry.out_width;
    const std::int64_t end = std::min(last, (row + 1) * geometry.out_width);
    *runs++ = {at - first, row * pitch + at - row * geometry.out_width, end - at};
    at = end;
  }
  return runs;
}

}  // namespace subbit
