#include "core/phase_planes.h"

namespace subbit {
namespace {

/// One axis: the distinct phases of the three taps, which of them each tap uses, and how far into it.
struct Axis {
  std::array<std::int64_t, kKernelSize> phase{};
  std::array<int, kKernelSize> phase_of_tap{};
  std::array<std::int64_t, kKernelSize> shift_of_tap{};
  int phases = 0;

  Axis(std::int64_t stride, std::int64_t dilation) {
    for (int tap = 0; tap < kKernelSize; ++tap) {
      const auto t = static_cast<std::size_t>(tap);
      const std::int64_t remainder = tap * dilation % stride;
      shift_of_tap[t] = tap * dilation / stride;
      phase_of_tap[t] = static_cast<int>(std::find(phase.begin(), phase.begin() + phases, remainder) - phase.begin());
      if (phase_of_tap[t] == phases) phase[static_cast<std::size_t>(phases++)] = remainder;
    }
  }
};

}  // namespace

PhasePlanes::PhasePlanes(const ConvGeometry& g) : geometry(g) {
  const Axis row(g.attributes.strides[0], g.attributes.dilations[0]);
  const Axis column(g.attributes.strides[1], g.attributes.dilations[1]);
  row_phases = row.phases;
  column_phases = column.phases;
  row_phase = row.phase;
  column_phase = column.phase;
  rows = g.out_height + row.shift_of_tap[2];
  pitch = g.out_width + column.shift_of_tap[2];
  positions = (g.out_height - 1) * pitch + g.out_width;
  channel_size = row_phases * column_phases * rows * pitch;
  for (std::size_t tap = 0; tap < kTaps; ++tap) {
    const std::size_t i = tap / kKernelSize;
    const std::size_t j = tap % kKernelSize;
    const std::int64_t phase = row.phase_of_tap[i] * column_phases + column.phase_of_tap[j];
    tap_offset[tap] = phase * rows * pitch + row.shift_of_tap[i] * pitch + column.shift_of_tap[j];
  }
}

PixelRun* PhasePlanes::FindRuns(std::int64_t first, std::int64_t count, PixelRun* runs) const {
  const std::int64_t last = std::min(first + count, positions);
  for (std::int64_t row = first / pitch; row * pitch < last; ++row) {
    const std::int64_t begin = std::max(first, row * pitch);
    const std::int64_t end = std::min(last, row * pitch + geometry.out_width);
    if (begin < end) *runs++ = {begin - first, row * geometry.out_width + begin - row * pitch, end - begin};
  }
  return runs;
}

}  // namespace subbit
