#include "board/etherbone_link.h"

#include <algorithm>
#include <array>
#include <random>

#include "board/board.h"
#include "board/etherbone.h"
#include "board/gate.h"
#include "device/device.h"

namespace subbit::fpga {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Between a request and its repetition: at first, at least, and at most.
constexpr milliseconds kFirstWait{50};
constexpr milliseconds kShortestWait{5};
constexpr milliseconds kLongestWait{1000};

std::uint32_t RandomWord() {
  std::random_device random;
  return static_cast<std::uint32_t>(random());
}

}  // namespace

EtherboneLink::EtherboneLink(const std::string& host, std::uint16_t port, milliseconds patience)
    : name_(host + ":" + std::to_string(port)),
      patience_(patience),
      socket_(host, port),
      // No reply to an earlier process can have the number of one to this.
      number_(RandomWord()),
      wait_(kFirstWait) {}

void EtherboneLink::Claim() {
  const std::uint32_t before = Read(gate::kTicket);
  std::uint32_t mine = RandomWord();
  while (mine == before || mine == 0) {
    ++mine;
  }
  Exchange(etherbone::EncodeWrite(gate::kPage, {before, mine}, 0xF), {gate::kTicket}, [&](const auto& words) {
    if (words[0] != before && words[0] != mine) {
      throw BoardError("another host is taking the board " + name_ + " over; end its program, or choose another board");
    }
    return words[0] == mine;
  });
  ticket_ = mine;
}

std::vector<std::uint32_t> EtherboneLink::Read(const std::vector<std::uint32_t>& addresses) {
  std::vector<std::uint32_t> all = {gate::kTicket};
  all.insert(all.end(), addresses.begin(), addresses.end());
  std::vector<std::uint32_t> words =
      Exchange({}, all, [&](const auto& read) { return !ticket_.has_value() || HasPassed(read[0], *ticket_); });
  words.erase(words.begin());
  return words;
}

void EtherboneLink::Write(std::uint32_t address, const std::vector<std::uint32_t>& words, std::uint8_t select) {
  const std::uint32_t next = ticket_.value() + 1;
  std::vector<std::uint32_t> written = {*ticket_, next, address};
  written.insert(written.end(), words.begin(), words.end());
  const std::vector<std::uint32_t> reply =
      Exchange(etherbone::EncodeWrite(gate::kPage, written, select), {gate::kTicket, gate::kSum},
               [&](const auto& read) { return HasPassed(read[0], next); });
  if (reply[1] != gate::Sum(address, words)) {
    ThrowVanished("has received a datagram that was damaged on its way, so its memory can no longer be trusted");
  }
  ticket_ = next;
}

bool EtherboneLink::HasPassed(std::uint32_t ticket, std::uint32_t next) const {
  if (ticket != next && ticket != *ticket_) {
    ThrowVanished("was reset, or is driven by another host; end that program");
  }
  return ticket == next;
}

template <typename Done>
std::vector<std::uint32_t> EtherboneLink::Exchange(const std::vector<std::uint8_t>& write,
                                                   const std::vector<std::uint32_t>& addresses, const Done& done) {
  const std::vector<std::uint8_t> read = etherbone::EncodeRead(++number_, addresses);
  std::vector<std::uint32_t> words(addresses.size());
  // With room for one byte more, so that a longer datagram does not count as one of this length.
  std::array<std::uint8_t, etherbone::kMostBytes + 1> reply;
  const auto begin = steady_clock::now();
  const auto end = begin + patience_;
  for (int sent = 1;; ++sent) {
    const auto sent_at = steady_clock::now();
    if (!write.empty()) {
      socket_.Send(write.data(), write.size());
    }
    socket_.Send(read.data(), read.size());
    const auto deadline = std::min(sent_at + wait_, end);
    while (const std::size_t size = socket_.Receive(reply.data(), reply.size(), deadline)) {
      if (etherbone::DecodeReply(reply.data(), size, number_, &words) && done(words)) {
        // Which of several requests a reply belongs to is not known.
        if (sent == 1) {
          Learn(steady_clock::now() - sent_at);
        }
        return words;
      }
      if (steady_clock::now() >= deadline) {
        break;
      }
    }
    if (steady_clock::now() >= end) {
      ThrowVanished("has not answered for " + std::to_string(patience_.count()) + " ms, although asked " +
                    std::to_string(sent) + " times" +
                    (socket_.problem().empty() ? "" : " (" + socket_.problem() + ")") + "; check its power and cable");
    }
    wait_ = std::min<steady_clock::duration>(2 * wait_, kLongestWait);
  }
}

void EtherboneLink::Learn(steady_clock::duration round_trip) {
  if (mean_.has_value()) {
    const auto error = round_trip - *mean_;
    deviation_ += ((error < error.zero() ? -error : error) - deviation_) / 4;
    *mean_ += error / 8;
  } else {
    mean_ = round_trip;
    deviation_ = round_trip / 2;
  }
  wait_ = std::clamp<steady_clock::duration>(*mean_ + 4 * deviation_, kShortestWait, kLongestWait);
}

void EtherboneLink::ThrowVanished(const std::string& what) const {
  throw DeviceVanished("the board " + name_ + " " + what + ", then open a new session");
}

}  // namespace subbit::fpga
