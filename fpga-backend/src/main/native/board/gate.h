#pragma once

#include <cstdint>
#include <vector>

/// The page of rtl/subbit_gate.sv, through which all writes to a board behind Etherbone go, and where they begin in it.
namespace subbit::fpga::gate {

inline constexpr std::uint32_t kPage = 0x80000000;

/// What the first words of the page read.
inline constexpr std::uint32_t kTicket = kPage;
inline constexpr std::uint32_t kSum = kPage + 4;

/// Words of the page that are written before the data: expected ticket, next ticket, address.
inline constexpr std::uint32_t kHeadWords = 3;

/// What the sum is one word later.
inline constexpr std::uint32_t Add(std::uint32_t sum, std::uint32_t word) { return (sum << 1 | sum >> 31) + word; }

/// What the sum is when `words` have passed to `address`.
inline std::uint32_t Sum(std::uint32_t address, const std::vector<std::uint32_t>& words) {
  std::uint32_t sum = Add(0, address);
  for (const std::uint32_t word : words) {
    sum = Add(sum, word);
  }
  return sum;
}

}  // namespace subbit::fpga::gate
