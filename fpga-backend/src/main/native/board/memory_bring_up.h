#pragma once

#include "board/board_table.h"
#include "board/etherbone_link.h"

namespace subbit::fpga {

/// Brings up the memory of a board whose design has no processor for it, unless that has been done since the board was
/// configured: runs the steps of its table, levels the reads, hands memory over to its controller and tests it. What
/// memory held is lost. The link has claimed the board. Throws BoardError if memory does not keep what is written.
void BringUpMemory(EtherboneLink& link, const BoardTable& table);

}  // namespace subbit::fpga
