// Vectors of an instruction set's registers, of kVectorBytes.
#pragma once

#include <cstdint>
#include <cstring>

namespace subbit {
namespace {

/// Neighbouring channels, as many as a register of the instruction set takes.
typedef float Vector __attribute__((vector_size(kVectorBytes)));

constexpr std::int64_t kLanes = kVectorBytes / sizeof(float);

template <typename V>
constexpr std::int64_t kWidth = sizeof(V) / sizeof(float);

template <typename V>
inline V Load(const float* from) {
  V value;
  std::memcpy(&value, from, sizeof(V));
  return value;
}

template <typename V>
inline void Store(float* to, V value) {
  std::memcpy(to, &value, sizeof(V));
}

}  // namespace
}  // namespace subbit
