#pragma once

#include <cstdint>
#include <random>

namespace subbit::fpga {

/// What the tests of single modules have in common. A cycle is: set inputs, `Settle`, look at outputs, `Edge`. Ports of
/// any width are read and written as bits, the lowest first, as Verilator and this host (little-endian) store them.

template <class Model>
void Settle(Model& m) {
  m.clk = 0;
  m.eval();
}

template <class Model>
void Edge(Model& m) {
  m.clk = 1;
  m.eval();
}

template <class Model>
void Cycle(Model& m) {
  Settle(m);
  Edge(m);
}

/// One cycle of reset.
template <class Model>
void Reset(Model& m) {
  m.rst = 1;
  Cycle(m);
  m.rst = 0;
}

template <class Port>
void SetBits(Port& port, std::size_t at, int width, std::uint64_t value) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(&port);
  for (int i = 0; i < width; ++i, ++at) {
    const auto mask = static_cast<std::uint8_t>(1u << at % 8);
    bytes[at / 8] = static_cast<std::uint8_t>((value >> i & 1) != 0 ? bytes[at / 8] | mask : bytes[at / 8] & ~mask);
  }
}

template <class Port>
std::uint64_t GetBits(const Port& port, std::size_t at, int width) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&port);
  std::uint64_t value = 0;
  for (int i = 0; i < width; ++i, ++at) {
    value |= static_cast<std::uint64_t>(bytes[at / 8] >> at % 8 & 1) << i;
  }
  return value;
}

template <class Port>
std::int64_t GetSigned(const Port& port, std::size_t at, int width) {
  return static_cast<std::int64_t>(GetBits(port, at, width) << (64 - width)) >> (64 - width);
}

/// A number from `least` to `most`.
inline int Between(std::mt19937& random, int least, int most) {
  return least + static_cast<int>(random() % static_cast<unsigned>(most - least + 1));
}

/// Whether a stream that stands still at random moves in this cycle.
inline bool Moves(std::mt19937& random) { return random() % 3 != 0; }

}  // namespace subbit::fpga
