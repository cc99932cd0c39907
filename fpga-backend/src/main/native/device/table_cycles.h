#pragma once

#include <cstdint>

#include "device/capabilities.h"
#include "device/layer_descriptor.h"

namespace subbit::fpga {

/// What an array of tables does for a kernel.
struct TableKernels {
  /// Entries that are filled in, of all tables of a channel.
  std::uint64_t entries;
  /// Look-ups of a kernel, one after the other.
  std::uint64_t look_ups;
  /// Bits of the index that are read from memory.
  std::uint64_t index_bits;
};

/// Sub-bit kernels: one look-up in a table of 2^tau entries.
TableKernels SubBitKernels(int tau);

/// Plain binary kernels on the same array: five taps are looked up in a table of 32 entries, four in one of 16.
TableKernels BinaryKernels();

/// The cycles of a layer on an engine with tables, from the first weight that is read to the last output that is
/// written, for the memories and the bus that docs/DEVICE.md states. Goes through the layer step by step.
std::uint64_t TableCycles(const LayerDescriptor& layer, const Capabilities& capabilities, const TableKernels& kernels);

}  // namespace subbit::fpga
