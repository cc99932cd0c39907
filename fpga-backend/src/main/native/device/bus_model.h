#pragma once

#include <cstdint>

namespace subbit::fpga {

/// The memory and the bus that the cycle models assume; docs/DEVICE.md states them.
inline constexpr std::uint64_t kBusBytes = 8;
inline constexpr std::uint64_t kMemoryLatency = 20;
/// From a request to its first beat, and from the last beat to the next request.
inline constexpr std::uint64_t kRunOverhead = kMemoryLatency + 7;
/// From the end of a run that is written to the command of the next.
inline constexpr std::uint64_t kWriteOverhead = 2;
/// A write's response and the steps from one part of a layer to the next.
inline constexpr std::uint64_t kTailOverhead = kMemoryLatency + 8;

constexpr std::uint64_t CeilDivide(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

}  // namespace subbit::fpga
