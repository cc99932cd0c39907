#pragma once

#include <stdexcept>
#include <string>

namespace subbit::fpga {

/// The kinds of faults that can end a request to a device.
enum class Fault {
  /// The device did not finish within the time-out.
  kTimeout,
  /// The device reported an error code.
  kDeviceError,
  /// The device identifies itself as something else, or has another major version of the contract.
  kWrongDevice,
  /// The device no longer answers, or has lost what the driver had loaded into it.
  kVanished,
  /// Data could not be moved to or from the device, which still answers.
  kTransfer,
  /// The weights of a layer, or a single image, do not fit into device memory.
  kOutOfMemory,
  /// The device cannot run this kind of layer.
  kUnsupported,
};

/// The kind as messages spell it: one upper-case word, TIMEOUT, DEVICE_ERROR, WRONG_DEVICE, VANISHED, TRANSFER,
/// OUT_OF_MEMORY or UNSUPPORTED.
const char* Name(Fault fault);

/// Thrown by the driver. The message is meant for users and names the cause and, if there is one, the remedy.
class DriverError : public std::runtime_error {
 public:
  DriverError(Fault fault, const std::string& message) : std::runtime_error(message), fault_(fault) {}

  Fault fault() const { return fault_; }

 private:
  Fault fault_;
};

}  // namespace subbit::fpga
