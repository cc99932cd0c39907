#pragma once

#include <onnxruntime_c_api.h>

#include "ort/node.h"
#include "ort/shape_inference.h"
#include "ort/status.h"

namespace subbit::ort {

/// The lowest ONNX Runtime API version that offers everything used here; every ONNX Runtime from 1.24 on has it.
constexpr std::uint32_t kApiVersion = 24;

/// ONNX Runtime's view of one operator: a table of C callbacks, none of which lets an exception escape.
template <class Definition>
struct CustomOp : OrtCustomOp {
  explicit CustomOp(const OrtApi& ort_api) : OrtCustomOp{}, api(ort_api) {
    version = kApiVersion;
    GetName = [](const OrtCustomOp*) { return Definition::kName; };
    GetExecutionProviderType = [](const OrtCustomOp*) -> const char* { return nullptr; };  // the CPU
    GetInputTypeCount = [](const OrtCustomOp*) { return Definition::kInputs.size(); };
    GetInputType = [](const OrtCustomOp*, std::size_t i) { return Definition::kInputs[i].type; };
    GetInputCharacteristic = [](const OrtCustomOp*, std::size_t i) {
      return Definition::kInputs[i].use == InputUse::kOptionalParameter ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED;
    };
    GetInputMemoryType = [](const OrtCustomOp*, std::size_t) { return OrtMemTypeDefault; };
    GetOutputTypeCount = [](const OrtCustomOp*) { return Definition::kOutputs.size(); };
    GetOutputType = [](const OrtCustomOp*, std::size_t i) { return Definition::kOutputs[i].type; };
    GetOutputCharacteristic = [](const OrtCustomOp*, std::size_t i) {
      return Definition::kOutputs[i].optional ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED;
    };
    GetVariadicInputMinArity = [](const OrtCustomOp*) { return 1; };
    GetVariadicInputHomogeneity = [](const OrtCustomOp*) { return 1; };
    GetVariadicOutputMinArity = [](const OrtCustomOp*) { return 1; };
    GetVariadicOutputHomogeneity = [](const OrtCustomOp*) { return 1; };
    GetStartVersion = [](const OrtCustomOp*) { return 1; };
    GetEndVersion = [](const OrtCustomOp*) { return 1; };
    CreateKernelV2 = [](const OrtCustomOp* op, const OrtApi*, const OrtKernelInfo* info, void** kernel) {
      const OrtApi& api = static_cast<const CustomOp*>(op)->api;
      return Guard(api, [&] { *kernel = new Node<Definition>(api, info); });
    };
    KernelComputeV2 = [](void* kernel, OrtKernelContext* context) {
      const auto& node = *static_cast<Node<Definition>*>(kernel);
      return Guard(node.api(), [&] { node.Compute(context); });
    };
    KernelDestroy = [](void* kernel) { delete static_cast<Node<Definition>*>(kernel); };
    InferOutputShapeFn = [](const OrtCustomOp* op, OrtShapeInferContext* context) {
      const OrtApi& api = static_cast<const CustomOp*>(op)->api;
      return Guard(api, [&] { Definition::InferShapes(api, {Definition::kName}, context); });
    };
  }

  const OrtApi& api;
};

}  // namespace subbit::ort
