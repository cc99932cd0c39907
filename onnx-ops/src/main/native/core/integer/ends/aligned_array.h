#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/kernel/scratch.h"

namespace subbit {

/// Prepared parameters that begin at a cache line, zero at first.
template <class T>
class AlignedArray {
 public:
  static_assert(std::is_trivial_v<T>);

  AlignedArray() = default;
  explicit AlignedArray(std::int64_t count)
      : lines_((static_cast<std::size_t>(count) * sizeof(T) + kCacheLine - 1) / kCacheLine) {}

  T* data() { return reinterpret_cast<T*>(lines_.data()); }
  const T* data() const { return reinterpret_cast<const T*>(lines_.data()); }

 private:
  struct alignas(kCacheLine) Line {
    std::byte bytes[kCacheLine];
  };

  std::vector<Line> lines_;
};

}  // namespace subbit
