#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "driver/driver.h"

namespace subbit::fpga {

/// A device that the driver can be asked for, or a kind of board of which none was found.
struct Backend {
  /// "emulator" or "rtl", where need be with a processing element (device/element.h): "rtl:shared"; or the kind and
  /// number of a board: "xdma:0".
  std::string name;
  /// One line for a person.
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

/// All backends, in the order in which `auto` prefers them. Looks for boards at every call (board/board.h says where)
/// and asks each who it is.
std::vector<Backend> Backends();

/// The name of the backend that `requested` stands for here: a backend's name, a kind of board ("xdma": its first that
/// is available) or kAutoBackend. Throws UnknownBackend and UnavailableBackend.
std::string ChooseBackend(const std::string& requested);

/// The driver of a backend's device, shared by all who ask for it in this process while one of them holds it and the
/// device is not lost (Driver::lost); whoever asks after that gets a new one. `name` comes from ChooseBackend.
/// Thread-safe. Throws DriverError, and UnavailableBackend if the device has gone or is in use elsewhere.
std::shared_ptr<Driver> OpenBackend(const std::string& name);

}  // namespace subbit::fpga
