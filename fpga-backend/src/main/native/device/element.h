#pragma once

#include <string>
#include <vector>

#include "device/capabilities.h"

namespace subbit::fpga {

/// A processing element that emulator and simulation offer under a name. docs/DEVICE.md compares them.
struct Element {
  std::string name;
  /// One line for a person.
  std::string description;
  std::uint32_t response_unit;
  std::uint32_t responses;
  std::uint32_t accumulators;
  std::uint32_t channel_lanes;
};

/// All elements; the first is the one that is taken where none is named.
const std::vector<Element>& Elements();

/// What the simulated device with this element offers; the memory size is the caller's affair. Throws
/// std::invalid_argument for an unknown name; the message lists those that exist.
Capabilities RtlCapabilities(const std::string& element);

/// What the emulator with this element offers: the same, without the limits of the hardware description. Throws as
/// above.
Capabilities EmulatorCapabilities(const std::string& element);

}  // namespace subbit::fpga
