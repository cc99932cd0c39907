#pragma once

#include <cstdint>
#include <map>

namespace subbit::fpga {

/// Keeps track of which parts of device memory are in use. It allocates by first fit, with blocks aligned as the
/// descriptor contract requires. Address 0 is never handed out, since it stands for "none" in a descriptor. Not
/// thread-safe.
class DeviceMemory {
 public:
  /// Manages addresses below `bytes`.
  explicit DeviceMemory(std::uint64_t bytes) : bytes_(bytes) {}

  /// Address of a free block, or 0 if there is none of that size.
  std::uint64_t Allocate(std::uint64_t bytes);
  /// Releases a block; `address` must come from Allocate.
  void Free(std::uint64_t address);

 private:
  std::uint64_t bytes_;
  /// End of each block in use, by its beginning.
  std::map<std::uint64_t, std::uint64_t> used_;
};

/// A block that is released when its owner is destroyed. Converts to false if there was no room.
class MemoryBlock {
 public:
  MemoryBlock(DeviceMemory& memory, std::uint64_t bytes) : memory_(memory), address_(memory.Allocate(bytes)) {}
  ~MemoryBlock() {
    if (address_ != 0) {
      memory_.Free(address_);
    }
  }
  MemoryBlock(const MemoryBlock&) = delete;
  MemoryBlock& operator=(const MemoryBlock&) = delete;

  explicit operator bool() const { return address_ != 0; }
  std::uint64_t address() const { return address_; }

 private:
  DeviceMemory& memory_;
  std::uint64_t address_;
};

}  // namespace subbit::fpga
