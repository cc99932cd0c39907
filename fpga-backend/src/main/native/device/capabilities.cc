#include "device/capabilities.h"

#include <algorithm>

#include "tables/device.h"

namespace subbit::fpga {

Capabilities Capabilities::Read(Device& device) {
  const std::uint32_t engine = device.Read32(registers::kEngine);
  Capabilities read;
  read.dot_units = registers::kEngineDotUnits.Of(engine);
  read.accumulators = registers::kEngineAccumulators.Of(engine);
  read.table_depth = registers::kEngineTableDepth.Of(engine);
  read.response_unit = device.Read32(registers::kResponseUnit);
  // A device of a version before 1.4 reads as 0 in these two.
  read.channel_lanes = std::max(1u, device.Read32(registers::kChannelLanes));
  if (const std::uint32_t max_tau = device.Read32(registers::kMaxTau); max_tau != 0) {
    read.max_tau = max_tau;
  }
  read.features = device.Read32(registers::kFeatures);
  read.max_channels = device.Read32(registers::kMaxChannels);
  read.input_rows = device.Read32(registers::kInputRows);
  read.max_width = device.Read32(registers::kMaxWidth);
  read.memory_bytes = device.Read32(registers::kMemoryLow);
  read.memory_bytes |= static_cast<std::uint64_t>(device.Read32(registers::kMemoryHigh)) << 32;
  return read;
}

}  // namespace subbit::fpga
