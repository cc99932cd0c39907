#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "board/etherbone_link.h"
#include "device/device.h"

namespace subbit::fpga {

/// A board in the network, reached by Etherbone over UDP from any operating system, without a driver in its kernel; its
/// design is that of fpga-backend/synthesis/board. Where its registers and its memory lie stands in its table.
///
/// Opening it takes it over from any other host (EtherboneLink::Claim) and brings its memory up, which loses what that
/// held. There are no interrupts over Etherbone, so the control register is polled. DONE, which a read of CONTROL
/// clears, would be lost with the reply; ISR, which it does not clear, takes its place: with IER.DONE, CONTROL reads as
/// done until ISR is toggled back. A board that vanishes throws DeviceVanished.

/// The kind of board, the first part of a name.
inline constexpr const char* kEtherbone = "etherbone";

/// Whether a name is that of one board: "etherbone:" and something.
bool NamesEtherboneBoard(const std::string& name);

/// The name "etherbone:HOST" or "etherbone:HOST:PORT" with its port, so that one board has one name. Throws BoardError
/// if it is none.
std::string FullEtherboneName(const std::string& name);

/// Opens the board of that name, which may leave requests unanswered for `patience`. Throws BoardError, and
/// DeviceVanished if it does not answer.
std::unique_ptr<Device> OpenEtherboneBoard(const std::string& name,
                                           std::chrono::milliseconds patience = EtherboneLink::kPatience);

}  // namespace subbit::fpga
