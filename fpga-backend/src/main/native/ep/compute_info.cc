#include "ep/compute_info.h"

namespace subbit::fpga {

ComputeInfo::ComputeInfo() : OrtNodeComputeInfo{} {
  ort_version_supported = kOrtApiVersion;
  CreateState = CreateStateImpl;
  Compute = ComputeImpl;
  ReleaseState = ReleaseStateImpl;
}

OrtStatus* ORT_API_CALL ComputeInfo::CreateStateImpl(OrtNodeComputeInfo*, OrtNodeComputeContext*,
                                                     void** state) noexcept {
  // A run keeps nothing between calls.
  *state = nullptr;
  return nullptr;
}

OrtStatus* ORT_API_CALL ComputeInfo::ComputeImpl(OrtNodeComputeInfo* self, void*, OrtKernelContext* context) noexcept {
  return AsStatus([&] { static_cast<const ComputeInfo*>(self)->Run(Ort::KernelContext(context)); });
}

void ORT_API_CALL ComputeInfo::ReleaseStateImpl(OrtNodeComputeInfo*, void*) noexcept {}

}  // namespace subbit::fpga
