#pragma once

#include <chrono>
#include <memory>

#include "driver/driver.h"
#include "ep/conv_node.h"
#include "ep/ort_api.h"

namespace subbit::fpga {

/// Runs one compiled node on the device. ONNX Runtime may call Compute from several threads at once.
class NodeCompute final : public OrtNodeComputeInfo {
 public:
  /// Loads the node's weights into device memory. Throws DriverError.
  NodeCompute(std::shared_ptr<Driver> driver, ConvNode node, std::chrono::milliseconds timeout);

 private:
  static OrtStatus* ORT_API_CALL CreateStateImpl(OrtNodeComputeInfo* self, OrtNodeComputeContext* context,
                                                 void** state) noexcept;
  static OrtStatus* ORT_API_CALL ComputeImpl(OrtNodeComputeInfo* self, void* state, OrtKernelContext* context) noexcept;
  static void ORT_API_CALL ReleaseStateImpl(OrtNodeComputeInfo* self, void* state) noexcept;

  void Run(Ort::KernelContext context) const;
  LayerCycles RunBinary(std::uint32_t batch, std::uint32_t height, std::uint32_t width, const float* x, std::size_t out_pixels,
                        float* y) const;

  std::shared_ptr<Driver> driver_;
  std::string name_;
  std::string op_type_;
  std::vector<float> scale_;
  std::vector<float> bias_;
  std::chrono::milliseconds timeout_;
  std::unique_ptr<LoadedLayer> layer_;
};

}  // namespace subbit::fpga
