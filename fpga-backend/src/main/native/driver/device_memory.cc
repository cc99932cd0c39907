#include "driver/device_memory.h"

#include <algorithm>

#include "device/layer_descriptor.h"

namespace subbit::fpga {
namespace {

constexpr std::uint64_t kAlignment = LayerDescriptor::kAlignment;

constexpr std::uint64_t AlignUp(std::uint64_t value) { return (value + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

std::uint64_t DeviceMemory::Allocate(std::uint64_t bytes) {
  if (bytes > bytes_) {
    return 0;
  }
  const std::uint64_t size = std::max(AlignUp(bytes), kAlignment);
  std::uint64_t candidate = kAlignment;
  for (const auto& [begin, end] : used_) {
    if (begin - candidate >= size) {
      break;
    }
    candidate = end;
  }
  if (candidate > bytes_ || bytes_ - candidate < size) {
    return 0;
  }
  used_[candidate] = candidate + size;
  return candidate;
}

void DeviceMemory::Free(std::uint64_t address) { used_.erase(address); }

}  // namespace subbit::fpga
