#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "device/device.h"

namespace subbit::fpga {

/// The cycles that one node took on a device in one run.
struct NodeTiming {
  std::string node;
  std::string op_type;
  int tau;
  std::uint64_t cycles;
  std::uint64_t bnn_cycles;
  TimingKind kind;
};

/// The cycle counts of past runs that have not been read yet: the newest kCapacity of this process. Thread-safe.
class TimingLog {
 public:
  static constexpr std::size_t kCapacity = 100000;

  /// The log of this process.
  static TimingLog& Global();

  void Add(NodeTiming timing);
  /// Returns all entries, oldest first, and clears them.
  std::vector<NodeTiming> Drain();

 private:
  std::mutex mutex_;
  std::deque<NodeTiming> timings_;
};

}  // namespace subbit::fpga
