#pragma once

#include <cstdint>

namespace subbit::fpga {

/// The memory and the bus that the cycle models assume; docs/DEVICE.md states them.
inline constexpr std::uint64_t kBusBytes = 8;
inline constexpr std::uint64_t kMemoryLatency = 20;
/// From a request to its first beat, and from the last beat to the next request.
inline constexpr std::uint64_t kRunOverhead = kMemoryLatency + 7;

constexpr std::uint64_t CeilDivide(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

}  // namespace subbit::fpga
