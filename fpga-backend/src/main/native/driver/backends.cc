#include "driver/backends.h"

#include <algorithm>
#include <mutex>

#include "emulator/emulator.h"

namespace subbit::fpga {
namespace {

constexpr const char* kEmulator = "emulator";

std::string AllowedNames() {
  std::string names = kAutoBackend;
  for (const Backend& backend : Backends()) {
    names += ", " + backend.name;
  }
  return names;
}

}  // namespace

const std::vector<Backend>& Backends() {
  static const auto& backends = *new std::vector<Backend>{
      {"xdma", "board behind PCIe XDMA, measured cycles", false, "this build holds no XDMA driver"},
      {"uio", "Zynq board through UIO, measured cycles", false, "this build holds no UIO driver"},
      {kEmulator, "software model of the engine, bit-exact, modelled cycles", true, ""},
      {"rtl", "simulation of the hardware description, simulated cycles", false, "this build holds no simulation"},
  };
  return backends;
}

std::string ChooseBackend(const std::string& requested) {
  const std::vector<Backend>& all = Backends();
  const bool automatic = requested == kAutoBackend;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Backend& backend) {
    return automatic ? backend.available : backend.name == requested;
  });
  if (found == all.end()) {
    throw UnknownBackend("There is no FPGA backend '" + requested + "'; allowed are: " + AllowedNames() + ".");
  }
  if (!found->available) {
    throw UnavailableBackend("FPGA backend '" + requested + "' is not available here: " + found->reason + ". Choose '" +
                             std::string(kEmulator) + "' or '" + kAutoBackend + "' instead.");
  }
  return found->name;
}

std::shared_ptr<Driver> OpenBackend(const std::string& name) {
  if (name != kEmulator) {
    throw UnavailableBackend("FPGA backend '" + name + "' cannot be opened by this build.");
  }
  // Never destroyed: a session may still be closed while the process ends.
  static std::mutex& mutex = *new std::mutex;
  static std::weak_ptr<Driver>& emulator = *new std::weak_ptr<Driver>;
  const std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<Driver> driver = emulator.lock();
  if (driver == nullptr) {
    driver = Driver::Open(std::make_unique<Emulator>());
    emulator = driver;
  }
  return driver;
}

}  // namespace subbit::fpga
