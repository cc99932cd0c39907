#pragma once

#include "ep/ort_api.h"

namespace subbit::fpga {

/// What ONNX Runtime calls to run a compiled subgraph, perhaps from several threads at once.
class ComputeInfo : public OrtNodeComputeInfo {
 public:
  virtual ~ComputeInfo() = default;
  ComputeInfo(const ComputeInfo&) = delete;
  ComputeInfo& operator=(const ComputeInfo&) = delete;

 protected:
  ComputeInfo();

  /// Computes all outputs from all inputs. What it throws becomes the failure of the node.
  virtual void Run(Ort::KernelContext context) const = 0;

 private:
  static OrtStatus* ORT_API_CALL CreateStateImpl(OrtNodeComputeInfo* self, OrtNodeComputeContext* context,
                                                 void** state) noexcept;
  static OrtStatus* ORT_API_CALL ComputeImpl(OrtNodeComputeInfo* self, void* state, OrtKernelContext* context) noexcept;
  static void ORT_API_CALL ReleaseStateImpl(OrtNodeComputeInfo* self, void* state) noexcept;
};

}  // namespace subbit::fpga
