#pragma once

#include <onnxruntime_c_api.h>

#include <cstddef>

#include "ort/status.h"

namespace subbit::ort {

/// ONNX Runtime's allocator for the CPU, which a node's kernel obtains when it is created. May be used by several
/// threads.
class CpuAllocator {
 public:
  CpuAllocator(const OrtApi& api, const OrtKernelInfo* info) : api_(api) {
    Check(api, api.KernelInfoGetAllocator(info, OrtMemTypeDefault, &allocator_));
  }
  ~CpuAllocator() { api_.ReleaseAllocator(allocator_); }
  CpuAllocator(const CpuAllocator&) = delete;
  CpuAllocator& operator=(const CpuAllocator&) = delete;

 private:
  friend class RunScratch;
  const OrtApi& api_;
  OrtAllocator* allocator_ = nullptr;
};

/// Scratch memory of one run, from ONNX Runtime's arena and given back to it. (KernelContext_GetScratchBuffer would not
/// take it back on the CPU.)
class RunScratch {
 public:
  RunScratch(const CpuAllocator& allocator, std::size_t bytes) : allocator_(allocator) {
    if (bytes != 0) Check(allocator.api_, allocator.api_.AllocatorAlloc(allocator.allocator_, bytes, &memory_));
  }
  ~RunScratch() {
    if (memory_ == nullptr) return;
    OrtStatus* status = allocator_.api_.AllocatorFree(allocator_.allocator_, memory_);
    if (status != nullptr) allocator_.api_.ReleaseStatus(status);  // a destructor cannot report an error
  }
  RunScratch(const RunScratch&) = delete;
  RunScratch& operator=(const RunScratch&) = delete;

  void* get() const { return memory_; }

 private:
  const CpuAllocator& allocator_;
  void* memory_ = nullptr;
};

}  // namespace subbit::ort
