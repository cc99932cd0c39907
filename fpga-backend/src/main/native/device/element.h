#pragma once

#include <string>
#include <vector>

#include "device/capabilities.h"

namespace subbit::fpga {

/// A processing element that emulator and simulation offer under a name. docs/DEVICE.md compares them.
struct Element {
  std::string name;
  /// One line of text for users.
  std::string description;
  std::uint32_t response_unit;
  std::uint32_t responses;
  std::uint32_t accumulators;
  std::uint32_t channel_lanes;
  std::uint32_t table_depth = 64;
  std::uint32_t max_tau = 9;
  /// Of the simulated device.
  std::uint32_t max_width = 512;
  std::uint32_t input_rows = 0;
};

/// All elements; the first one is the default.
const std::vector<Element>& Elements();

/// The capabilities of the simulated device with this element; the caller sets the memory size. Throws
/// std::invalid_argument for an unknown name; the message lists those that exist.
Capabilities RtlCapabilities(const std::string& element);

/// The capabilities of the emulator with this element: the same, without the limits of the hardware description; with
/// tables those limits, and layers of integer networks too. Throws like RtlCapabilities.
Capabilities EmulatorCapabilities(const std::string& element);

}  // namespace subbit::fpga
