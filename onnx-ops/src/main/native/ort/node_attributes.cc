#include "ort/node_attributes.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "ort/status.h"

namespace subbit::ort {
namespace {

constexpr char kMissing[] = "missing or of another type";

/// Each overload returns true and fills `values` if the node has the attribute with so many integers.
bool Read(const OrtApi& api, const OrtKernelInfo* info, const char* name, std::int64_t* value) {
  OrtStatus* status = api.KernelInfoGetAttribute_int64(info, name, value);
  api.ReleaseStatus(status);
  return status == nullptr;
}

bool Read(const OrtApi& api, const OrtKernelInfo* info, const char* name, std::int64_t* values, std::size_t count) {
  std::size_t size = 0;
  api.ReleaseStatus(api.KernelInfoGetAttributeArray_int64(info, name, nullptr, &size));
  if (size != count) return false;
  OrtStatus* status = api.KernelInfoGetAttributeArray_int64(info, name, values, &size);
  api.ReleaseStatus(status);
  return status == nullptr;
}

bool Read(const OrtApi& api, const OrtShapeInferContext* context, const char* name, OrtOpAttrType type, void* data,
          std::size_t bytes) {
  const OrtOpAttr* attribute = nullptr;
  std::size_t size = 0;
  OrtStatus* status = api.ShapeInferContext_GetAttribute(context, name, &attribute);
  if (status == nullptr) status = api.ReadOpAttr(attribute, type, data, bytes, &size);
  api.ReleaseStatus(status);
  return status == nullptr && size == bytes;
}

bool Read(const OrtApi& api, const OrtShapeInferContext* context, const char* name, std::int64_t* value) {
  return Read(api, context, name, ORT_OP_ATTR_INT, value, sizeof(*value));
}

bool Read(const OrtApi& api, const OrtShapeInferContext* context, const char* name, std::int64_t* values,
          std::size_t count) {
  return Read(api, context, name, ORT_OP_ATTR_INTS, values, count * sizeof(*values));
}

template <class Node>
void ReadRow(const OrtApi& api, const OpName& op, const Node* node, const operators::NumberRow& row,
             std::int64_t* value) {
  if (!Read(api, node, row.name, value)) throw InvalidOperator(op, row.name, kMissing, "an integer");
}

template <class Node, std::size_t count>
void ReadRow(const OrtApi& api, const OpName& op, const Node* node, const operators::ListRow<count>& row,
             std::array<std::int64_t, count>* values) {
  if (!Read(api, node, row.name, values->data(), count)) {
    throw InvalidOperator(op, row.name, kMissing + std::string(" or length"),
                          "a list of " + std::to_string(count) + " integers");
  }
}

template <class Node>
ConvAttributes ReadAll(const OrtApi& api, const OpName& op, const Node* node) {
  ConvAttributes attributes;
  const auto read = [&](const auto& row, auto* value) { ReadRow(api, op, node, row, value); };
  namespace rows = operators::attributes;
  read(rows::kTau, &attributes.tau);
  read(rows::kOutChannels, &attributes.out_channels);
  read(rows::kInChannels, &attributes.in_channels);
  read(rows::kGroup, &attributes.group);
  read(rows::kStrides, &attributes.strides);
  read(rows::kPads, &attributes.pads);
  read(rows::kDilations, &attributes.dilations);
  Validate(op, attributes);
  return attributes;
}

}  // namespace

void ReadAttributes(const OrtApi& api, const OpName& op, const OrtKernelInfo* info, ConvAttributes* attributes) {
  *attributes = ReadAll(api, op, info);
}

ConvAttributes ReadAttributes(const OrtApi& api, const OpName& op, const OrtShapeInferContext* context) {
  return ReadAll(api, op, context);
}

std::string Describe(const ConvAttributes& attributes) {
  return std::to_string(attributes.in_channels * attributes.group) + " -> " + std::to_string(attributes.out_channels) +
         " channels, group " + std::to_string(attributes.group) + ", tau " + std::to_string(attributes.tau) + ": ";
}

}  // namespace subbit::ort
