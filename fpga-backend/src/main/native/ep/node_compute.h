#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "core/conv_geometry.h"
#include "driver/driver.h"
#include "ep/conv_node.h"
#include "ep/cpu_conv.h"
#include "ep/fallback.h"
#include "ep/ort_api.h"

namespace subbit::fpga {

/// Runs one compiled node, a chain of convolutions (ep/ep.h), on the device, or on the CPU once the session has fallen back
/// to it. ONNX Runtime may call Compute from several threads at once.
class NodeCompute final : public OrtNodeComputeInfo {
 public:
  /// Loads the weights into device memory. `chain` is in the order of execution; a BinarySubBitConv is a chain of its own.
  /// Throws what `fallback` makes of a fault.
  NodeCompute(std::shared_ptr<Driver> driver, std::vector<ConvNode> chain, std::chrono::milliseconds timeout,
              std::shared_ptr<Fallback> fallback);

 private:
  static OrtStatus* ORT_API_CALL CreateStateImpl(OrtNodeComputeInfo* self, OrtNodeComputeContext* context,
                                                 void** state) noexcept;
  static OrtStatus* ORT_API_CALL ComputeImpl(OrtNodeComputeInfo* self, void* state, OrtKernelContext* context) noexcept;
  static void ORT_API_CALL ReleaseStateImpl(OrtNodeComputeInfo* self, void* state) noexcept;

  void Run(Ort::KernelContext context) const;
  std::vector<ConvGeometry> Geometries(const std::vector<std::int64_t>& input_shape) const;
  std::vector<LayerCycles> RunOnDevice(const std::vector<ConvGeometry>& geometries, const void* x, void* y) const;
  std::vector<LayerCycles> RunBinary(const ConvGeometry& geometry, const float* x, float* y) const;
  std::vector<LayerCycles> RunChain(const ConvGeometry& first, const void* input, void* output) const;
  void RunOnCpu(const std::vector<ConvGeometry>& geometries, const void* x, void* y) const;

  const std::shared_ptr<Driver> driver_;
  const std::vector<ConvNode> chain_;
  const std::chrono::milliseconds timeout_;
  const std::shared_ptr<Fallback> fallback_;
  /// One a node. Empty if loading has failed; then the session has fallen back.
  std::vector<std::unique_ptr<LoadedLayer>> layers_;
};

}  // namespace subbit::fpga
