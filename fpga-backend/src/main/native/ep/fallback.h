#pragma once

#include <atomic>
#include <string>

#include "driver/driver_error.h"
#include "ep/ort_api.h"

namespace subbit::fpga {

/// What a session does when its device fails: end the run with an error, or complete it on the CPU with the same bits.
/// The nodes of a session share one object, so that there is a single warning and only the first node waits for the
/// time-out. The next session tries the device anew. Thread-safe.
class Fallback {
 public:
  /// `to_cpu`: the provider option `fallback` is "cpu". `logger` must live as long as the session.
  Fallback(bool to_cpu, const OrtLogger& logger) : to_cpu_(to_cpu), logger_(&logger) {}

  /// Whether the CPU has taken over.
  bool active() const { return active_; }

  /// Computes `node` on the device, or on the CPU once it has taken over. The device throws DriverError.
  template <class OnDevice, class OnCpu>
  void Run(const std::string& node, const OnDevice& on_device, const OnCpu& on_cpu) {
    if (!active()) {
      try {
        on_device();
        return;
      } catch (const DriverError& e) {
        Handle(node, e);
      }
    }
    on_cpu();
  }

  /// Handles a fault of `node` (operator and name, for messages): the CPU takes over, with one warning; or, if the
  /// session does not allow that, it throws a std::runtime_error that names node and fault.
  void Handle(const std::string& node, const DriverError& error);

 private:
  const bool to_cpu_;
  Ort::Logger logger_;
  std::atomic<bool> active_{false};
};

}  // namespace subbit::fpga
