#include "driver/driver_error.h"

namespace subbit::fpga {

const char* Name(Fault fault) {
  switch (fault) {
    case Fault::kTimeout:
      return "TIMEOUT";
    case Fault::kDeviceError:
      return "DEVICE_ERROR";
    case Fault::kWrongDevice:
      return "WRONG_DEVICE";
    case Fault::kVanished:
      return "VANISHED";
    case Fault::kTransfer:
      return "TRANSFER";
    case Fault::kOutOfMemory:
      return "OUT_OF_MEMORY";
    case Fault::kUnsupported:
      return "UNSUPPORTED";
  }
  return "UNKNOWN";
}

}  // namespace subbit::fpga
