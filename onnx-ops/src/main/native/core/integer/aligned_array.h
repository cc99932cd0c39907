#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/kernel/scratch.h"

namespace subbit {

/// Prepared parameters that begin at a cache line, zero at first. Kernels load whole vectors of them.
template <class T>
class AlignedArray {
 public:
  static_assert(std::is_trivial_v<T>);

  AlignedArray() = default;
  explicit AlignedArray(std::int64_t size)
      : size_(size), lines_((static_cast<std::size_t>(size) * sizeof(T) + kCacheLine - 1) / kCacheLine) {}

  T* data() { return reinterpret_cast<T*>(lines_.data()); }
  const T* data() const { return reinterpret_cast<const T*>(lines_.data()); }
  T& operator[](std::int64_t i) { return data()[i]; }
  std::int64_t size() const { return size_; }

 private:
  struct alignas(kCacheLine) Line {
    std::byte bytes[kCacheLine];
  };

  std::int64_t size_ = 0;
  std::vector<Line> lines_;
};

}  // namespace subbit
