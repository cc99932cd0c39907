#include "ort/node.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "ort/node_attributes.h"

namespace subbit::ort {
namespace {

/// Most kernels are no networks.
template <class Kernel>
void LogLayers(const Kernel&) {}

/// A line for each layer of a network of several.
void LogLayers(const IntegerNetwork& network) {
  if (network.layers().size() == 1) return;
  for (const NetworkLayer& layer : network.layers()) {
    std::fprintf(stderr, "subbit: %s node '%s': %s\n", layer.op.type.c_str(), layer.op.node.c_str(),
                 layer.layer->Name().c_str());
  }
}

bool LogWanted() {
  const char* log = std::getenv("SUBBIT_LOG");
  return log != nullptr && std::string(log) == "1";
}

}  // namespace

template <class Definition>
Node<Definition>::Node(const OrtApi& api, const OrtKernelInfo* info)
    : api_(api),
      isa_(ChosenIsa()),
      policy_(ChosenKernelPolicy()),
      allocator_(api, info),
      op_{Table::kName, NodeName(api, info)} {
  ReadAttributes(api, op_, info, &attributes_);
  std::vector<const OrtValue*> constants;
  bool all_constant = true;
  inputs_ = InputRows(api, info, Table::kInputs.data(), Table::kInputs.size());
  for (const operators::InputRow& row : inputs_) {
    has_input_.push_back(HasInput(api, info, row));
    const bool is_parameter = has_input_.back() && row.use != operators::InputUse::kData;
    constants.push_back(is_parameter ? ConstantInput(api, info, row) : nullptr);
    all_constant = all_constant && (!is_parameter || constants.back() != nullptr);
  }
  for (const operators::OutputRow& row : Table::kOutputs) has_output_.push_back(HasOutput(api, info, row));
  if (std::find(has_output_.begin(), has_output_.end(), true) == has_output_.end()) {
    throw InvalidOperator(op_, "number of outputs", "0", "1 and more");
  }
  if (all_constant) {
    kernel_ = Prepare(policy_, [&](const operators::InputRow& row) { return constants[row.position]; });
  }
  if (LogWanted()) {
    std::fprintf(stderr, "subbit: %s node '%s': %s%s\n", op_.type.c_str(), op_.node.c_str(),
                 Describe(attributes_).c_str(),
                 kernel_ ? kernel_->Name().c_str() : "weights are not constant, kernel chosen in each run");
    if (kernel_) LogLayers(*kernel_);
  }
}

template <class Definition>
std::unique_ptr<typename Definition::Kernel> Node<Definition>::Prepare(KernelPolicy policy, InputOf input) const {
  return Definition::Prepare({api_, op_, isa_, policy, std::move(input), inputs_.size()}, attributes_);
}

template <class Definition>
void Node<Definition>::Compute(OrtKernelContext* context) const {
  const RunIo io(api_, op_, allocator_, context);
  const Kernel* kernel = kernel_.get();
  std::unique_ptr<Kernel> of_this_run;
  if (kernel == nullptr) {
    // A kernel that serves one run is not worth a measurement, which would prepare the weights for all candidates.
    const KernelPolicy policy = policy_ == KernelPolicy::kMeasure ? KernelPolicy::kEstimate : policy_;
    of_this_run = Prepare(policy, [&](const operators::InputRow& row) {
      return has_input_[row.position] ? io.InputValue(row) : nullptr;
    });
    kernel = of_this_run.get();
  }
  Definition::Run(*kernel, op_, attributes_, io, has_output_);
}

template class Node<SubBitConvDefinition>;
template class Node<StagedSubBitConvDefinition>;
template class Node<BinarySubBitConvDefinition>;
template class Node<QLinearSubBitConvDefinition<std::uint8_t>>;
template class Node<QLinearSubBitConvDefinition<std::int8_t>>;
template class Node<QLinearSubBitBlockDefinition<std::uint8_t>>;
template class Node<QLinearSubBitBlockDefinition<std::int8_t>>;
template class Node<PackSignsDefinition>;
template class Node<PackedBinarySubBitConvDefinition>;
template class Node<BinarySubBitBlockDefinition>;
template class Node<IntegerStemDefinition<float>>;
template class Node<IntegerStemDefinition<std::uint8_t>>;
template class Node<IntegerSubBitConvDefinition>;
template class Node<IntegerSubBitBlockDefinition>;
template class Node<IntegerShortcutDefinition>;
template class Node<IntegerClassifierDefinition>;
template class Node<IntegerNetworkDefinition<float>>;
template class Node<IntegerNetworkDefinition<std::uint8_t>>;

}  // namespace subbit::ort
