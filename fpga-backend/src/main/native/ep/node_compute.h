#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include "core/operator/conv_geometry.h"
#include "driver/driver.h"
#include "ep/compute_info.h"
#include "ep/conv_graph.h"
#include "ep/fallback.h"
#include "ep/ort_api.h"

namespace subbit::fpga {

/// Runs one compiled node, a claimed subgraph (ep/conv_graph.h), on the device, or on the CPU once the session has
/// fallen back to it.
class NodeCompute final : public ComputeInfo {
 public:
  /// Loads the weights into device memory. Throws if `fallback` turns a fault into an error.
  NodeCompute(std::shared_ptr<Driver> driver, ConvGraph graph, std::chrono::milliseconds timeout,
              std::shared_ptr<Fallback> fallback);

 private:
  using Shape = std::array<std::int64_t, 4>;

  /// The data of one run, indexed by the numbers of the graph's tensors and nodes.
  struct Request {
    /// As ONNX Runtime has them.
    std::vector<Shape> shapes;
    std::vector<ConvGeometry> geometries;
    std::vector<const void*> inputs;
    /// In the order of ConvGraph::outputs.
    std::vector<void*> outputs;
  };

  void Run(Ort::KernelContext context) const override;
  Request Prepare(Ort::KernelContext& context) const;
  void RunOnDevice(const Request& request) const;
  void RunOnCpu(const Request& request) const;

  const std::shared_ptr<Driver> driver_;
  const ConvGraph graph_;
  const std::chrono::milliseconds timeout_;
  const std::shared_ptr<Fallback> fallback_;
  /// One per node. Empty if loading has failed; the session has then fallen back.
  std::vector<std::unique_ptr<LoadedLayer>> layers_;
  /// The same for the driver.
  LayerGraph layer_graph_;
};

}  // namespace subbit::fpga
