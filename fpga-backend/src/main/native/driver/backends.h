#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "driver/driver.h"

namespace subbit::fpga {

/// A device that the driver can open, or a kind of board of which none was found.
struct Backend {
  /// "emulator" or "rtl", with a processing element if it is not the first (device/element.h): "rtl:shared"; the kind
  /// and number of a board: "xdma:0"; or "etherbone", which stands for boards in the network.
  std::string name;
  /// One line of text for users.
  std::string description;
  bool available;
  /// Why it is not available, or empty.
  std::string reason;
};

/// No backend of that name exists; the message lists those that do.
class UnknownBackend : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// The backend exists but cannot be used here; the message says why and what to choose instead.
class UnavailableBackend : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The name that stands for "a board if there is one, else the emulator".
inline constexpr const char* kAutoBackend = "auto";

/// All backends, in the order in which `auto` prefers them. Looks for boards in every call (board/board.h says where)
/// and identifies each. Boards in the network are not looked for: they have to be named.
std::vector<Backend> Backends();

/// Resolves `requested` to the name of a backend: it may be a backend's name, a kind of board ("xdma": the first
/// available one), a board in the network ("etherbone:HOST" or "etherbone:HOST:PORT", whether it answers or not) or
/// kAutoBackend. Throws UnknownBackend and UnavailableBackend.
std::string ChooseBackend(const std::string& requested);

/// The driver of a backend's device. All callers in this process share it while one of them holds it and the device is
/// not lost (Driver::lost); later callers get a new one. `name` comes from ChooseBackend. Thread-safe. Throws
/// DriverError, and UnavailableBackend if the device has gone or is in use elsewhere.
std::shared_ptr<Driver> OpenBackend(const std::string& name);

}  // namespace subbit::fpga
