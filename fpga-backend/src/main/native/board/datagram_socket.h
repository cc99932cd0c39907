#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace subbit::fpga {

/// A UDP socket between this computer and one board, on Linux, macOS and Windows. Datagrams of others do not arrive.
/// Not thread-safe.
class DatagramSocket {
 public:
  /// Looks up `host` (an IPv4 address or a name) and takes local port `port`, the same as the board's: that is where
  /// LiteEth answers to, whatever port a request comes from. Throws BoardError, also if another program has the port.
  DatagramSocket(const std::string& host, std::uint16_t port);
  ~DatagramSocket();
  DatagramSocket(const DatagramSocket&) = delete;
  DatagramSocket& operator=(const DatagramSocket&) = delete;

  /// Sends a datagram, as far as the system lets it; whether it arrives is not known.
  void Send(const void* bytes, std::size_t size);

  /// Waits for a datagram until `deadline`. Returns its size, cut off at `capacity`; 0 if none has come.
  std::size_t Receive(void* to, std::size_t capacity, std::chrono::steady_clock::time_point deadline);

  /// What the system said of the latest datagram that it could not send or deliver, or an empty string.
  const std::string& problem() const { return problem_; }

 private:
#ifdef _WIN32
  using Handle = std::uintptr_t;  // SOCKET, without winsock2.h
#else
  using Handle = int;
#endif

  Handle socket_;
  std::string problem_;
};

}  // namespace subbit::fpga
