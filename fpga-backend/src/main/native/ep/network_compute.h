#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "driver/driver.h"
#include "ep/compute_info.h"
#include "ep/cpu_network.h"
#include "ep/fallback.h"
#include "ep/network_node.h"

namespace subbit::fpga {

/// Runs an integer network on the device, pixels in and sums of classes out, or on the CPU once the session has fallen
/// back to it.
class NetworkCompute final : public ComputeInfo {
 public:
  /// Loads the weights into device memory. Throws if `fallback` turns a fault into an error.
  NetworkCompute(std::shared_ptr<Driver> driver, Network network, std::chrono::milliseconds timeout,
                 std::shared_ptr<Fallback> fallback);

 private:
  /// Images one after the other.
  struct Images {
    std::int64_t count;
    MapShape shape;
    const void* pixels;
  };

  void Run(Ort::KernelContext context) const override;
  Images Prepare(const Ort::KernelContext& context) const;
  void RunOnDevice(const Images& images, float* logits) const;
  void RunOnCpu(const Images& images, float* logits) const;

  const std::shared_ptr<Driver> driver_;
  const Network network_;
  const CpuNetwork cpu_;
  const std::chrono::milliseconds timeout_;
  const std::shared_ptr<Fallback> fallback_;
  /// One per layer. Empty if loading has failed; the session has then fallen back.
  std::vector<std::unique_ptr<LoadedLayer>> layers_;
  LayerGraph graph_;
};

}  // namespace subbit::fpga
