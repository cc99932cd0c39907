#include "ort/conv_node.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string>
#include <utility>

#include "ort/node_attributes.h"
#include "ort/status.h"

namespace subbit::ort {
namespace {

std::string NodeName(const OrtApi& api, const OrtKernelInfo* info) {
  std::size_t size = 0;
  Check(api, api.KernelInfo_GetNodeName(info, nullptr, &size));
  std::string name(size, '\0');
  Check(api, api.KernelInfo_GetNodeName(info, name.data(), &size));
  name.resize(size == 0 ? 0 : size - 1);  // without the terminating zero
  return name;
}

bool HasInput(const OrtApi& api, const OrtKernelInfo* info, std::size_t i) {
  std::size_t count = 0;
  Check(api, api.KernelInfo_GetInputCount(info, &count));
  if (i >= count) return false;
  std::size_t size = 0;
  Check(api, api.KernelInfo_GetInputName(info, i, nullptr, &size));
  return size > 1;  // an input left out has the empty name
}

bool LogWanted() {
  const char* log = std::getenv("SUBBIT_LOG");
  return log != nullptr && std::string(log) == "1";
}

/// Runs tasks on the pool of the session that `context` belongs to; see ParallelFor.
void RunOnSessionPool(const OrtApi& api, const OrtKernelContext* context, std::size_t tasks, Task task) {
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
  Check(api, api.KernelContext_ParallelFor(context, run, tasks, 0, &shared));
  if (shared.error) std::rethrow_exception(shared.error);
}

}  // namespace

template <class Definition>
ConvNode<Definition>::ConvNode(const OrtApi& api, const OrtKernelInfo* info)
    : api_(api), isa_(ChosenIsa()), allocator_(api, info), op_{Definition::kName, NodeName(api, info)} {
  attributes_ = ReadAttributes(api, op_, info);
  std::vector<const OrtValue*> constants;
  bool all_constant = true;
  for (std::size_t i = 0; i < Definition::kInputs.size(); ++i) {
    present_.push_back(HasInput(api, info, i));
    int is_constant = 0;
    const OrtValue* value = nullptr;
    if (i > 0 && present_[i]) {
      Check(api, api.KernelInfoGetConstantInput_tensor(info, i, &is_constant, &value));
      all_constant = all_constant && is_constant != 0;
    }
    constants.push_back(is_constant != 0 ? value : nullptr);
  }
  if (all_constant) kernel_ = Prepare([&](std::size_t i) { return constants[i]; });
  if (LogWanted()) {
    std::fprintf(stderr, "subbit: %s node '%s': %lld -> %lld channels, group %lld, tau %lld: %s\n", op_.type.c_str(),
                 op_.node.c_str(), static_cast<long long>(attributes_.in_channels * attributes_.group),
                 static_cast<long long>(attributes_.out_channels), static_cast<long long>(attributes_.group),
                 static_cast<long long>(attributes_.tau),
                 kernel_ ? kernel_->Name().c_str() : "weights are not constant, kernel chosen in each run");
  }
}

template <class Definition>
std::unique_ptr<ConvKernel<typename Definition::Element>> ConvNode<Definition>::Prepare(
    std::function<const OrtValue*(std::size_t)> input) const {
  return Definition::Prepare({api_, op_, attributes_, isa_, std::move(input)});
}

template <class Definition>
void ConvNode<Definition>::Compute(OrtKernelContext* context) const {
  const auto input = [&](std::size_t i) {
    const OrtValue* value = nullptr;
    if (present_[i]) Check(api_, api_.KernelContext_GetInput(context, i, &value));
    return value;
  };
  const ConvKernel<Element>* kernel = kernel_.get();
  std::unique_ptr<ConvKernel<Element>> of_this_run;
  if (kernel == nullptr) {
    of_this_run = Prepare(input);
    kernel = of_this_run.get();
  }
  const TensorView<Element> x = View<Element>(api_, op_, Definition::kInputs[0].name, input(0));
  const ConvGeometry geometry = MakeGeometry(op_, attributes_, x.shape);
  const std::array<std::int64_t, 4> shape = geometry.OutputShape();
  OrtValue* output = nullptr;
  void* y = nullptr;
  Check(api_, api_.KernelContext_GetOutput(context, 0, shape.data(), shape.size(), &output));
  Check(api_, api_.GetTensorMutableData(output, &y));
  const RunScratch scratch(allocator_, kernel->ScratchBytes(geometry));
  kernel->Run(geometry, x.data, static_cast<Element*>(y), scratch.get(),
              [&](std::size_t tasks, Task task) { RunOnSessionPool(api_, context, tasks, task); });
}

template class ConvNode<SubBitConvDefinition>;
template class ConvNode<BinarySubBitConvDefinition>;
template class ConvNode<QLinearSubBitConvDefinition<std::uint8_t>>;
template class ConvNode<QLinearSubBitConvDefinition<std::int8_t>>;

}  // namespace subbit::ort
