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

}  // namespace

std::vector<std::uint8_t> Encode(const Request& request) {
  std::vector<std::uint8_t> bytes(kHeader.begin(), kHeader.end());
  bytes.push_back(0);
  bytes.push_back(request.select);
  bytes.push_back(static_cast<std::uint8_t>(request.written.size()));
  bytes.push_back(static_cast<std::uint8_t>(request.read_addresses.size()));
  if (!request.written.empty()) {
    Append(&bytes, request.write_address);
    for (const std::uint32_t word : request.written) {
      Append(&bytes, word);
    }
  }
  Append(&bytes, request.number);
  for (const std::uint32_t address : request.read_addresses) {
    Append(&bytes, address);
  }
  assert(bytes.size() <= kMostBytes);
  return bytes;
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
