#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "device/device.h"

namespace subbit::fpga {

/// A board is missing, in use or not what it should be. The message names it, as a file or a host, and says what to do.
class BoardError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The purpose of opening a board.
enum class BoardUse {
  /// To identify it; other processes may use it at the same time.
  kLook,
  /// To run layers; other processes cannot use it until the device is closed.
  kRun,
};

/// A place where a board may be.
struct BoardSlot {
  /// Its name in messages and options: the kind of board and its number, "xdma:0".
  std::string name;
  /// The file that represents it, "/dev/xdma0_user".
  std::string path;
  /// Opens it. Throws BoardError.
  std::function<std::unique_ptr<Device>(BoardUse)> open;
};

/// The folder in which the system's files are looked up: `SUBBIT_FPGA_ROOT` (another tree, for tests and containers),
/// else the root. It has no slash at its end.
std::string BoardRoot();

/// Why there can be no board on this operating system; null on Linux.
const char* WhyNoBoards();

}  // namespace subbit::fpga
