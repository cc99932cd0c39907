#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace subbit {

/// The bytes of one input of a fuzzer, taken from the front as numbers. When they run out, zeros follow, so every input
/// stands for something.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size) : next_(data), left_(size) {}

  bool Empty() const { return left_ == 0; }

  /// Any value of an arithmetic type.
  template <class T>
  T Any() {
    static_assert(std::is_arithmetic_v<T>);
    T value{};
    const std::size_t count = left_ < sizeof(T) ? left_ : sizeof(T);
    if (count > 0) std::memcpy(&value, next_, count);  // of an empty input there may be no pointer
    next_ += count;
    left_ -= count;
    return value;
  }

  /// A number from least to most, which are at most 65535 apart.
  std::int64_t Within(std::int64_t least, std::int64_t most) {
    const std::int64_t numbers = most - least + 1;
    return least + (numbers <= 256 ? Any<std::uint8_t>() : Any<std::uint16_t>()) % numbers;
  }

  /// True for one value in `of`.
  bool Once(std::int64_t of) { return Within(0, of - 1) == of - 1; }

  /// One of the values.
  template <class T>
  const T& Among(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(Within(0, static_cast<std::int64_t>(values.size()) - 1))];
  }

  /// Mostly a number from least to most, now and then any at all.
  std::int64_t Mostly(std::int64_t least, std::int64_t most) {
    return Once(16) ? Any<std::int64_t>() : Within(least, most);
  }

 private:
  const std::uint8_t* next_;
  std::size_t left_;
};

}  // namespace subbit
