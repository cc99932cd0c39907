#pragma once

#include <cstddef>
#include <cstdint>

/// What rows the table of the device contract (src/main/tables/device.txt) has. The rows themselves are in
/// tables/device.h, which the build makes of the table.
namespace subbit::fpga {

/// What a register does when it is read and written.
enum class Access {
  kRead,
  kWrite,
  kReadWrite,
  /// Writing a 1 toggles a bit.
  kReadToggle,
};

/// One word of the register file, for those who go through all of them.
struct RegisterRow {
  std::uint32_t offset;
  const char* name;
  Access access;
};

/// A number within the word of a register.
struct BitField {
  int lowest;
  int width;

  constexpr std::uint32_t Of(std::uint32_t word) const {
    return (word >> lowest) & static_cast<std::uint32_t>((std::uint64_t{1} << width) - 1);
  }
  constexpr std::uint32_t Put(std::uint32_t value) const { return value << lowest; }
};

/// A field of a layer descriptor, little-endian.
template <class T>
struct Field {
  std::size_t at;
};

/// Bytes of a layer descriptor that are 0.
struct Reserved {
  std::size_t at;
  std::size_t bytes;
};

enum class ErrorCode : std::uint32_t;

/// An error code, and what it says in one sentence, without a full stop.
struct ErrorRow {
  ErrorCode code;
  const char* meaning;
};

}  // namespace subbit::fpga
