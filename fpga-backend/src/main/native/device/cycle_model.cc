#include "device/cycle_model.h"

#include <algorithm>

namespace subbit::fpga {
namespace {

constexpr std::uint64_t CeilDivide(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

/// Cycles for one output pixel and one input channel.
std::uint64_t CyclesPerWindow(Mode mode, int tau, std::uint32_t group_out_channels, const Capabilities& c) {
  if (mode == Mode::kDirect) {
    return CeilDivide(group_out_channels, c.dot_units);
  }
  return std::max(CeilDivide(std::uint64_t{1} << tau, c.dot_units), CeilDivide(group_out_channels, c.accumulators));
}

}  // namespace

std::uint64_t ModelledCycles(const LayerDescriptor& layer, const Capabilities& capabilities) {
  const std::uint64_t windows = std::uint64_t{layer.batch} * layer.out_height * layer.out_width * layer.in_channels;
  return windows * CyclesPerWindow(layer.mode, layer.tau, layer.group_out_channels(), capabilities);
}

Mode FasterMode(int tau, std::uint32_t group_out_channels, const Capabilities& capabilities) {
  const bool table_fits = (1u << tau) <= capabilities.table_depth;
  const bool table_wins = CyclesPerWindow(Mode::kTable, tau, group_out_channels, capabilities) <
                          CyclesPerWindow(Mode::kDirect, tau, group_out_channels, capabilities);
  return table_fits && table_wins ? Mode::kTable : Mode::kDirect;
}

}  // namespace subbit::fpga
