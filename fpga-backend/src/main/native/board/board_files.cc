#include "board/board_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <utility>

namespace subbit::fpga {
namespace {

/// Suggests what to do about `error` (an errno) on a device file.
std::string Remedy(int error) {
  switch (error) {
    case ENOENT:
      return "; load the kernel driver of the board";
    case EACCES:
    case EPERM:
      return "; give this user the right to read and write it, for example by a udev rule";
    case ENXIO:
    case ENODEV:
      return "; the board behind it is gone: check its power and link, then rescan the bus";
    default:
      return "";
  }
}

}  // namespace

BoardFile::BoardFile(std::string path, int flags) : path_(std::move(path)), descriptor_(-1) {
  do {
    descriptor_ = ::open(path_.c_str(), flags | O_CLOEXEC);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) {
    throw BoardError("cannot open " + path_ + ": " + std::strerror(errno) + Remedy(errno));
  }
}

BoardFile::~BoardFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

BoardFile::BoardFile(BoardFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

void BoardFile::Claim() const {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    throw BoardError(path_ + (errno == EWOULDBLOCK ? " is in use by another process; end it, or choose another board"
                                                   : std::string(" cannot be claimed: ") + std::strerror(errno)));
  }
}

bool BoardFile::IsCharacterDevice() const {
  struct stat status{};
  return ::fstat(descriptor_, &status) == 0 && S_ISCHR(status.st_mode);
}

BoardMapping::BoardMapping(const BoardFile& file, std::size_t bytes) : bytes_(bytes) {
  void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor(), 0);
  if (mapped == MAP_FAILED) {
    throw BoardError("cannot map " + std::to_string(bytes) + " bytes of " + file.path() + ": " + std::strerror(errno));
  }
  data_ = static_cast<std::uint8_t*>(mapped);
}

BoardMapping::~BoardMapping() { ::munmap(data_, bytes_); }

bool WaitReadable(const BoardFile& file, int milliseconds) {
  pollfd waiting{file.descriptor(), POLLIN, 0};
  return ::poll(&waiting, 1, milliseconds) > 0 && (waiting.revents & POLLIN) != 0;
}

std::vector<std::string> ListFolder(const std::string& folder) {
  std::vector<std::string> names;
  if (DIR* open = ::opendir(folder.c_str())) {
    while (const dirent* entry = ::readdir(open)) {
      if (entry->d_name[0] != '.') {
        names.emplace_back(entry->d_name);
      }
    }
    ::closedir(open);
  }
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  return names;
}

bool FileExists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::string ReadLine(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  if (!in || !std::getline(in, line)) {
    throw BoardError("cannot read " + path);
  }
  return line;
}

std::uint64_t ReadNumber(const std::string& path) {
  const std::string line = ReadLine(path);
  const bool hexadecimal = line.rfind("0x", 0) == 0;
  std::uint64_t value = 0;
  const char* last = line.data() + line.size();
  const auto [end, error] = std::from_chars(line.data() + (hexadecimal ? 2 : 0), last, value, hexadecimal ? 16 : 10);
  if (error != std::errc() || end != last) {
    throw BoardError(path + " holds '" + line + "' where a number is expected");
  }
  return value;
}

int NumberOf(const std::string& name, const std::string& prefix, const std::string& suffix) {
  if (name.size() <= prefix.size() + suffix.size() || name.rfind(prefix, 0) != 0 ||
      name.compare(name.size() - suffix.size(), suffix.size(), suffix) != 0) {
    return -1;
  }
  const char* last = name.data() + name.size() - suffix.size();
  int number = -1;
  const auto [end, error] = std::from_chars(name.data() + prefix.size(), last, number);
  return error == std::errc() && end == last ? number : -1;
}

}  // namespace subbit::fpga
