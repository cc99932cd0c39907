#pragma once

#include <onnxruntime_c_api.h>

#include <memory>
#include <vector>

#include "ort/definitions.h"
#include "ort/integer_definitions.h"

namespace subbit::ort {

/// One node of a loaded model. Its kernel is prepared while the session loads if all parameters are constant, and in
/// each run otherwise. Immutable after construction, so any number of runs may call Compute at once.
template <class Definition>
class Node {
 public:
  using Table = typename Definition::Table;
  using Attributes = typename Definition::Attributes;
  using Kernel = typename Definition::Kernel;

  /// Reads attributes and constants. Throws InvalidOperator.
  Node(const OrtApi& api, const OrtKernelInfo* info);

  const OrtApi& api() const { return api_; }

  /// Runs the node on ONNX Runtime's thread pool. Throws InvalidOperator if an input is not valid.
  void Compute(OrtKernelContext* context) const;

 private:
  std::unique_ptr<Kernel> Prepare(KernelPolicy policy, InputOf input) const;

  const OrtApi& api_;
  const Isa isa_;
  const KernelPolicy policy_;
  const CpuAllocator allocator_;
  OpName op_;
  Attributes attributes_;
  std::vector<operators::InputRow> inputs_;  ///< the rows of the table, with a row for each variadic input
  std::vector<bool> has_input_;
  std::vector<bool> has_output_;
  std::unique_ptr<Kernel> kernel_;  ///< null if it depends on a run's inputs
};

extern template class Node<SubBitConvDefinition>;
extern template class Node<StagedSubBitConvDefinition>;
extern template class Node<BinarySubBitConvDefinition>;
extern template class Node<QLinearSubBitConvDefinition<std::uint8_t>>;
extern template class Node<QLinearSubBitConvDefinition<std::int8_t>>;
extern template class Node<QLinearSubBitBlockDefinition<std::uint8_t>>;
extern template class Node<QLinearSubBitBlockDefinition<std::int8_t>>;
extern template class Node<PackSignsDefinition>;
extern template class Node<PackedBinarySubBitConvDefinition>;
extern template class Node<BinarySubBitBlockDefinition>;
extern template class Node<IntegerStemDefinition<float>>;
extern template class Node<IntegerStemDefinition<std::uint8_t>>;
extern template class Node<IntegerSubBitConvDefinition>;
extern template class Node<IntegerSubBitBlockDefinition>;
extern template class Node<IntegerShortcutDefinition>;
extern template class Node<IntegerClassifierDefinition>;
extern template class Node<IntegerNetworkDefinition<float>>;
extern template class Node<IntegerNetworkDefinition<std::uint8_t>>;

}  // namespace subbit::ort
