#pragma once

#include <string>
#include <vector>

#include "board/board.h"

namespace subbit::fpga {

/// Engines in the programmable logic of a Zynq, reached from the processor beside it through Linux's UIO and u-dma-buf
/// drivers. Of engine N:
///
///   /sys/class/uio/uioN/name             begins with "subbit" (the name of its node in the device tree)
///   /sys/class/uio/uioN/maps/map0/size   bytes of its register window
///   /dev/uioN                            the registers, mapped; reading waits for the interrupt
///   /dev/udmabufN                        the buffer that serves as device memory, mapped
///   /sys/class/u-dma-buf/udmabufN/       its phys_addr and size (older drivers: /sys/class/udmabuf)
///
/// Device address 0 is the buffer's first byte; the register MEMORY_BASE, which the engine must have (FEATURES bit 5),
/// says where that lies. The buffer is mapped without cache, so that both sides see the same bytes.

/// All UIO devices under `root` that may be engines, by number, including those that turn out not to be when opened.
std::vector<BoardSlot> FindUioBoards(const std::string& root);

}  // namespace subbit::fpga
