#include "driver/timing_log.h"

#include <utility>

namespace subbit::fpga {

TimingLog& TimingLog::Global() {
  // Never destroyed: a session may still run while the process ends.
  static TimingLog* log = new TimingLog();
  return *log;
}

void TimingLog::Add(NodeTiming timing) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (timings_.size() == kCapacity) {
    timings_.pop_front();
  }
  timings_.push_back(std::move(timing));
}

std::vector<NodeTiming> TimingLog::Drain() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<NodeTiming> drained(std::make_move_iterator(timings_.begin()), std::make_move_iterator(timings_.end()));
  timings_.clear();
  return drained;
}

}  // namespace subbit::fpga
