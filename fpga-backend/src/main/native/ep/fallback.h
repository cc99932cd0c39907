#pragma once

#include <atomic>
#include <string>

#include "driver/driver_error.h"
#include "ep/ort_api.h"

namespace subbit::fpga {

/// What a session does when its device fails: end the run with an error, or complete it on the CPU with the same bits.
/// One object a session, shared by its nodes, so that there is one warning and no node waits for the time-out again
/// after the first one did. The next session tries the device anew. Thread-safe.
class Fallback {
 public:
  /// `to_cpu`: the provider option `fallback` is "cpu". `logger` must live as long as the session.
  Fallback(bool to_cpu, const OrtLogger& logger) : to_cpu_(to_cpu), logger_(&logger) {}

  /// Whether the CPU has taken over.
  bool active() const { return active_; }

  /// Takes the fault of `node` (operator and name, for people): the CPU takes over, with one warning; or, if the
  /// session wants none of that, throws it on as std::runtime_error that names node and fault.
  void Handle(const std::string& node, const DriverError& error);

 private:
  const bool to_cpu_;
  Ort::Logger logger_;
  std::atomic<bool> active_{false};
};

}  // namespace subbit::fpga
