#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "board/datagram_socket.h"

namespace subbit::fpga {

/// Reads and writes on the bus of a board behind Etherbone, over a network that may lose, double, delay and reorder
/// datagrams: every write happens once, in order, and every read returns what was there after the last write.
///
/// One request is under way at a time, since LiteEth has room for one: a read, or a write and a read that shows that it
/// has happened. It is sent again until that reply comes; the board's gate (rtl/subbit_gate.sv) lets the writes of a
/// datagram pass for the first time only, and never those of an earlier one. Throws DeviceVanished, whose message names
/// host and port, if no reply comes for a while, or if the board was reset or is driven by somebody else. Not
/// thread-safe.
class EtherboneLink {
 public:
  /// Most words of a write and of a read.
  static constexpr std::size_t kWriteWords = 248;
  static constexpr std::size_t kReadWords = 252;
  /// How long a board may leave a request unanswered.
  static constexpr std::chrono::milliseconds kPatience{5000};

  /// Throws BoardError. Sends nothing.
  EtherboneLink(const std::string& host, std::uint16_t port, std::chrono::milliseconds patience = kPatience);

  /// Host and port, for messages.
  const std::string& name() const { return name_; }

  /// Takes the board over: from now on, writes of any other host are refused by the gate, and this link notices when
  /// somebody else does the same. Throws BoardError if somebody does so right now.
  void Claim();

  /// Reads the words at 1 to kReadWords addresses, in this order.
  std::vector<std::uint32_t> Read(const std::vector<std::uint32_t>& addresses);
  std::uint32_t Read(std::uint32_t address) { return Read(std::vector<std::uint32_t>{address}).front(); }

  /// Writes 1 to kWriteWords words from `address` (a multiple of four) on, of each the bytes in `select`. They are
  /// written when this returns. After Claim.
  void Write(std::uint32_t address, const std::vector<std::uint32_t>& words, std::uint8_t select = 0xF);

 private:
  /// Sends `write`, unless it is empty, and a request to read, again and again until done(words) for a reply.
  template <typename Done>
  std::vector<std::uint32_t> Exchange(const std::vector<std::uint8_t>& write,
                                      const std::vector<std::uint32_t>& addresses, const Done& done);
  /// Whether the gate has let the write with ticket `next` pass. Throws DeviceVanished if it is not this link's any
  /// more.
  bool HasPassed(std::uint32_t ticket, std::uint32_t next) const;
  void Learn(std::chrono::steady_clock::duration round_trip);
  [[noreturn]] void ThrowVanished(const std::string& what) const;

  const std::string name_;
  const std::chrono::milliseconds patience_;
  DatagramSocket socket_;
  std::uint32_t number_;
  /// That of the last write; none before Claim.
  std::optional<std::uint32_t> ticket_;
  /// After which a request counts as lost, from the round trips seen, as TCP does it (RFC 6298).
  std::chrono::steady_clock::duration wait_;
  std::optional<std::chrono::steady_clock::duration> mean_;
  std::chrono::steady_clock::duration deviation_{};
};

}  // namespace subbit::fpga
