#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "device/error_code.h"

namespace subbit::fpga {

/// What a list of descriptors makes subbit_list ask for, as docs/DEVICE.md says.

/// Of the module's parameters.
constexpr std::uint64_t kListMemoryBytes = 1 << 16;
/// Of the status in a descriptor.
constexpr std::uint64_t kStatusAt = fields::kStatus.at;

/// A descriptor, as far as the list is concerned, and what becomes of it.
struct Entry {
  std::uint16_t version;
  ErrorCode verdict;
  bool decoded;
  ErrorCode load_error;
  bool needs_array;

  std::uint64_t bytes() const { return version == 2 ? 192 : 128; }
};

/// What the list asks for, in order, and how it ends.
struct Course {
  std::vector<std::string> events;
  ErrorCode error = ErrorCode::kNone;
  std::uint32_t error_descriptor = 0;
};

inline std::string ReadOf(std::uint64_t address, std::uint64_t bytes) {
  return "read " + std::to_string(bytes) + " at " + std::to_string(address);
}
inline std::string StatusOf(std::uint64_t address, ErrorCode error) {
  return "status " + std::to_string(static_cast<int>(error)) + " at " + std::to_string(address + kStatusAt);
}

/// docs/DEVICE.md, A request and Layer descriptor.
inline Course ExpectedCourse(std::uint64_t list, std::uint32_t count, const std::vector<Entry>& entries) {
  Course course;
  if (count == 0 || list % 64 != 0 || list > kListMemoryBytes || std::uint64_t{count} * 128 > kListMemoryBytes - list) {
    course.error = ErrorCode::kDescriptorList;
    return course;
  }
  std::uint64_t at = list;
  for (std::uint32_t number = 0; number < count; ++number) {
    const Entry& entry = entries[number];
    course.error_descriptor = number;
    course.error = ErrorCode::kHeader;
    if (at + 128 > kListMemoryBytes) {
      return course;
    }
    course.events.push_back(ReadOf(at, 128));
    if (entry.version == 2) {
      if (at + 192 > kListMemoryBytes) {
        return course;
      }
      course.events.push_back(ReadOf(at + 128, 64));
    }
    course.events.push_back("check");
    course.error = entry.verdict;
    if (course.error == ErrorCode::kNone) {
      course.events.push_back("load");
      course.error = entry.load_error;
    }
    if (course.error == ErrorCode::kNone) {
      course.events.push_back("run");
    }
    if (entry.verdict == ErrorCode::kNone || entry.decoded) {
      course.events.push_back(StatusOf(at, course.error));
    }
    if (course.error != ErrorCode::kNone) {
      return course;
    }
    at += entry.bytes();
  }
  course.error_descriptor = 0;
  return course;
}

}  // namespace subbit::fpga
