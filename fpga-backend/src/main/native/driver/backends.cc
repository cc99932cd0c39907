#include "driver/backends.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "board/board.h"
#include "board/etherbone_device.h"
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

constexpr const char* kHowToNameABoard =
    "a board in the network has to be named: etherbone:HOST, or etherbone:HOST:PORT if it was given another UDP port";

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
    const char* never = WhyNoBoards();
    backends.push_back({kind.name, kind.description, false, never == nullptr ? kind.absent : never});
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

/// What open() returns. Throws UnavailableBackend if it throws.
template <typename Open>
std::unique_ptr<Device> OpenBoard(const std::string& name, const Open& open) {
  try {
    return open();
  } catch (const std::runtime_error& e) {
    throw UnavailableBackend("FPGA backend '" + name + "' cannot be used: " + e.what() + ".");
  }
}

std::unique_ptr<Device> OpenDevice(const std::string& name) {
  if (std::unique_ptr<Device> device = OpenSoftware(name); device != nullptr) {
    return device;
  }
  if (NamesEtherboneBoard(name)) {
    return OpenBoard(name, [&] { return OpenEtherboneBoard(name); });
  }
  const std::string root = BoardRoot();
  for (const BoardKind& kind : kBoardKinds) {
    for (const BoardSlot& slot : kind.find(root)) {
      if (slot.name == name) {
        return OpenBoard(name, [&] { return slot.open(BoardUse::kRun); });
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
  backends.push_back({kEtherbone, "board in the network (Etherbone), measured cycles", false, kHowToNameABoard});
  AddSoftware(kEmulator, "software model of the engine, bit-exact, modelled cycles", "", backends);
  AddSoftware(kRtl, "simulation of the hardware description, simulated cycles", WhyNoRtl(), backends);
  return backends;
}

std::string ChooseBackend(const std::string& requested) {
  if (NamesEtherboneBoard(requested)) {
    try {
      return FullEtherboneName(requested);
    } catch (const BoardError& e) {
      throw UnknownBackend(std::string("There is no such FPGA backend: ") + e.what() + ".");
    }
  }
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
