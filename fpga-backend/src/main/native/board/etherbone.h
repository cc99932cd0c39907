#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

/// Etherbone (CERN's protocol for bus accesses over a network) as far as LiteEth has it: addresses and data of 32 bits,
/// one record per datagram, everything big-endian.
///
///   header   4E 6F 10 44 00 00 00 00
///   record   00, byte selects, count of writes, count of reads
///   writes   base address, one word for each address from there on
///   reads    base return address, addresses
///
/// Writes come before reads. The reply to reads is a record that writes their values to the base return address, which
/// LiteEth returns as it is: here it is the number by which a reply is matched to its request.
namespace subbit::fpga::etherbone {

/// LiteEth's port, if the board was not given another one.
inline constexpr std::uint16_t kPort = 1234;

/// Most words after the head of a record that a board's buffer takes. A longer record would never be answered, nor
/// anything after it.
inline constexpr std::size_t kMostWords = 255;
inline constexpr std::size_t kHeadBytes = 12;
inline constexpr std::size_t kMostBytes = kHeadBytes + 4 * kMostWords;

/// What a datagram asks for. Writes are optional.
struct Request {
  std::uint32_t number = 0;
  /// The bytes of each word that are written, the lowest bit for the lowest byte.
  std::uint8_t select = 0xF;
  std::uint32_t write_address = 0;
  std::vector<std::uint32_t> written;
  std::vector<std::uint32_t> read_addresses;
};

std::vector<std::uint8_t> Encode(const Request& request);

/// Whether a datagram is the whole reply to request `number`, which has read as many words as `words` holds; if so,
/// they are in `words` afterwards. `bytes` may hold anything.
bool DecodeReply(const std::uint8_t* bytes, std::size_t size, std::uint32_t number, std::vector<std::uint32_t>* words);

}  // namespace subbit::fpga::etherbone
