#pragma once

#include <cstdint>

/// The register file of the device: byte offsets, bits and fixed values. docs/DEVICE.md is the contract; this is its
/// only copy in C++. Every register is 32 bits wide. The first four have the layout that Vitis HLS gives a kernel with
/// ap_ctrl_hs control.
namespace subbit::fpga::registers {

inline constexpr std::uint32_t kControl = 0x00;
inline constexpr std::uint32_t kGlobalInterruptEnable = 0x04;
inline constexpr std::uint32_t kInterruptEnable = 0x08;
inline constexpr std::uint32_t kInterruptStatus = 0x0C;
inline constexpr std::uint32_t kId = 0x10;
inline constexpr std::uint32_t kVersion = 0x14;
inline constexpr std::uint32_t kEngine = 0x18;
inline constexpr std::uint32_t kFeatures = 0x1C;
inline constexpr std::uint32_t kMaxChannels = 0x20;
inline constexpr std::uint32_t kMaxWidth = 0x24;
inline constexpr std::uint32_t kMemoryLow = 0x28;
inline constexpr std::uint32_t kMemoryHigh = 0x2C;
inline constexpr std::uint32_t kDescriptorsLow = 0x30;
inline constexpr std::uint32_t kDescriptorsHigh = 0x34;
inline constexpr std::uint32_t kDescriptorCount = 0x38;
inline constexpr std::uint32_t kError = 0x3C;
inline constexpr std::uint32_t kErrorDescriptor = 0x40;
inline constexpr std::uint32_t kReset = 0x44;
inline constexpr std::uint32_t kCyclesLow = 0x48;
inline constexpr std::uint32_t kCyclesHigh = 0x4C;
inline constexpr std::uint32_t kMemoryBaseLow = 0x50;
inline constexpr std::uint32_t kMemoryBaseHigh = 0x54;
inline constexpr std::uint32_t kResponseUnit = 0x58;
inline constexpr std::uint32_t kChannelLanes = 0x5C;
inline constexpr std::uint32_t kMaxTau = 0x60;

/// Bits of kControl.
inline constexpr std::uint32_t kStart = 1u << 0;
inline constexpr std::uint32_t kDone = 1u << 1;
inline constexpr std::uint32_t kIdle = 1u << 2;
inline constexpr std::uint32_t kReady = 1u << 3;

/// Bits of kInterruptEnable and kInterruptStatus.
inline constexpr std::uint32_t kInterruptDone = 1u << 0;
inline constexpr std::uint32_t kInterruptReady = 1u << 1;

/// "SBIT", first letter in the least significant byte.
inline constexpr std::uint32_t kIdValue = 0x54494253;
/// Major version in the upper half, minor in the lower. A driver accepts its own major version only.
inline constexpr std::uint32_t kVersionValue = 0x00010004;
/// What a bus returns for a device that is no longer there.
inline constexpr std::uint32_t kBusAbsent = 0xFFFFFFFF;

/// Values of kResponseUnit. A device of version 1.0 reads as 0 there.
inline constexpr std::uint32_t kDotUnits = 0;
inline constexpr std::uint32_t kSharedAdders = 1;

/// Bits of kFeatures.
inline constexpr std::uint32_t kFeatureInt8 = 1u << 0;
inline constexpr std::uint32_t kFeatureBinary = 1u << 1;
inline constexpr std::uint32_t kFeatureAnyStride = 1u << 2;
inline constexpr std::uint32_t kFeatureDilation = 1u << 3;
inline constexpr std::uint32_t kFeatureGroups = 1u << 4;
inline constexpr std::uint32_t kFeatureMemoryBase = 1u << 5;
inline constexpr std::uint32_t kFeatureResidual = 1u << 6;
inline constexpr std::uint32_t kFeatureBitsOut = 1u << 7;

}  // namespace subbit::fpga::registers
