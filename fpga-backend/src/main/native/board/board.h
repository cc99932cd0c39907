#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "device/device.h"

namespace subbit::fpga {

/// What a board is opened for.
enum class BoardUse {
  /// To ask who it is; others may use it meanwhile.
  kLook,
  /// To run layers; other processes are kept off until the device is closed.
  kRun,
};

/// A place where a board may be.
struct BoardSlot {
  /// Name for people and options: the kind of board and its number, "xdma:0".
  std::string name;
  /// The file that stands for it, "/dev/xdma0_user".
  std::string path;
  /// Opens it. Throws BoardError.
  std::function<std::unique_ptr<Device>(BoardUse)> open;
};

/// Where the system's files are looked for: `SUBBIT_FPGA_ROOT` (another tree, for tests and containers), else the root.
/// Without a slash at its end.
std::string BoardRoot();

/// Why there can be no board on this operating system; null on Linux.
const char* WhyNoBoards();

}  // namespace subbit::fpga
