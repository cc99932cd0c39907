#pragma once

#include <onnxruntime_c_api.h>

#include "ort/conv_node.h"
#include "ort/shape_inference.h"
#include "ort/status.h"

namespace subbit::ort {

/// The lowest ONNX Runtime API that offers all that is used here; every ORT from 1.24 on has it.
constexpr std::uint32_t kApiVersion = 24;

/// ONNX Runtime's view of one operator: a table of C callbacks, none of which lets an exception out.
template <class Definition>
struct ConvOp : OrtCustomOp {
  using Node = ConvNode<Definition>;

  explicit ConvOp(const OrtApi& ort_api) : OrtCustomOp{}, api(ort_api) {
    version = kApiVersion;
    GetName = [](const OrtCustomOp*) { return Definition::kName; };
    GetExecutionProviderType = [](const OrtCustomOp*) -> const char* { return nullptr; };  // the CPU
    GetInputTypeCount = [](const OrtCustomOp*) { return Definition::kInputs.size(); };
    GetInputType = [](const OrtCustomOp*, std::size_t i) { return Definition::kInputs[i].type; };
    GetInputCharacteristic = [](const OrtCustomOp*, std::size_t i) {
      return Definition::kInputs[i].optional ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED;
    };
    GetInputMemoryType = [](const OrtCustomOp*, std::size_t) { return OrtMemTypeDefault; };
    GetOutputTypeCount = [](const OrtCustomOp*) { return std::size_t{1}; };
    GetOutputType = [](const OrtCustomOp*, std::size_t) { return ElementType<typename Definition::Element>(); };
    GetOutputCharacteristic = [](const OrtCustomOp*, std::size_t) { return INPUT_OUTPUT_REQUIRED; };
    GetVariadicInputMinArity = [](const OrtCustomOp*) { return 1; };
    GetVariadicInputHomogeneity = [](const OrtCustomOp*) { return 1; };
    GetVariadicOutputMinArity = [](const OrtCustomOp*) { return 1; };
    GetVariadicOutputHomogeneity = [](const OrtCustomOp*) { return 1; };
    GetStartVersion = [](const OrtCustomOp*) { return 1; };
    GetEndVersion = [](const OrtCustomOp*) { return 1; };
    CreateKernelV2 = [](const OrtCustomOp* op, const OrtApi*, const OrtKernelInfo* info, void** kernel) {
      const OrtApi& api = static_cast<const ConvOp*>(op)->api;
      return Guard(api, [&] { *kernel = new Node(api, info); });
    };
    KernelComputeV2 = [](void* kernel, OrtKernelContext* context) {
      const Node& node = *static_cast<Node*>(kernel);
      return Guard(node.api(), [&] { node.Compute(context); });
    };
    KernelDestroy = [](void* kernel) { delete static_cast<Node*>(kernel); };
    InferOutputShapeFn = [](const OrtCustomOp* op, OrtShapeInferContext* context) {
      const OrtApi& api = static_cast<const ConvOp*>(op)->api;
      return Guard(api, [&] { InferConvShape(api, {Definition::kName}, context); });
    };
  }

  const OrtApi& api;
};

}  // namespace subbit::ort
