#pragma once

#include <onnxruntime_c_api.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/kernel/parallel_for.h"
#include "ort/run_scratch.h"
#include "ort/status.h"
#include "ort/tensors.h"
#include "tables/operators.h"

namespace subbit::ort {

/// Gives an input of a node, or null if it is absent.
using InputOf = std::function<const OrtValue*(const operators::InputRow&)>;

/// The name of a node in its model; may be empty.
std::string NodeName(const OrtApi& api, const OrtKernelInfo* info);

/// The rows of an operator's inputs, where a row of variadic parameters, which is the last, stands as often as the node
/// has such inputs.
std::vector<operators::InputRow> InputRows(const OrtApi& api, const OrtKernelInfo* info,
                                           const operators::InputRow* rows, std::size_t count);

/// Whether a node has an input or output; one that is left out has an empty name, or none if it is the last.
bool HasInput(const OrtApi& api, const OrtKernelInfo* info, const operators::InputRow& row);
bool HasOutput(const OrtApi& api, const OrtKernelInfo* info, const operators::OutputRow& row);

/// An input if it is a constant of the model, else null.
const OrtValue* ConstantInput(const OrtApi& api, const OrtKernelInfo* info, const operators::InputRow& row);

/// What ONNX Runtime provides for one run of a node: tensors, scratch memory, and threads (as the kernels'
/// ParallelFor).
class RunIo {
 public:
  RunIo(const OrtApi& api, const OpName& op, const CpuAllocator& allocator, OrtKernelContext* context)
      : api_(api), op_(op), allocator_(allocator), context_(context) {}

  /// An input that the node has. Throws InvalidOperator if its elements are not of type T.
  template <class T>
  TensorView<T> Input(const operators::InputRow& row) const {
    return View<T>(api_, op_, row.name, InputValue(row));
  }

  const OrtValue* InputValue(const operators::InputRow& row) const;

  /// Memory of an output that the node has, for a tensor of `shape`.
  template <class T>
  T* Output(const operators::OutputRow& row, const Dims& shape) const {
    return static_cast<T*>(OutputData(row.position, shape));
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
