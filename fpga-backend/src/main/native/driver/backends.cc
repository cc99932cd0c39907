#include "driver/backends.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "board/uio.h"
#include "board/xdma.h"
#include "device/element.h"
#include "emulator/emulator.h"
#include "rtl/rtl_device.h"

namespace subbit::fpga {
namespace {

constexpr const char* kEmulator = "emulator";
constexpr const char* kRtl = "rtl";

/// A kind of board: how its boards are found, and what to say if there is none.
struct BoardKind {
  const char* name;
  const char* description;
  std::vector<BoardSlot> (*find)(const std::string& root);
  const char* absent;
};

constexpr BoardKind kBoardKinds[] = {
    {"xdma", "board behind PCIe XDMA, measured cycles", FindXdmaBoards,
     "there is no /dev/xdma*_user; plug a board in and load Xilinx's xdma driver"},
    {"uio", "Zynq board through UIO, measured cycles", FindUioBoards,
     "there is nothing in /sys/class/uio; load the device tree of a board with an engine"},
};

/// Why the device in a slot cannot be used, or an empty string.
std::string Problem(const BoardSlot& slot) {
  try {
    Driver::CheckIdentity(*slot.open(BoardUse::kLook));
  } catch (const std::runtime_error& e) {
    return slot.path + ": " + e.what();
  }
  return "";
}

void AddBoards(const BoardKind& kind, const std::string& root, std::vector<Backend>& backends) {
  const std::vector<BoardSlot> slots = kind.find(root);
  if (slots.empty()) {
    backends.push_back({kind.name, kind.description, false, kind.absent});
  }
  for (const BoardSlot& slot : slots) {
    const std::string problem = Problem(slot);
    backends.push_back({slot.name, kind.description + (" at " + slot.path), problem.empty(), problem});
  }
}

/// The name of a software device with a processing element: "rtl" has the first element, others name theirs.
std::string NameOf(const char* kind, const Element& element) {
  return &element == &Elements().front() ? kind : std::string(kind) + ":" + element.name;
}

/// A software device for every processing element.
void AddSoftware(const char* kind, const char* description, const std::string& problem,
                 std::vector<Backend>& backends) {
  for (const Element& element : Elements()) {
    backends.push_back(
        {NameOf(kind, element), std::string(description) + "; " + element.description, problem.empty(), problem});
  }
}

/// The software device of that name, or null.
std::unique_ptr<Device> OpenSoftware(const std::string& name) {
  for (const Element& element : Elements()) {
    if (name == NameOf(kEmulator, element)) {
      return std::make_unique<Emulator>(Emulator::CapabilitiesOf(element.name));
    }
    if (name == NameOf(kRtl, element)) {
      try {
        return std::make_unique<RtlDevice>(RtlLibraryPath(), element.name);
      } catch (const std::runtime_error& e) {
        throw UnavailableBackend("FPGA backend '" + name + "' cannot be used: " + e.what());
      }
    }
  }
  return nullptr;
}

/// Whether a backend is what a name asks for: itself, or any of its kind.
bool Matches(const Backend& backend, const std::string& requested) {
  return backend.name == requested || backend.name.rfind(requested + ":", 0) == 0;
}

std::string AllowedNames(const std::vector<Backend>& backends) {
  std::string names = kAutoBackend;
  for (const Backend& backend : backends) {
    names += ", " + backend.name;
  }
  return names;
}

std::unique_ptr<Device> OpenDevice(const std::string& name) {
  if (std::unique_ptr<Device> device = OpenSoftware(name); device != nullptr) {
    return device;
  }
  const std::string root = BoardRoot();
  for (const BoardKind& kind : kBoardKinds) {
    for (const BoardSlot& slot : kind.find(root)) {
      if (slot.name == name) {
        try {
          return slot.open(BoardUse::kRun);
        } catch (const std::runtime_error& e) {
          throw UnavailableBackend("FPGA backend '" + name + "' cannot be used: " + e.what() + ".");
        }
      }
    }
  }
  throw UnavailableBackend("FPGA backend '" + name + "' is no longer there.");
}

}  // namespace

std::vector<Backend> Backends() {
  std::vector<Backend> backends;
  const std::string root = BoardRoot();
  for (const BoardKind& kind : kBoardKinds) {
    AddBoards(kind, root, backends);
  }
  AddSoftware(kEmulator, "software model of the engine, bit-exact, modelled cycles", "", backends);
  AddSoftware(kRtl, "simulation of the hardware description, simulated cycles", WhyNoRtl(), backends);
  return backends;
}

std::string ChooseBackend(const std::string& requested) {
  const std::vector<Backend> all = Backends();
  const bool automatic = requested == kAutoBackend;
  const auto wanted = [&](const Backend& backend) { return automatic || Matches(backend, requested); };
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Backend& backend) { return wanted(backend) && backend.available; });
  if (found != all.end()) {
    return found->name;
  }
  const auto refused = std::find_if(all.begin(), all.end(), wanted);
  if (refused == all.end()) {
    throw UnknownBackend("There is no FPGA backend '" + requested + "'; allowed are: " + AllowedNames(all) + ".");
  }
  throw UnavailableBackend("FPGA backend '" + requested + "' is not available here: " + refused->reason + ". Choose '" +
                           std::string(kEmulator) + "' or '" + kAutoBackend + "' instead.");
}

std::shared_ptr<Driver> OpenBackend(const std::string& name) {
  // Never destroyed: a session may still be closed while the process ends.
  static std::mutex& mutex = *new std::mutex;
  static auto& drivers = *new std::map<std::string, std::weak_ptr<Driver>>;
  const std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<Driver> driver = drivers[name].lock();
  if (driver == nullptr || driver->lost()) {
    if (driver != nullptr) {
      driver->Disconnect();
    }
    driver = Driver::Open(OpenDevice(name));
    drivers[name] = driver;
  }
  return driver;
}

}  // namespace subbit::fpga
