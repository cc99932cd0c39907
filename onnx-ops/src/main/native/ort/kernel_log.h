#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "core/integer/integer_network.h"
#include "core/kernel/kernel_report.h"
#include "core/operator/invalid_operator.h"

namespace subbit::ort {

/// One run of one node, or of one layer of a network.
struct KernelRun {
  std::string op_type;
  std::string node;
  KernelReport report;
};

/// Records the kernels that run, for benchmarks; off until it is started. Thread-safe.
class KernelLog {
 public:
  static KernelLog& Global();

  bool IsOn() const { return on_.load(std::memory_order_relaxed); }

  void Start();
  void Add(KernelRun run);

  /// Ends the log, and returns and clears what was recorded since Start.
  std::vector<KernelRun> Stop();

 private:
  std::atomic<bool> on_{false};
  std::mutex mutex_;
  std::vector<KernelRun> runs_;
};

/// Records a run of `kernel` on `geometry`, which is to begin, if the log is on. (Where other runs of the same shape
/// begin at the same time while candidates are measured, a run may take another candidate than the one recorded.)
template <class Kernel, class Geometry>
void LogRun(const OpName& op, const Kernel& kernel, const Geometry& geometry) {
  KernelLog& log = KernelLog::Global();
  if (log.IsOn()) log.Add({op.type, op.node, kernel.Report(geometry)});
}

/// Records a run of each layer of a network for so many images if the log is on.
inline void LogRun(const IntegerNetwork& network, const IntegerNetwork::Plan& plan, std::int64_t batch) {
  KernelLog& log = KernelLog::Global();
  if (!log.IsOn()) return;
  network.ForEachLayer(plan, batch,
                       [&](const OpName& op, const KernelReport& report) { log.Add({op.type, op.node, report}); });
}

}  // namespace subbit::ort
