// What the finished library registers with ONNX Runtime, against the table of operators. ONNX Runtime itself is played
// by the few functions of its table that registering calls.

#include <gtest/gtest.h>
#include <onnxruntime_c_api.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tables/operators.h"

extern "C" OrtStatus* ORT_API_CALL RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base);

/// ONNX Runtime leaves the type open; here it is what was put into a domain.
struct OrtCustomOpDomain {
  std::string name;
  std::vector<const OrtCustomOp*> operators;
};

namespace subbit::operators {
namespace {

/// Where ONNX Runtime would keep the domain that was added to the session's options.
const OrtCustomOpDomain* added = nullptr;

/// Whether the session's options hold subbit.ops.packed_signs with the value 0.
bool packed_signs_off = false;

const OrtApi* ORT_API_CALL Api(std::uint32_t) noexcept {
  static const OrtApi api = [] {
    OrtApi table{};
    table.HasSessionConfigEntry = [](const OrtSessionOptions*, const char* key, int* present) noexcept -> OrtStatus* {
      *present = packed_signs_off && key == std::string("subbit.ops.packed_signs") ? 1 : 0;
      return nullptr;
    };
    table.GetSessionConfigEntry = [](const OrtSessionOptions*, const char*, char* value,
                                     std::size_t* size) noexcept -> OrtStatus* {
      *size = 2;
      if (value != nullptr) std::copy_n("0", 2, value);
      return nullptr;
    };
    table.AddSessionConfigEntry = [](OrtSessionOptions*, const char*, const char*) noexcept -> OrtStatus* {
      return nullptr;
    };
    table.CreateCustomOpDomain = [](const char* name, OrtCustomOpDomain** domain) noexcept -> OrtStatus* {
      // The library holds its domains as long as the process runs.
      static std::vector<std::unique_ptr<OrtCustomOpDomain>> domains;
      domains.push_back(std::make_unique<OrtCustomOpDomain>(OrtCustomOpDomain{name, {}}));
      *domain = domains.back().get();
      return nullptr;
    };
    table.CustomOpDomain_Add = [](OrtCustomOpDomain* domain, const OrtCustomOp* op) noexcept -> OrtStatus* {
      domain->operators.push_back(op);
      return nullptr;
    };
    table.AddCustomOpDomain = [](OrtSessionOptions*, OrtCustomOpDomain* domain) noexcept -> OrtStatus* {
      added = domain;
      return nullptr;
    };
    return table;
  }();
  return &api;
}

/// The types that one registration of an operator has in place of a row's, by the type of its 8-bit values or pixels.
ONNXTensorElementDataType TypeOf(Element element, ONNXTensorElementDataType chosen) {
  switch (element) {
    case Element::kFloat:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    case Element::kUint8:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
    case Element::kInt8:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8;
    case Element::kInt32:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
    case Element::kInt16:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16;
    case Element::kAny:
      return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    case Element::kEightBits:
    case Element::kPixels:
      break;
  }
  return chosen;
}

OrtCustomOpInputOutputCharacteristic Characteristic(InputUse use) {
  if (use == InputUse::kOptionalParameter) return INPUT_OUTPUT_OPTIONAL;
  return use == InputUse::kVariadicParameters ? INPUT_OUTPUT_VARIADIC : INPUT_OUTPUT_REQUIRED;
}

/// The types of what is chosen in the operator's registrations, in their order: one of its 8-bit values or pixels.
std::vector<ONNXTensorElementDataType> Registrations(const OperatorRow& row) {
  switch (row.inputs[0].type) {
    case Element::kEightBits:
      return {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8};
    case Element::kPixels:
      return {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8};
    default:
      return {ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED};
  }
}

void ExpectRow(const OperatorRow& row, const OrtCustomOp& op, ONNXTensorElementDataType chosen) {
  EXPECT_EQ(op.GetStartVersion(&op), kVersion);
  EXPECT_EQ(op.GetEndVersion(&op), kVersion);
  ASSERT_EQ(op.GetInputTypeCount(&op), row.input_count);
  for (std::size_t i = 0; i < row.input_count; ++i) {
    const InputRow& input = row.inputs[i];
    EXPECT_EQ(input.position, i) << input.name;
    if (input.use == InputUse::kVariadicParameters) {
      EXPECT_EQ(op.GetVariadicInputHomogeneity(&op), 0) << input.name;
      EXPECT_EQ(op.GetVariadicInputMinArity(&op), 1) << input.name;
    }
    EXPECT_EQ(op.GetInputType(&op, i), TypeOf(input.type, chosen)) << input.name;
    EXPECT_EQ(op.GetInputCharacteristic(&op, i), Characteristic(input.use)) << input.name;
  }
  ASSERT_EQ(op.GetOutputTypeCount(&op), row.output_count);
  for (std::size_t i = 0; i < row.output_count; ++i) {
    const OutputRow& output = row.outputs[i];
    EXPECT_EQ(output.position, i) << output.name;
    EXPECT_EQ(op.GetOutputType(&op, i), TypeOf(output.type, chosen)) << output.name;
    EXPECT_EQ(op.GetOutputCharacteristic(&op, i), output.optional ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED)
        << output.name;
  }
}

TEST(Register, OffersEveryRowOfTheTable) {
  const OrtApiBase base{Api, nullptr};
  ASSERT_EQ(RegisterCustomOps(nullptr, &base), nullptr);
  ASSERT_NE(added, nullptr);
  EXPECT_EQ(added->name, kDomain);
  std::vector<const OrtCustomOp*> left = added->operators;
  for (const OperatorRow& row : kAll) {
    for (const ONNXTensorElementDataType type : Registrations(row)) {
      const auto op = std::find_if(left.begin(), left.end(),
                                   [&](const OrtCustomOp* o) { return o->GetName(o) == std::string(row.name); });
      ASSERT_NE(op, left.end()) << row.name << " is in the table and not registered";
      SCOPED_TRACE(row.name);
      ExpectRow(row, **op, type);
      left.erase(op);
    }
  }
  for (const OrtCustomOp* op : left) {
    ADD_FAILURE() << op->GetName(op) << " is registered and not in the table";
  }
}

TEST(Register, WithoutPackedSignsOnlyOperatorsOfOneConvolutionHaveKernels) {
  const OrtApiBase base{Api, nullptr};
  packed_signs_off = true;
  ASSERT_EQ(RegisterCustomOps(nullptr, &base), nullptr);
  packed_signs_off = false;
  std::set<std::string> names;
  for (const OrtCustomOp* op : added->operators) names.insert(op->GetName(op));
  EXPECT_EQ(names, (std::set<std::string>{"BinarySubBitConv", "QLinearSubBitBlock", "QLinearSubBitConv",
                                          "StagedSubBitConv", "SubBitConv"}));
}

}  // namespace
}  // namespace subbit::operators
