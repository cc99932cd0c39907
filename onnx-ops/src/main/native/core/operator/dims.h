#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace subbit {

/// A borrowed list of dimensions: a view, so that reading a shape in each run allocates nothing. The list that it
/// refers to must outlive it; a braced list lives until the end of the expression that contains it.
class Dims {
 public:
  Dims() = default;
  Dims(const std::int64_t* data, std::size_t size) : data_(data), size_(size) {}
  Dims(const std::vector<std::int64_t>& values) : data_(values.data()), size_(values.size()) {}  // NOLINT: a view
  template <std::size_t N>
  Dims(const std::array<std::int64_t, N>& values) : data_(values.data()), size_(N) {}  // NOLINT: a view
  Dims(const std::initializer_list<std::int64_t>& values) : size_(values.size()) {
    data_ = values.begin();  // in the body, where GCC takes it for meant
  }

  const std::int64_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const std::int64_t* begin() const { return data_; }
  const std::int64_t* end() const { return data_ + size_; }
  std::int64_t operator[](std::size_t i) const { return data_[i]; }

  friend bool operator==(const Dims& a, const Dims& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }
  friend bool operator!=(const Dims& a, const Dims& b) { return !(a == b); }

 private:
  const std::int64_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace subbit
