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
  using Table = typename Definition::Table;

  explicit CustomOp(const OrtApi& ort_api) : OrtCustomOp{}, api(ort_api) {
    version = kApiVersion;
    GetName = [](const OrtCustomOp*) { return Table::kName; };
    GetExecutionProviderType = [](const OrtCustomOp*) -> const char* { return nullptr; };  // the CPU
    GetInputTypeCount = [](const OrtCustomOp*) { return Table::kInputs.size(); };
    GetInputType = [](const OrtCustomOp*, std::size_t i) {
      return OnnxType(Table::kInputs[i].type, Definition::kActivations);
    };
    GetInputCharacteristic = [](const OrtCustomOp*, std::size_t i) {
      switch (Table::kInputs[i].use) {
        case operators::InputUse::kOptionalParameter:
          return INPUT_OUTPUT_OPTIONAL;
        case operators::InputUse::kVariadicParameters:
          return INPUT_OUTPUT_VARIADIC;
        default:
          return INPUT_OUTPUT_REQUIRED;
      }
    };
    GetInputMemoryType = [](const OrtCustomOp*, std::size_t) { return OrtMemTypeDefault; };
    GetOutputTypeCount = [](const OrtCustomOp*) { return Table::kOutputs.size(); };
    GetOutputType = [](const OrtCustomOp*, std::size_t i) {
      return OnnxType(Table::kOutputs[i].type, Definition::kActivations);
    };
    GetOutputCharacteristic = [](const OrtCustomOp*, std::size_t i) {
      return Table::kOutputs[i].optional ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED;
    };
    GetVariadicInputMinArity = [](const OrtCustomOp*) { return 1; };
    GetVariadicInputHomogeneity = [](const OrtCustomOp*) { return 0; };  // each of the type that its place demands
    GetVariadicOutputMinArity = [](const OrtCustomOp*) { return 1; };
    GetVariadicOutputHomogeneity = [](const OrtCustomOp*) { return 1; };
    GetStartVersion = [](const OrtCustomOp*) { return operators::kVersion; };
    GetEndVersion = [](const OrtCustomOp*) { return operators::kVersion; };
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
      return Guard(api, [&] { Definition::InferShapes(api, {Table::kName}, context); });
    };
  }

  const OrtApi& api;
};

}  // namespace subbit::ort
