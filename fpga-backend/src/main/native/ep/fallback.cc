#include "ep/fallback.h"

namespace subbit::fpga {

void Fallback::Handle(const std::string& node, const DriverError& error) {
  // dev.subbit.fpga.FpgaFault reads the kind out of this wording.
  const std::string what = node + ": FPGA fault " + Name(error.fault()) + ": " + error.what();
  if (!to_cpu_) {
    throw std::runtime_error(what);
  }
  if (!active_.exchange(true)) {
    const std::string message =
        what + ". This session continues on the CPU, with the same results; open a new one to try the device again.";
    ORT_CXX_LOG_NOEXCEPT(logger_, ORT_LOGGING_LEVEL_WARNING, message.c_str());
  }
}

}  // namespace subbit::fpga
