#pragma once

#include <stdexcept>
#include <string>

namespace subbit::fpga {

/// What kind of fault ended a request to a device.
enum class Fault {
  /// The device did not finish within the time-out.
  kTimeout,
  /// The device reported an error code.
  kDeviceError,
  /// The device identifies itself as something else, or has another major version of the contract.
  kWrongDevice,
  /// The device no longer answers.
  kVanished,
  /// The layer or one image of it does not fit into device memory.
  kOutOfMemory,
  /// The device cannot run such a layer.
  kUnsupported,
};

/// Thrown by the driver. The message is for a person and names the cause and, where there is one, the remedy.
class DriverError : public std::runtime_error {
 public:
  DriverError(Fault fault, const std::string& message) : std::runtime_error(message), fault_(fault) {}

  Fault fault() const { return fault_; }

 private:
  Fault fault_;
};

}  // namespace subbit::fpga
