#include "ort/node.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "ort/node_attributes.h"

namespace subbit::ort {
namespace {

bool LogWanted() {
  const char* log = std::getenv("SUBBIT_LOG");
  return log != nullptr && std::string(log) == "1";
}

}  // namespace

template <class Definition>
Node<Definition>::Node(const OrtApi& api, const OrtKernelInfo* info)
    : api_(api), isa_(ChosenIsa()), allocator_(api, info), op_{Definition::kName, NodeName(api, info)} {
  ReadAttributes(api, op_, info, &attributes_);
  std::vector<const OrtValue*> constants;
  bool all_constant = true;
  for (std::size_t i = 0; i < Definition::kInputs.size(); ++i) {
    has_input_.push_back(HasInput(api, info, i));
    const bool is_parameter = has_input_[i] && Definition::kInputs[i].use != InputUse::kData;
    constants.push_back(is_parameter ? ConstantInput(api, info, i) : nullptr);
    all_constant = all_constant && (!is_parameter || constants[i] != nullptr);
  }
  for (std::size_t i = 0; i < Definition::kOutputs.size(); ++i) has_output_.push_back(HasOutput(api, info, i));
  if (std::find(has_output_.begin(), has_output_.end(), true) == has_output_.end()) {
    throw InvalidOperator(op_, "number of outputs", "0", "1 and more");
  }
  if (all_constant) kernel_ = Prepare([&](std::size_t i) { return constants[i]; });
  if (LogWanted()) {
    std::fprintf(stderr, "subbit: %s node '%s': %s%s\n", op_.type.c_str(), op_.node.c_str(),
                 Describe(attributes_).c_str(),
                 kernel_ ? kernel_->Name().c_str() : "weights are not constant, kernel chosen in each run");
  }
}

template <class Definition>
std::unique_ptr<typename Definition::Kernel> Node<Definition>::Prepare(InputOf input) const {
  return Definition::Prepare({api_, op_, isa_, std::move(input)}, attributes_);
}

template <class Definition>
void Node<Definition>::Compute(OrtKernelContext* context) const {
  const RunIo io(api_, op_, allocator_, context);
  const Kernel* kernel = kernel_.get();
  std::unique_ptr<Kernel> of_this_run;
  if (kernel == nullptr) {
    of_this_run = Prepare([&](std::size_t i) { return has_input_[i] ? io.InputValue(i) : nullptr; });
    kernel = of_this_run.get();
  }
  Definition::Run(*kernel, op_, attributes_, io, has_output_);
}

template class Node<SubBitConvDefinition>;
template class Node<BinarySubBitConvDefinition>;
template class Node<QLinearSubBitConvDefinition<std::uint8_t>>;
template class Node<QLinearSubBitConvDefinition<std::int8_t>>;
template class Node<QLinearSubBitBlockDefinition<std::uint8_t>>;
template class Node<QLinearSubBitBlockDefinition<std::int8_t>>;
template class Node<PackSignsDefinition>;
template class Node<PackedBinarySubBitConvDefinition>;
template class Node<BinarySubBitBlockDefinition>;

}  // namespace subbit::ort
