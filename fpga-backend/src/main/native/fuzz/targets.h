#pragma once

#include "core/fuzz/fuzz_target.h"

namespace subbit::fpga {

/// Register accesses, transfers and descriptors of any content: the emulator keeps its protocol and its memory.
void FuzzEmulator(FuzzInput* input);

/// Graphs of layers: the driver and the emulator give what the definition gives, however little memory there is.
void FuzzDriver(FuzzInput* input);

/// Integer networks: the driver and the emulator give what the reference gives, however little memory there is.
void FuzzNetwork(FuzzInput* input);

/// A device whose registers read anything and whose transfers fail: every request ends, by DriverError if not right.
void FuzzHostileDevice(FuzzInput* input);

/// Datagrams and board tables of any content: what is taken of them is what they hold, and everything else is refused.
void FuzzEtherbone(FuzzInput* input);

/// Models of any content in ONNX Runtime: the execution provider and the operators' kernels give the same bits, or both
/// refuse.
void FuzzProvider(FuzzInput* input);

}  // namespace subbit::fpga
