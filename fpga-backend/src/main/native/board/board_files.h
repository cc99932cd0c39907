#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "board/board.h"

/// The system's files through which boards are reached: character devices and sysfs attributes. Messages of BoardError
/// name the file.
namespace subbit::fpga {

/// An open file. Move-only; closed with its owner, or right away if its constructor throws.
class BoardFile {
 public:
  /// Opens `path` with open(2)'s `flags`. Throws BoardError.
  BoardFile(std::string path, int flags);
  ~BoardFile();
  BoardFile(BoardFile&& other) noexcept;
  BoardFile(const BoardFile&) = delete;
  BoardFile& operator=(const BoardFile&) = delete;

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_; }

  /// Claims the file for this process until it is closed. Throws BoardError if another holder has claimed it.
  void Claim() const;
  /// Whether this is a device and not a plain file.
  bool IsCharacterDevice() const;

 private:
  std::string path_;
  int descriptor_;
};

/// The first bytes of a file in memory, shared with whoever else has it mapped.
class BoardMapping {
 public:
  /// Throws BoardError.
  BoardMapping(const BoardFile& file, std::size_t bytes);
  ~BoardMapping();
  BoardMapping(const BoardMapping&) = delete;
  BoardMapping& operator=(const BoardMapping&) = delete;

  std::uint8_t* data() const { return data_; }
  std::size_t size() const { return bytes_; }

 private:
  std::uint8_t* data_;
  std::size_t bytes_;
};

/// Waits until `file` has something to read or `milliseconds` have passed; true in the first case.
bool WaitReadable(const BoardFile& file, int milliseconds);

/// Names in a folder, sorted by length and then alphabetically, so that uio10 comes after uio9; empty if there is no
/// such folder.
std::vector<std::string> ListFolder(const std::string& folder);

bool FileExists(const std::string& path);

/// First line of a small file, such as a sysfs attribute. Throws BoardError.
std::string ReadLine(const std::string& path);

/// ReadLine as a number, decimal or, with 0x, hexadecimal. Throws BoardError.
std::uint64_t ReadNumber(const std::string& path);

/// The number N of a name that is `prefix`, decimal digits, `suffix`; -1 for any other name.
int NumberOf(const std::string& name, const std::string& prefix, const std::string& suffix);

}  // namespace subbit::fpga
