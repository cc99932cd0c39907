#include "ort/node_io.h"

#include <exception>
#include <mutex>

namespace subbit::ort {
namespace {

using GetName = OrtStatus*(ORT_API_CALL*)(const OrtKernelInfo*, std::size_t, char*, std::size_t*);

/// Whether name i of `count` is there and not empty.
bool HasName(const OrtApi& api, const OrtKernelInfo* info, std::size_t i, std::size_t count, GetName get_name) {
  if (i >= count) return false;
  std::size_t size = 0;
  Check(api, get_name(info, i, nullptr, &size));
  return size > 1;  // with the terminating zero
}

}  // namespace

std::string NodeName(const OrtApi& api, const OrtKernelInfo* info) {
  std::size_t size = 0;
  Check(api, api.KernelInfo_GetNodeName(info, nullptr, &size));
  std::string name(size, '\0');
  Check(api, api.KernelInfo_GetNodeName(info, name.data(), &size));
  name.resize(size == 0 ? 0 : size - 1);  // without the terminating zero
  return name;
}

std::vector<operators::InputRow> InputRows(const OrtApi& api, const OrtKernelInfo* info,
                                           const operators::InputRow* rows, std::size_t count) {
  std::vector<operators::InputRow> result(rows, rows + count);
  if (result.back().use != operators::InputUse::kVariadicParameters) return result;
  std::size_t inputs = 0;
  Check(api, api.KernelInfo_GetInputCount(info, &inputs));
  operators::InputRow row = result.back();
  result.pop_back();
  for (; row.position < inputs; ++row.position) result.push_back(row);
  return result;
}

bool HasInput(const OrtApi& api, const OrtKernelInfo* info, const operators::InputRow& row) {
  std::size_t count = 0;
  Check(api, api.KernelInfo_GetInputCount(info, &count));
  return HasName(api, info, row.position, count, api.KernelInfo_GetInputName);
}

bool HasOutput(const OrtApi& api, const OrtKernelInfo* info, const operators::OutputRow& row) {
  std::size_t count = 0;
  Check(api, api.KernelInfo_GetOutputCount(info, &count));
  return HasName(api, info, row.position, count, api.KernelInfo_GetOutputName);
}

const OrtValue* ConstantInput(const OrtApi& api, const OrtKernelInfo* info, const operators::InputRow& row) {
  int is_constant = 0;
  const OrtValue* value = nullptr;
  Check(api, api.KernelInfoGetConstantInput_tensor(info, row.position, &is_constant, &value));
  return is_constant != 0 ? value : nullptr;
}

const OrtValue* RunIo::InputValue(const operators::InputRow& row) const {
  const OrtValue* value = nullptr;
  Check(api_, api_.KernelContext_GetInput(context_, row.position, &value));
  return value;
}

void* RunIo::OutputData(std::size_t i, const Dims& shape) const {
  OrtValue* output = nullptr;
  void* data = nullptr;
  Check(api_, api_.KernelContext_GetOutput(context_, i, shape.data(), shape.size(), &output));
  Check(api_, api_.GetTensorMutableData(output, &data));
  return data;
}

void RunIo::operator()(std::size_t tasks, Task task) const {
  struct Shared {
    Task task;
    std::mutex mutex;
    std::exception_ptr error;
  } shared{task, {}, nullptr};
  const auto run = [](void* data, std::size_t i) {
    auto& state = *static_cast<Shared*>(data);
    try {
      state.task(i);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(state.mutex);
      state.error = std::current_exception();
    }
  };
  if (tasks == 0) return;
  Check(api_, api_.KernelContext_ParallelFor(context_, run, tasks, 0, &shared));
  if (shared.error) std::rethrow_exception(shared.error);
}

}  // namespace subbit::ort
