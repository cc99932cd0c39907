#pragma once

#include <chrono>
#include <memory>

#include "core/conv_geometry.h"
#include "driver/driver.h"
#include "ep/conv_node.h"
#include "ep/cpu_conv.h"
#include "ep/fallback.h"
#include "ep/ort_api.h"

namespace subbit::fpga {

/// Runs one compiled node on the device, or on the CPU once the session has fallen back to it. ONNX Runtime may call
/// Compute from several threads at once.
class NodeCompute final : public OrtNodeComputeInfo {
 public:
  /// Loads the node's weights into device memory. Throws what `fallback` makes of a fault.
  NodeCompute(std::shared_ptr<Driver> driver, const ConvNode& node, std::chrono::milliseconds timeout,
              std::shared_ptr<Fallback> fallback);

 private:
  static OrtStatus* ORT_API_CALL CreateStateImpl(OrtNodeComputeInfo* self, OrtNodeComputeContext* context,
                                                 void** state) noexcept;
  static OrtStatus* ORT_API_CALL ComputeImpl(OrtNodeComputeInfo* self, void* state, OrtKernelContext* context) noexcept;
  static void ORT_API_CALL ReleaseStateImpl(OrtNodeComputeInfo* self, void* state) noexcept;

  void Run(Ort::KernelContext context) const;
  std::string Title() const { return op_.type + " node '" + op_.node + "'"; }
  LayerCycles RunNode(const ConvGeometry& geometry, Ort::ConstValue input, Ort::UnownedValue output) const;
  LayerCycles RunOnDevice(const ConvGeometry& geometry, const void* input, void* output) const;
  LayerCycles RunBinary(const ConvGeometry& geometry, const float* x, float* y) const;

  std::shared_ptr<Driver> driver_;
  OpName op_;
  ConvAttributes attributes_;
  std::vector<float> scale_;
  std::vector<float> bias_;
  std::chrono::milliseconds timeout_;
  std::shared_ptr<Fallback> fallback_;
  CpuConv cpu_;
  /// Null if loading has failed; then the session has fallen back.
  std::unique_ptr<LoadedLayer> layer_;
};

}  // namespace subbit::fpga
