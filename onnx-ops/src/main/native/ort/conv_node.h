#pragma once

#include <onnxruntime_c_api.h>

#include <memory>
#include <vector>

#include "core/conv_geometry.h"
#include "ort/definitions.h"
#include "ort/run_scratch.h"

namespace subbit::ort {

/// One node of a loaded model. Its kernel is prepared while the session loads if every input but the first is constant,
/// else anew in each run. Immutable after construction, so any number of runs may call Compute at once.
template <class Definition>
class ConvNode {
 public:
  using Element = typename Definition::Element;

  /// Reads attributes and constants. Throws InvalidOperator.
  ConvNode(const OrtApi& api, const OrtKernelInfo* info);

  const OrtApi& api() const { return api_; }

  /// Runs the node on ONNX Runtime's thread pool. Throws InvalidOperator if an input does not fit.
  void Compute(OrtKernelContext* context) const;

 private:
  std::unique_ptr<ConvKernel<Element>> Prepare(std::function<const OrtValue*(std::size_t)> input) const;

  const OrtApi& api_;
  const Isa isa_;
  const CpuAllocator allocator_;
  OpName op_;
  ConvAttributes attributes_;
  std::vector<bool> present_;                    ///< which inputs the node has
  std::unique_ptr<ConvKernel<Element>> kernel_;  ///< null if it depends on a run's inputs
};

extern template class ConvNode<SubBitConvDefinition>;
extern template class ConvNode<BinarySubBitConvDefinition>;
extern template class ConvNode<QLinearSubBitConvDefinition<std::uint8_t>>;
extern template class ConvNode<QLinearSubBitConvDefinition<std::int8_t>>;

}  // namespace subbit::ort
