#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "core/integer/integer_network.h"
#include "core/kernel/kernel_bound.h"
#include "core/operator/invalid_operator.h"

namespace subbit::ort {

/// One run of one node, or of one layer of a network.
struct KernelRun {
  std::string op_type;
  std::string node;
  std::string kernel;
  KernelBound bound;
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

/// Records a run of `kernel` on `geometry` if the log is on.
template <class Kernel, class Geometry>
void LogRun(const OpName& op, const Kernel& kernel, const Geometry& geometry) {
  KernelLog& log = KernelLog::Global();
  if (log.IsOn()) log.Add({op.type, op.node, kernel.Name(), kernel.Bound(geometry)});
}

/// Records a run of each layer of a network if the log is on.
inline void LogRun(const IntegerNetwork& network, const IntegerNetwork::Plan& plan) {
  KernelLog& log = KernelLog::Global();
  if (!log.IsOn()) return;
  network.ForEachLayer(plan, [&](const OpName& op, const IntegerLayer& layer, const KernelBound& bound) {
    log.Add({op.type, op.node, layer.Name(), bound});
  });
}

}  // namespace subbit::ort
