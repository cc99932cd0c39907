#pragma once

#include <cstdint>

#include "device/device.h"
#include "tables/device.h"

namespace subbit::fpga {

/// What a device can do, as read from its read-only registers.
struct Capabilities {
  /// How responses are made: registers::kResponseUnitDotUnits, kResponseUnitSharedAdders or
  /// kResponseUnitTables.
  std::uint32_t response_unit = 0;
  /// Nine-tap responses that are computed for an input channel in one cycle: the number of dot units, or half the
  /// number of shared adders.
  std::uint32_t dot_units = 1;
  /// Looked-up responses of an input channel that are accumulated in one cycle.
  std::uint32_t accumulators = 4;
  /// Input channels that are processed at once; each has the units above to itself.
  std::uint32_t channel_lanes = 1;
  /// Responses that one bank of the double-buffered table holds: table mode needs 2^tau of them at most.
  std::uint32_t table_depth = 64;
  /// Largest number of bits in an index; 9 for a plain binary network.
  std::uint32_t max_tau = 9;
  /// A set of registers::kFeatures... bits.
  std::uint32_t features = 0;
  /// Largest number of input channels, and of output channels, over all groups.
  std::uint32_t max_channels = 65535;
  /// Largest width of an input or an output.
  std::uint32_t max_width = 65535;
  /// With tables: the most that input channels times thirds of their rows, rounded up, may be; 0 for no limit.
  std::uint32_t input_rows = 0;
  /// Bytes of device memory; addresses run from 0.
  std::uint64_t memory_bytes = 0;

  /// The newest version of descriptors that the device takes: 3, that of integer layers, or 2.
  std::uint16_t NewestDescriptor() const {
    constexpr std::uint32_t kIntegerLayers = registers::kFeaturesIntegerConv | registers::kFeaturesStem |
                                             registers::kFeaturesShortcut | registers::kFeaturesClassifier;
    return (features & kIntegerLayers) != 0 ? 3 : 2;
  }

  /// The value of the engine register.
  std::uint32_t EngineRegister() const {
    return registers::kEngineTableDepth.Put(table_depth) | registers::kEngineAccumulators.Put(accumulators) |
           registers::kEngineDotUnits.Put(dot_units);
  }

  /// Reads the registers. The identification is not checked here.
  static Capabilities Read(Device& device);
};

}  // namespace subbit::fpga
