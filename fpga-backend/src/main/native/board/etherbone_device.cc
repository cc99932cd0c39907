#include "board/etherbone_device.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <thread>

#include "board/board.h"
#include "board/board_table.h"
#include "board/etherbone.h"
#include "board/etherbone_link.h"
#include "board/memory_bring_up.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// Between two looks at the control register, beside the round trip that each takes.
constexpr microseconds kEtherbonePollInterval{100};
constexpr std::size_t kWordBytes = 4;

struct HostAndPort {
  std::string host;
  std::uint16_t port;
};

HostAndPort ParseEtherboneName(const std::string& name) {
  const std::string place = name.substr(std::strlen(kEtherbone) + 1);
  const std::size_t colon = place.find(':');
  HostAndPort parsed{place.substr(0, colon), etherbone::kPort};
  bool right = !parsed.host.empty();
  if (colon != std::string::npos) {
    const char* last = place.data() + place.size();
    const auto [end, error] = std::from_chars(place.data() + colon + 1, last, parsed.port);
    right = right && error == std::errc() && end == last && parsed.port != 0;
  }
  if (!right) {
    throw BoardError("'" + name + "' names no board; write etherbone:HOST or etherbone:HOST:PORT, such as" +
                     " etherbone:192.168.1.50");
  }
  return parsed;
}

std::vector<std::uint32_t> Consecutive(std::uint32_t address, std::size_t words) {
  std::vector<std::uint32_t> addresses(words);
  for (std::uint32_t& each : addresses) {
    each = address;
    address += kWordBytes;
  }
  return addresses;
}

BoardTable ReadTable(EtherboneLink& link) {
  try {
    const std::size_t length = BoardTable::Length(link.Read(Consecutive(BoardTable::kAddress, BoardTable::kHeadWords)));
    std::vector<std::uint32_t> words;
    while (words.size() < length) {
      const auto at = static_cast<std::uint32_t>(BoardTable::kAddress + kWordBytes * words.size());
      const std::size_t count = std::min(length - words.size(), EtherboneLink::kReadWords);
      const std::vector<std::uint32_t> part = link.Read(Consecutive(at, count));
      words.insert(words.end(), part.begin(), part.end());
    }
    return BoardTable::Parse(words);
  } catch (const BoardError& e) {
    throw BoardError("the board " + link.name() + " cannot be used: " + e.what());
  }
}

class EtherboneDevice final : public Device {
 public:
  EtherboneDevice(const HostAndPort& place, milliseconds patience)
      : link_(place.host, place.port, patience), table_(ReadTable(link_)) {
    link_.Claim();
    BringUpMemory(link_, table_);
  }

  std::uint32_t Read32(std::uint32_t offset) override {
    if (offset == registers::kControl) {
      const std::vector<std::uint32_t> read =
          link_.Read({table_.registers + registers::kIsr, table_.registers + registers::kControl});
      return read[1] | ((read[0] & registers::kIerDone) != 0 ? registers::kControlDone : 0);
    }
    return link_.Read(table_.registers + offset);
  }

  void Write32(std::uint32_t offset, std::uint32_t value) override { link_.Write(table_.registers + offset, {value}); }

  void ReadBuffer(std::uint64_t address, void* to, std::size_t bytes) override {
    auto* out = static_cast<std::uint8_t*>(to);
    Walk(address, bytes, EtherboneLink::kReadWords, [&](const Piece& piece) {
      const std::vector<std::uint32_t> words = link_.Read(Consecutive(piece.address, piece.words));
      for (std::size_t i = 0; i < piece.bytes; ++i) {
        const std::size_t byte = piece.skipped + i;
        *out++ = static_cast<std::uint8_t>(words[byte / kWordBytes] >> 8 * (byte % kWordBytes));
      }
    });
  }

  void WriteBuffer(std::uint64_t address, const void* from, std::size_t bytes) override {
    const auto* in = static_cast<const std::uint8_t*>(from);
    Walk(address, bytes, EtherboneLink::kWriteWords, [&](const Piece& piece) {
      std::vector<std::uint32_t> words(piece.words);
      for (std::size_t i = 0; i < piece.bytes; ++i) {
        const std::size_t byte = piece.skipped + i;
        words[byte / kWordBytes] |= std::uint32_t{*in++} << 8 * (byte % kWordBytes);
      }
      const bool whole = piece.bytes == kWordBytes * piece.words;
      const std::uint32_t selected = whole ? 0xF : ((1u << piece.bytes) - 1) << piece.skipped;
      link_.Write(piece.address, words, static_cast<std::uint8_t>(selected));
    });
  }

  void WaitForInterrupt(milliseconds limit) override {
    std::this_thread::sleep_for(std::min<microseconds>(limit, kEtherbonePollInterval));
  }

  TimingKind timing_kind() const override { return TimingKind::kMeasured; }

 private:
  /// Part of a transfer: whole words, or some bytes of one.
  struct Piece {
    std::uint32_t address;  ///< of the first word, on the bus
    std::size_t words;
    std::size_t skipped;  ///< bytes of the first word before those of the transfer
    std::size_t bytes;
  };

  /// Calls move(piece) for a transfer's pieces in order.
  template <typename Move>
  void Walk(std::uint64_t address, std::size_t bytes, std::size_t most_words, const Move& move) const {
    if (address > table_.memory_bytes || bytes > table_.memory_bytes - address) {
      throw TransferError("a transfer of " + std::to_string(bytes) + " bytes at device address " +
                          std::to_string(address) + " leaves the " + std::to_string(table_.memory_bytes) +
                          " bytes of memory of the board " + link_.name());
    }
    while (bytes != 0) {
      const auto skipped = static_cast<std::size_t>(address % kWordBytes);
      Piece piece{static_cast<std::uint32_t>(table_.memory + (address - skipped)), 1, skipped, 0};
      if (skipped != 0 || bytes < kWordBytes) {
        piece.bytes = std::min(bytes, kWordBytes - skipped);
      } else {
        piece.words = std::min(bytes / kWordBytes, most_words);
        piece.bytes = kWordBytes * piece.words;
      }
      move(piece);
      address += piece.bytes;
      bytes -= piece.bytes;
    }
  }

  EtherboneLink link_;
  const BoardTable table_;
};

}  // namespace

bool NamesEtherboneBoard(const std::string& name) { return name.rfind(std::string(kEtherbone) + ":", 0) == 0; }

std::string FullEtherboneName(const std::string& name) {
  const HostAndPort place = ParseEtherboneName(name);
  return std::string(kEtherbone) + ":" + place.host + ":" + std::to_string(place.port);
}

std::unique_ptr<Device> OpenEtherboneBoard(const std::string& name, milliseconds patience) {
  return std::make_unique<EtherboneDevice>(ParseEtherboneName(name), patience);
}

}  // namespace subbit::fpga
