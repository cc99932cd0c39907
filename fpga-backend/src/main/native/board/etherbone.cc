#include "board/etherbone.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace subbit::fpga::etherbone {
namespace {

constexpr std::array<std::uint8_t, 8> kHeader = {0x4E, 0x6F, 0x10, 0x44, 0, 0, 0, 0};

void Append(std::vector<std::uint8_t>* bytes, std::uint32_t word) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes->push_back(static_cast<std::uint8_t>(word >> shift));
  }
}

std::uint32_t WordAt(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

/// A datagram with one record: its head, and its words after the first one.
std::vector<std::uint8_t> Datagram(std::uint8_t select, std::size_t writes, std::size_t reads, std::uint32_t first,
                                   const std::vector<std::uint32_t>& words) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(kMostBytes);
  bytes.assign(kHeader.begin(), kHeader.end());
  bytes.push_back(0);
  bytes.push_back(select);
  bytes.push_back(static_cast<std::uint8_t>(writes));
  bytes.push_back(static_cast<std::uint8_t>(reads));
  Append(&bytes, first);
  for (const std::uint32_t word : words) {
    Append(&bytes, word);
  }
  assert(!words.empty() && bytes.size() <= kMostBytes);
  return bytes;
}

}  // namespace

std::vector<std::uint8_t> EncodeWrite(std::uint32_t address, const std::vector<std::uint32_t>& words,
                                      std::uint8_t select) {
  return Datagram(select, words.size(), 0, address, words);
}

std::vector<std::uint8_t> EncodeRead(std::uint32_t number, const std::vector<std::uint32_t>& addresses) {
  return Datagram(0xF, 0, addresses.size(), number, addresses);
}

bool DecodeReply(const std::uint8_t* bytes, std::size_t size, std::uint32_t number, std::vector<std::uint32_t>* words) {
  constexpr std::size_t kFirst = kHeadBytes + 4;
  if (size != kFirst + 4 * words->size() || !std::equal(kHeader.begin(), kHeader.end() - 4, bytes) ||
      bytes[10] != words->size() || bytes[11] != 0 || WordAt(bytes + kHeadBytes) != number) {
    return false;
  }
  for (std::size_t i = 0; i < words->size(); ++i) {
    (*words)[i] = WordAt(bytes + kFirst + 4 * i);
  }
  return true;
}

}  // namespace subbit::fpga::etherbone
