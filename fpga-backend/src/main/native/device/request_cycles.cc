#include "device/request_cycles.h"

#include <algorithm>

#include "device/bus_model.h"
#include "device/cycle_model.h"
#include "device/index_order.h"

namespace subbit::fpga {
namespace {

/// From a layer's end to the next one's begin: status, descriptor and checks; and the status alone.
constexpr double kBetween = 250;
constexpr double kStatus = 30;
/// A layer that goes on beside others: from its last parameter to the end that it seems to have.
constexpr std::uint64_t kStarted = 4;
/// A piece of a run while a stem runs beside (subbit_arbiter), and the cycles between two that are written.
constexpr double kPiece = 64;
constexpr double kBetweenPieces = 2;

/// Beats of the bus that a convolution reads and writes, and cycles of a run that hold up others.
BusCycles ConvBus(const LayerDescriptor& d) {
  const double images = d.batch;
  const double values = static_cast<double>(CeilDivide(d.output_image_bytes(), kBusBytes));
  BusCycles bus;
  bus.reads = images * static_cast<double>(CeilDivide(d.input_image_bytes(), kBusBytes) +
                                           CeilDivide(IndexBytes(d, IndexOrder::kTables), kBusBytes)) +
              (d.adds_residual ? images * values : 0);
  bus.writes = images * values;
  if (d.integer.has_value() && d.integer->gives_signs) {
    bus.writes += images * static_cast<double>(d.out_channels) *
                  static_cast<double>(CeilDivide(d.signs_image_bytes() / d.out_channels, kBusBytes) + kWriteOverhead);
  }
  return bus;
}

}  // namespace

std::uint64_t RequestCycles::Next(const LayerDescriptor& layer) {
  return Next(layer, engine_ == Engine::kSubBit ? ModelledCycles(layer, capabilities_)
                                                : BinaryEngineCycles(layer, capabilities_));
}

std::uint64_t RequestCycles::Next(const LayerDescriptor& layer, std::uint64_t alone) {
  Pass(between_);
  between_ = kBetween;
  if (!layer.integer.has_value() || layer.integer->kind == Kind::kConv) {
    const std::uint64_t held = held_;
    held_ = 0;
    Pass(static_cast<double>(held));
    return held + Beside(layer, alone);
  }
  // It waits for the array.
  held_ = 0;
  const auto waited = static_cast<std::uint64_t>(stem_left_);
  stem_left_ = 0;
  if (layer.integer->beside == 0) {
    return waited + alone;
  }
  const std::uint64_t started = kRunOverhead + CeilDivide(layer.parameter_bytes(), kBusBytes) + kStarted;
  stem_bus_ = BusOf(layer);
  stem_cycles_ = static_cast<double>(alone);
  stem_left_ = static_cast<double>(alone - std::min(alone, started));
  // The next descriptor is asked for when the status is in memory: where the list is still being stored then, it comes
  // before the weights, and the layer waits for these; else it comes behind them.
  if (static_cast<double>(stem_bus_.list) > kStatus + static_cast<double>(kMemoryLatency)) {
    held_ = stem_bus_.weights;
  } else {
    between_ += static_cast<double>(stem_bus_.weights);
  }
  return waited + started;
}

std::uint64_t RequestCycles::End() {
  Pass(kStatus);
  const auto waited = static_cast<std::uint64_t>(stem_left_);
  stem_left_ = 0;
  return waited;
}

void RequestCycles::Pass(double cycles) { stem_left_ = std::max(0.0, stem_left_ - cycles); }

std::uint64_t RequestCycles::Beside(const LayerDescriptor& layer, std::uint64_t alone) {
  if (stem_left_ == 0) {
    return alone;
  }
  // Both need the bus at random: a cycle that the stem takes is one that the layer loses if it would have had it.
  const BusCycles bus = ConvBus(layer);
  const auto own = static_cast<double>(alone);
  const double reads = std::min(1.0, bus.reads / own);
  const double writes = std::min(1.0, bus.writes / own);
  const double slower = 1 + reads * stem_bus_.cycles.reads / stem_cycles_ +
                        writes * (stem_bus_.cycles.writes / stem_cycles_ + kBetweenPieces / kPiece);
  // A run of the stem waits for half of a piece if the layer is writing one, of values.
  const double values = std::min(1.0, static_cast<double>(layer.batch * layer.output_image_bytes() / kBusBytes) / own);
  const double waits = std::max(0.0, stem_bus_.runs * values * kPiece / 2 - stem_bus_.slack);
  const double stem_slower = 1 + stem_bus_.units * waits / stem_cycles_;
  const double beside = std::min(stem_left_ * stem_slower, own * slower);
  Pass(beside / stem_slower);
  return static_cast<std::uint64_t>(beside + own - beside / slower);
}

}  // namespace subbit::fpga
