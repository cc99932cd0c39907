#pragma once

#include <onnxruntime_c_api.h>

#include <cstddef>
#include <functional>
#include <string>

#include "core/kernel/parallel_for.h"
#include "ort/run_scratch.h"
#include "ort/status.h"
#include "ort/tensors.h"

namespace subbit::ort {

/// The purpose of an operator's input.
enum class InputUse {
  kData,               ///< activations, which change from run to run
  kParameter,          ///< prepared at load if it is constant
  kOptionalParameter,  ///< the same, and may be absent
};

struct InputDefinition {
  const char* name;
  ONNXTensorElementDataType type;
  InputUse use = InputUse::kParameter;
};

struct OutputDefinition {
  const char* name;
  ONNXTensorElementDataType type;
  bool optional = false;
};

/// Returns input i of a node, or null if it is absent.
using InputOf = std::function<const OrtValue*(std::size_t)>;

/// The name of a node in its model; may be empty.
std::string NodeName(const OrtApi& api, const OrtKernelInfo* info);

/// Whether a node has input or output i; one that is left out has an empty name, or none if it is the last.
bool HasInput(const OrtApi& api, const OrtKernelInfo* info, std::size_t i);
bool HasOutput(const OrtApi& api, const OrtKernelInfo* info, std::size_t i);

/// Input i if it is a constant of the model, else null.
const OrtValue* ConstantInput(const OrtApi& api, const OrtKernelInfo* info, std::size_t i);

/// What ONNX Runtime provides for one run of a node: tensors, scratch memory, and threads (as the kernels'
/// ParallelFor).
class RunIo {
 public:
  RunIo(const OrtApi& api, const OpName& op, const CpuAllocator& allocator, OrtKernelContext* context)
      : api_(api), op_(op), allocator_(allocator), context_(context) {}

  /// Input i, which the node has. Throws InvalidOperator if its elements are not of type T.
  template <class T>
  TensorView<T> Input(std::size_t i, const char* name) const {
    return View<T>(api_, op_, name, InputValue(i));
  }

  const OrtValue* InputValue(std::size_t i) const;

  /// Memory of output i, which the node has, for a tensor of `shape`.
  template <class T>
  T* Output(std::size_t i, const Dims& shape) const {
    return static_cast<T*>(OutputData(i, shape));
  }

  /// Scratch memory for the duration of this run.
  RunScratch Scratch(std::size_t bytes) const { return RunScratch(allocator_, bytes); }

  /// Runs tasks on the pool of the session; see ParallelFor.
  void operator()(std::size_t tasks, Task task) const;

 private:
  void* OutputData(std::size_t i, const Dims& shape) const;

  const OrtApi& api_;
  const OpName& op_;
  const CpuAllocator& allocator_;
  OrtKernelContext* context_;
};

}  // namespace subbit::ort
