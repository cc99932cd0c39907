#include "ort/kernel_log.h"

#include <utility>

namespace subbit::ort {

KernelLog& KernelLog::Global() {
  static KernelLog& log = *new KernelLog;  // outlives every thread
  return log;
}

void KernelLog::Start() {
  const std::lock_guard<std::mutex> lock(mutex_);
  runs_.clear();
  on_ = true;
}

void KernelLog::Add(KernelRun run) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (on_) runs_.push_back(std::move(run));
}

std::vector<KernelRun> KernelLog::Stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  on_ = false;
  return std::exchange(runs_, {});
}

}  // namespace subbit::ort
