// What the finished library registers with ONNX Runtime, against the table of operators. ONNX Runtime itself is played
// by the few functions of its table that registering calls.

#include <gtest/gtest.h>
#include <onnxruntime_c_api.h>

#include <algorithm>
#include <memory>
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

const OrtApi* ORT_API_CALL Api(std::uint32_t) noexcept {
  static const OrtApi api = [] {
    OrtApi table{};
    table.HasSessionConfigEntry = [](const OrtSessionOptions*, const char*, int* present) noexcept -> OrtStatus* {
      *present = 0;
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

void ExpectRow(const OperatorRow& row, const OrtCustomOp& op, ONNXTensorElementDataType eight_bits) {
  EXPECT_EQ(op.GetStartVersion(&op), kVersion);
  EXPECT_EQ(op.GetEndVersion(&op), kVersion);
  ASSERT_EQ(op.GetInputTypeCount(&op), row.input_count);
  for (std::size_t i = 0; i < row.input_count; ++i) {
    const InputRow& input = row.inputs[i];
    EXPECT_EQ(input.position, i) << input.name;
    EXPECT_EQ(op.GetInputType(&op, i), TypeOf(input.type, eight_bits)) << input.name;
    EXPECT_EQ(op.GetInputCharacteristic(&op, i),
              input.use == InputUse::kOptionalParameter ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED)
        << input.name;
  }
  ASSERT_EQ(op.GetOutputTypeCount(&op), row.output_count);
  for (std::size_t i = 0; i < row.output_count; ++i) {
    const OutputRow& output = row.outputs[i];
    EXPECT_EQ(output.position, i) << output.name;
    EXPECT_EQ(op.GetOutputType(&op, i), TypeOf(output.type, eight_bits)) << output.name;
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
    const bool eight_bits = row.inputs[0].type == Element::kEightBits;
    // One registration for each type that 8-bit values may have, in this order.
    for (const ONNXTensorElementDataType type :
         eight_bits ? std::vector{ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8}
                    : std::vector{ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED}) {
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

}  // namespace
}  // namespace subbit::operators
