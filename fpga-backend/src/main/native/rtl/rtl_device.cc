#include "rtl/rtl_device.h"

#include <dlfcn.h>

#include <cstring>
#include <new>
#include <stdexcept>

namespace subbit::fpga {
namespace {

/// The number of cycles between two looks at the wall clock.
constexpr std::uint64_t kSlice = 2000;

template <typename Function>
Function Symbol(void* handle, const char* name) {
  void* symbol = dlsym(handle, name);
  if (symbol == nullptr) {
    throw std::runtime_error(std::string("The simulation library lacks the function ") + name +
                             "; build it again together with this library.");
  }
  return reinterpret_cast<Function>(symbol);
}

/// The path that was passed to SetRtlLibraryPath. Never destroyed: sessions may still be closed while the process ends.
std::string& NamedLibrary() {
  static std::string& path = *new std::string;
  return path;
}

}  // namespace

/// The functions of simulation_api.h. The library stays loaded: unloading while a process ends is not worth its risks.
struct RtlDevice::Library {
  explicit Library(const std::string& path) {
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      throw std::runtime_error(std::string("The simulation cannot be loaded: ") + dlerror());
    }
    open = Symbol<decltype(&subbit_rtl_open)>(handle, "subbit_rtl_open");
    close = Symbol<decltype(&subbit_rtl_close)>(handle, "subbit_rtl_close");
    read32 = Symbol<decltype(&subbit_rtl_read32)>(handle, "subbit_rtl_read32");
    write32 = Symbol<decltype(&subbit_rtl_write32)>(handle, "subbit_rtl_write32");
    run = Symbol<decltype(&subbit_rtl_run)>(handle, "subbit_rtl_run");
    failure = Symbol<decltype(&subbit_rtl_failure)>(handle, "subbit_rtl_failure");
  }

  decltype(&subbit_rtl_open) open;
  decltype(&subbit_rtl_close) close;
  decltype(&subbit_rtl_read32) read32;
  decltype(&subbit_rtl_write32) write32;
  decltype(&subbit_rtl_run) run;
  decltype(&subbit_rtl_failure) failure;
};

RtlDevice::RtlDevice(const std::string& library, const std::string& element, const BusTiming& timing,
                     std::uint64_t memory_bytes)
    : memory_bytes_(memory_bytes),
      memory_(static_cast<std::uint8_t*>(std::calloc(memory_bytes, 1))),
      library_(std::make_unique<Library>(library)) {
  if (memory_ == nullptr) {
    throw std::bad_alloc();
  }
  const SubbitRtlMemory memory = {memory_.get(), memory_bytes, timing.latency, timing.stall_percent, timing.seed};
  simulation_ = library_->open(element.c_str(), &memory);
  if (simulation_ == nullptr) {
    throw std::runtime_error("The simulation has no processing element '" + element + "'.");
  }
}

RtlDevice::~RtlDevice() { library_->close(simulation_); }

std::uint32_t RtlDevice::Read32(std::uint32_t offset) {
  const std::uint32_t value = library_->read32(simulation_, offset);
  CheckFailure();
  return value;
}

void RtlDevice::Write32(std::uint32_t offset, std::uint32_t value) {
  library_->write32(simulation_, offset, value);
  CheckFailure();
}

void RtlDevice::CheckRange(std::uint64_t address, std::size_t bytes) const {
  if (address > memory_bytes_ || bytes > memory_bytes_ - address) {
    throw TransferError("a transfer of " + std::to_string(bytes) + " bytes at " + std::to_string(address) +
                        " leaves the simulated memory");
  }
}

void RtlDevice::ReadBuffer(std::uint64_t address, void* to, std::size_t bytes) {
  CheckRange(address, bytes);
  std::memcpy(to, memory_.get() + address, bytes);
}

void RtlDevice::WriteBuffer(std::uint64_t address, const void* from, std::size_t bytes) {
  CheckRange(address, bytes);
  std::memcpy(memory_.get() + address, from, bytes);
}

void RtlDevice::WaitForInterrupt(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!RunCycles(kSlice) && std::chrono::steady_clock::now() < deadline) {
  }
}

bool RtlDevice::RunCycles(std::uint64_t cycles) {
  const bool raised = library_->run(simulation_, cycles) != 0;
  CheckFailure();
  return raised;
}

void RtlDevice::CheckFailure() const {
  if (const char* failure = library_->failure(simulation_); failure != nullptr) {
    throw TransferError(std::string("the simulated hardware violated a rule: ") + failure);
  }
}

void SetRtlLibraryPath(const std::string& path) { NamedLibrary() = path; }

std::string RtlLibraryPath() {
  if (!NamedLibrary().empty()) {
    return NamedLibrary();
  }
  if (const char* named = std::getenv("SUBBIT_RTL_LIBRARY"); named != nullptr && *named != '\0') {
    return named;
  }
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&RtlLibraryPath), &info) == 0 || info.dli_fname == nullptr) {
    return "libsubbit_rtl.so";
  }
  const std::string self = info.dli_fname;
  const std::size_t slash = self.rfind('/');
#ifdef __APPLE__
  constexpr const char* kName = "libsubbit_rtl.dylib";
#else
  constexpr const char* kName = "libsubbit_rtl.so";
#endif
  return (slash == std::string::npos ? std::string() : self.substr(0, slash + 1)) + kName;
}

std::string WhyNoRtl() {
  const std::string path = RtlLibraryPath();
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return "the simulation library cannot be loaded from " + path +
           "; name it in the environment variable SUBBIT_RTL_LIBRARY";
  }
  return "";
}

}  // namespace subbit::fpga
