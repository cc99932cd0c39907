#include "board/datagram_socket.h"

#ifdef _WIN32
#define NOMINMAX
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#endif

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>

#include "board/board.h"

namespace subbit::fpga {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

#ifdef _WIN32

using Size = int;
constexpr SOCKET kNone = INVALID_SOCKET;

int LastError() { return WSAGetLastError(); }
void Close(SOCKET socket) { closesocket(socket); }
int Poll(WSAPOLLFD* waiting, int limit) { return WSAPoll(waiting, 1, limit); }
using Waiting = WSAPOLLFD;
constexpr int kInUse = WSAEADDRINUSE;

/// Winsock wants to be started once per process.
void Start() {
  static const int error = [] {
    WSADATA data;
    return WSAStartup(MAKEWORD(2, 2), &data);
  }();
  if (error != 0) {
    throw BoardError("Windows cannot start its sockets: " + std::system_category().message(error));
  }
}

/// No other program may take the port as well.
void KeepToOneself(SOCKET socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, reinterpret_cast<const char*>(&yes), sizeof yes);
}

#else

using Size = std::size_t;
constexpr int kNone = -1;

int LastError() { return errno; }
void Close(int socket) { ::close(socket); }
int Poll(pollfd* waiting, int limit) { return ::poll(waiting, 1, limit); }
using Waiting = pollfd;
constexpr int kInUse = EADDRINUSE;

void Start() {}
void KeepToOneself(int) {}

#endif

std::string Text(int error) { return std::system_category().message(error); }

/// An open socket, until it is given to its owner.
template <typename Handle>
struct Opened {
  Handle socket = ::socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);

  ~Opened() {
    if (socket != static_cast<Handle>(kNone)) {
      Close(socket);
    }
  }
  Handle Release() { return std::exchange(socket, static_cast<Handle>(kNone)); }
};

sockaddr_in Resolve(const std::string& host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found); error != 0 || found == nullptr) {
    throw BoardError("there is no host '" + host + "': " + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  sockaddr_in address = *reinterpret_cast<const sockaddr_in*>(found->ai_addr);
  address.sin_port = htons(port);
  return address;
}

/// The address of this computer from which datagrams to `board` leave. Nothing is sent.
template <typename Handle>
sockaddr_in AddressTowards(const sockaddr_in& board, const std::string& host) {
  const Opened<Handle> probe;
  sockaddr_in local{};
  socklen_t size = sizeof local;
  if (::connect(probe.socket, reinterpret_cast<const sockaddr*>(&board), sizeof board) != 0 ||
      ::getsockname(probe.socket, reinterpret_cast<sockaddr*>(&local), &size) != 0) {
    throw BoardError("there is no way to " + host + ": " + Text(LastError()));
  }
  return local;
}

}  // namespace

DatagramSocket::DatagramSocket(const std::string& host, std::uint16_t port) {
  Start();
  const sockaddr_in board = Resolve(host, port);
  sockaddr_in local = AddressTowards<Handle>(board, host);
  local.sin_port = htons(port);
  Opened<Handle> opened;
  KeepToOneself(opened.socket);
  if (::bind(opened.socket, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
    const int error = LastError();
    throw BoardError("UDP port " + std::to_string(port) + " of this computer, to which the board answers, " +
                     (error == kInUse ? "is in use by another program, perhaps one that drives this board; end it, or"
                                        " give the board another port"
                                      : "cannot be taken: " + Text(error)));
  }
  if (::connect(opened.socket, reinterpret_cast<const sockaddr*>(&board), sizeof board) != 0) {
    throw BoardError("there is no way to " + host + ": " + Text(LastError()));
  }
  socket_ = opened.Release();
}

DatagramSocket::~DatagramSocket() { Close(socket_); }

void DatagramSocket::Send(const void* bytes, std::size_t size) {
  if (::send(socket_, static_cast<const char*>(bytes), static_cast<Size>(size), 0) < 0) {
    problem_ = Text(LastError());
  }
}

std::size_t DatagramSocket::Receive(void* to, std::size_t capacity, steady_clock::time_point deadline) {
  for (;;) {
    const auto left = duration_cast<milliseconds>(deadline - steady_clock::now() + milliseconds(1));
    Waiting waiting{};
    waiting.fd = socket_;
    waiting.events = POLLIN;
    if (Poll(&waiting, static_cast<int>(std::max(left, milliseconds(0)).count())) > 0) {
      // An error here is that of an earlier datagram: the system has heard that nobody listens there.
      const auto size = ::recv(socket_, static_cast<char*>(to), static_cast<Size>(capacity), 0);
      if (size > 0) {
        return static_cast<std::size_t>(size);
      }
      if (size < 0) {
        problem_ = Text(LastError());
      }
    }
    if (steady_clock::now() >= deadline) {
      return 0;
    }
  }
}

}  // namespace subbit::fpga
