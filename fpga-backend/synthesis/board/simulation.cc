// The board's design, simulated, as a board at a loopback address: the Ethernet frames of LiteEth's MAC, without preamble
// and checksum, are wrapped from and to the datagrams of a UDP socket. Made by board.py; see docs/DEVICE.md.
//
//   board_simulation ADDRESS PORT [--lose SHARE] [--restart-after DATAGRAMS]
//
// --lose drops this share of the datagrams in both directions; --restart-after takes the power away once, and configures the
// board anew. Ends when its standard input ends.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "Vboard.h"
#include "verilated.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kArp = 0x0806;
constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kEthernetHead = 14;
constexpr std::size_t kIpHead = 20;
constexpr std::size_t kUdpHead = 8;
constexpr std::size_t kShortestFrame = 60;
constexpr int kGapCycles = 24;
/// Between two looks at the socket.
constexpr unsigned kPollCycles = 256;

/// The host's addresses in the simulated network; those of the board come from its own datagrams' destination.
constexpr std::uint8_t kHostMac[6] = {2, 0, 0, 0, 0, 1};
constexpr std::uint8_t kHostIp[4] = {192, 168, 1, 100};

void Put(Bytes* bytes, const std::uint8_t* from, std::size_t count) { bytes->insert(bytes->end(), from, from + count); }

void Put16(Bytes* bytes, std::size_t value) {
  bytes->push_back(static_cast<std::uint8_t>(value >> 8));
  bytes->push_back(static_cast<std::uint8_t>(value));
}

std::size_t Get16(const Bytes& bytes, std::size_t at) { return std::size_t{bytes[at]} << 8 | bytes[at + 1]; }

Bytes Frame(const std::uint8_t* board_mac, std::uint16_t type, const Bytes& payload) {
  Bytes frame;
  Put(&frame, board_mac, 6);
  Put(&frame, kHostMac, 6);
  Put16(&frame, type);
  Put(&frame, payload.data(), payload.size());
  frame.resize(std::max(frame.size(), kShortestFrame));
  return frame;
}

/// An IP packet with a UDP datagram to the board.
Bytes Packet(const std::uint8_t* board_ip, std::uint16_t port, const Bytes& datagram) {
  Bytes packet;
  Put16(&packet, 0x4500);
  Put16(&packet, kIpHead + kUdpHead + datagram.size());
  Put16(&packet, 0);
  Put16(&packet, 0);
  Put16(&packet, 0x4000 | kUdp);
  Put16(&packet, 0);
  Put(&packet, kHostIp, 4);
  Put(&packet, board_ip, 4);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < kIpHead; i += 2) {
    sum += Get16(packet, i);
  }
  sum = (sum & 0xFFFF) + (sum >> 16);
  sum = ~(sum + (sum >> 16));
  packet[10] = static_cast<std::uint8_t>(sum >> 8);
  packet[11] = static_cast<std::uint8_t>(sum);
  Put16(&packet, port);
  Put16(&packet, port);
  Put16(&packet, kUdpHead + datagram.size());
  Put16(&packet, 0);
  Put(&packet, datagram.data(), datagram.size());
  return packet;
}

/// The answer to the board's question for the host's address.
Bytes ArpReply(const Bytes& request) {
  Bytes reply(request.begin() + kEthernetHead, request.begin() + kEthernetHead + 28);
  reply[7] = 2;
  std::copy_n(reply.begin() + 8, 10, reply.begin() + 18);
  std::copy_n(kHostMac, 6, reply.begin() + 8);
  std::copy_n(kHostIp, 4, reply.begin() + 14);
  return reply;
}

struct Options {
  const char* address;
  std::uint16_t port;
  double lose = 0;
  long restart_after = -1;
};

Options Parse(int count, char** arguments) {
  if (count < 3 || count % 2 == 0) {
    std::fprintf(stderr, "usage: board_simulation ADDRESS PORT [--lose SHARE] [--restart-after DATAGRAMS]\n");
    std::exit(2);
  }
  Options options{arguments[1], static_cast<std::uint16_t>(std::atoi(arguments[2]))};
  for (int i = 3; i < count; i += 2) {
    if (std::string(arguments[i]) == "--lose") {
      options.lose = std::atof(arguments[i + 1]);
    } else if (std::string(arguments[i]) == "--restart-after") {
      options.restart_after = std::atol(arguments[i + 1]);
    } else {
      std::fprintf(stderr, "board_simulation: there is no option %s\n", arguments[i]);
      std::exit(2);
    }
  }
  return options;
}

class Simulation {
 public:
  explicit Simulation(const Options& options) : options_(options), socket_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(options.port);
    if (::inet_pton(AF_INET, options.address, &place.sin_addr) != 1 ||
        ::bind(socket_, reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0) {
      std::fprintf(stderr, "board_simulation: cannot take port %u of %s: %s\n", options.port, options.address,
                   std::strerror(errno));
      std::exit(1);
    }
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
  }

  void Run() {
    PowerUp();
    std::printf("ready\n");
    std::fflush(stdout);
    const auto begin = std::chrono::steady_clock::now();
    while (!InputHasEnded()) {
      for (unsigned i = 0; i < 64 * kPollCycles; ++i) {
        if (i % kPollCycles == 0) {
          TakeDatagram();
        }
        Cycle();
      }
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    std::printf("%lu cycles, %.0f per second; %ld datagrams to the board, %ld from it, %ld lost\n", cycles_,
                static_cast<double>(cycles_) / time.count(), to_board_, from_board_, lost_);
  }

 private:
  static bool InputHasEnded() {
    pollfd input{0, POLLIN, 0};
    char byte;
    return ::poll(&input, 1, 0) > 0 && ::read(0, &byte, 1) <= 0;
  }

  bool Lose() {
    const bool lose = std::uniform_real_distribution<double>(0, 1)(random_) < options_.lose;
    lost_ += lose ? 1 : 0;
    return lose;
  }

  void PowerUp() {
    model_ = std::make_unique<Vboard>();
    model_->reset = 1;
    for (int i = 0; i < 16; ++i) {
      Cycle();
    }
    model_->reset = 0;
    in_.clear();
    out_.clear();
    sent_ = 0;
  }

  void TakeDatagram() {
    Bytes datagram(2048);
    socklen_t size = sizeof host_;
    sockaddr_in from{};
    const ssize_t count =
        ::recvfrom(socket_, datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (count <= 0 || Lose()) {
      return;
    }
    host_ = from;
    datagram.resize(static_cast<std::size_t>(count));
    in_.push_back(Frame(board_mac_, kIpv4, Packet(board_ip_, options_.port, datagram)));
    if (++to_board_ == options_.restart_after) {
      PowerUp();
    }
  }

  void Cycle() {
    ++cycles_;
    model_->clock = 0;
    model_->eth_sink_valid = 0;
    if (gap_ > 0) {
      --gap_;
    } else if (!in_.empty()) {
      model_->eth_sink_valid = 1;
      model_->eth_sink_data = in_.front()[sent_++];
      if (sent_ == in_.front().size()) {
        in_.pop_front();
        sent_ = 0;
        gap_ = kGapCycles;
      }
    }
    model_->eth_source_ready = 1;
    model_->eval();
    const bool valid = model_->eth_source_valid != 0;
    const std::uint8_t data = model_->eth_source_data;
    model_->clock = 1;
    model_->eval();
    if (valid) {
      out_.push_back(data);
    } else if (!out_.empty()) {
      TakeFrame(out_);
      out_.clear();
    }
  }

  void TakeFrame(const Bytes& frame) {
    if (frame.size() < kEthernetHead + kIpHead + kUdpHead) {
      return;
    }
    const std::size_t type = Get16(frame, 12);
    if (type == kArp && frame[21] == 1) {
      in_.push_back(Frame(frame.data() + 6, kArp, ArpReply(frame)));
    } else if (type == kIpv4 && frame[23] == kUdp) {
      const std::size_t udp = kEthernetHead + kIpHead;
      const std::size_t size = Get16(frame, udp + 4) - kUdpHead;
      if (udp + kUdpHead + size > frame.size() || Lose()) {
        return;
      }
      ++from_board_;
      sockaddr_in to = host_;
      to.sin_port = htons(static_cast<std::uint16_t>(Get16(frame, udp + 2)));
      ::sendto(socket_, frame.data() + udp + kUdpHead, size, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
  }

  const Options options_;
  const std::uint8_t board_mac_[6] = {0x10, 0xE2, 0xD5, 0, 0, 0};
  const std::uint8_t board_ip_[4] = {192, 168, 1, 50};
  int socket_;
  sockaddr_in host_{};
  std::mt19937 random_{1};
  std::unique_ptr<Vboard> model_;
  std::deque<Bytes> in_;
  Bytes out_;
  std::size_t sent_ = 0;
  int gap_ = 0;
  unsigned long cycles_ = 0;
  long to_board_ = 0;
  long from_board_ = 0;
  long lost_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  Simulation(Parse(count, arguments)).Run();
  return 0;
}
