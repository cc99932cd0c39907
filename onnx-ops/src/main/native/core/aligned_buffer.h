#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

namespace subbit {

constexpr std::size_t kCacheLine = 64;  ///< bytes; also the widest vector of any kernel

/// Uninitialised scratch memory of `size` numbers at a cache-line boundary. Throws std::bad_alloc.
template <class T>
class AlignedBuffer {
  static_assert(std::is_trivial_v<T>);

 public:
  explicit AlignedBuffer(std::size_t size)
      : data_(static_cast<T*>(::operator new(Bytes(size), std::align_val_t(kCacheLine)))) {}

  T* get() const { return data_.get(); }

 private:
  struct Delete {
    void operator()(T* data) const { ::operator delete(data, std::align_val_t(kCacheLine)); }
  };

  static std::size_t Bytes(std::size_t size) {
    if (size > static_cast<std::size_t>(-1) / 2 / sizeof(T)) throw std::bad_alloc();
    return size * sizeof(T);
  }

  std::unique_ptr<T, Delete> data_;
};

}  // namespace subbit
