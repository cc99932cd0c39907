#pragma once

#include <string>
#include <vector>

#include "board/board.h"

namespace subbit::fpga {

/// Boards behind Xilinx's XDMA bridge for PCIe, reached by the character devices of its Linux driver. Of board N:
///
///   /dev/xdmaN_user       the user BAR: the engine's registers from offset 0, four bytes at a time
///   /dev/xdmaN_h2c_0      writes to device memory; the file offset is the device address
///   /dev/xdmaN_c2h_0      reads from device memory
///   /dev/xdmaN_events_0   becomes readable when the engine's interrupt (user interrupt 0) has been raised; where it is
///                         missing, the control register is polled
///
/// A register read that fails counts as contract::kBusAbsent, as from a bus without a device.

/// All boards under `root`, by number.
std::vector<BoardSlot> FindXdmaBoards(const std::string& root);

}  // namespace subbit::fpga
