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
/// A record has writes or reads: LiteEth (2024.12) loses count of one that has both. Writes are not answered. The reply
/// to reads is a record that writes their values to the base return address, which LiteEth returns as it is: here it is
/// the number by which a reply is matched to its request.
namespace subbit::fpga::etherbone {

/// LiteEth's port, if the board was not given another one.
inline constexpr std::uint16_t kPort = 1234;

/// Most words that a board's buffer takes, of one record or of several, without their heads. It never gives a longer
/// record on, nor anything after it.
inline constexpr std::size_t kMostWords = 256;
inline constexpr std::size_t kHeadBytes = 12;
inline constexpr std::size_t kMostBytes = kHeadBytes + 4 * kMostWords;

/// A datagram that writes words from `address` on, of each the bytes in `select`, the lowest bit for the lowest byte.
std::vector<std::uint8_t> EncodeWrite(std::uint32_t address, const std::vector<std::uint32_t>& words,
                                      std::uint8_t select);

/// A datagram that reads the words at these addresses, as request `number`.
std::vector<std::uint8_t> EncodeRead(std::uint32_t number, const std::vector<std::uint32_t>& addresses);

/// Whether a datagram is the whole reply to request `number`, which has read as many words as `words` holds; if so,
/// they are in `words` afterwards. `bytes` may hold anything.
bool DecodeReply(const std::uint8_t* bytes, std::size_t size, std::uint32_t number, std::vector<std::uint32_t>* words);

}  // namespace subbit::fpga::etherbone
