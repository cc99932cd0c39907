#pragma once

#include <cstdint>

#include "device/layer_descriptor.h"

namespace subbit::fpga {

/// The multiply-adders of the dense unit: each takes a pixel of 16 bits and a weight of 10, contract::kDenseOutputs
/// output channels for each of so many pixels.
inline constexpr std::uint64_t kDensePixels = 2;

/// The cycles of a stem (with the list of taps that device/stem_taps.h makes), shortcut or classifier, from the first
/// weight that is read to the last output that is written, on the dense unit that docs/DEVICE.md describes, for the
/// memories and the bus that it states.
std::uint64_t DenseCycles(const LayerDescriptor& layer);

/// Cycles of the bus that a layer takes, for reads and for writes.
struct BusCycles {
  double reads = 0;
  double writes = 0;
};

/// What a stem asks of the bus.
struct StemBus {
  /// But for its signs: runs of a beat or two, for which others hardly wait.
  BusCycles cycles;
  /// Beats of its list of taps and of weights that are read at its begin.
  std::uint64_t weights;
  std::uint64_t list;  ///< cycles in which its list of taps is stored
  /// Rows of the output of some channels that are written one by one, runs of each, and for how long what is written
  /// of one may be late before the multiply-adders wait.
  double units;
  double runs;
  double slack;
};

StemBus BusOf(const LayerDescriptor& stem);

}  // namespace subbit::fpga
