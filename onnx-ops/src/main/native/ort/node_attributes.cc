#include "ort/node_attributes.h"

#include <algorithm>
#include <array>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "ort/status.h"

namespace subbit::ort {
namespace {

constexpr char kMissing[] = "missing or of another type";

/// No list of a network of kMaxLayers layers is longer.
constexpr std::size_t kMaxListLength = kMaxLayers * 32;

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

/// Each overload returns true and fills `values` if the node has the attribute, a list of at most kMaxListLength
/// integers.
bool Read(const OrtApi& api, const OrtKernelInfo* info, const char* name, std::vector<std::int64_t>* values) {
  std::size_t size = 0;
  api.ReleaseStatus(api.KernelInfoGetAttributeArray_int64(info, name, nullptr, &size));
  if (size == 0 || size > kMaxListLength) return false;
  values->resize(size);
  return Read(api, info, name, values->data(), size);
}

bool Read(const OrtApi& api, const OrtShapeInferContext* context, const char* name, std::vector<std::int64_t>* values) {
  const OrtOpAttr* attribute = nullptr;
  OrtStatus* status = api.ShapeInferContext_GetAttribute(context, name, &attribute);
  std::size_t bytes = 0;
  if (status == nullptr) {
    api.ReleaseStatus(api.ReadOpAttr(attribute, ORT_OP_ATTR_INTS, nullptr, 0, &bytes));  // fails, and says how many
  }
  api.ReleaseStatus(status);
  const std::size_t size = bytes / sizeof(std::int64_t);
  if (size == 0 || size > kMaxListLength) return false;
  values->resize(size);
  return Read(api, context, name, values->data(), size);
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
void ReadRow(const OrtApi& api, const OpName& op, const Node* node, const operators::AnyListRow& row,
             std::vector<std::int64_t>* values) {
  if (!Read(api, node, row.name, values)) {
    throw InvalidOperator(op, row.name, kMissing + std::string(", empty or too long"), "a list of integers");
  }
}

template <class Node>
NetworkAttributes ReadNetwork(const OrtApi& api, const OpName& op, const Node* node) {
  using Table = operators::IntegerNetwork;
  NetworkAttributes attributes;
  ReadRow(api, op, node, Table::kAttributeKinds, &attributes.kinds);
  ReadRow(api, op, node, Table::kAttributeReads, &attributes.reads);
  ReadRow(api, op, node, Table::kAttributeResiduals, &attributes.residuals);
  ReadRow(api, op, node, Table::kAttributeSettings, &attributes.settings);
  SplitNetwork(op, attributes);
  return attributes;
}

template <class Node>
void ReadLayer(const OrtApi& api, const OpName& op, const Node* node, AnyLayer* layer) {
  std::visit(
      [&](auto& of_kind) {
        using Table = typename std::decay_t<decltype(of_kind)>::Table;
        VisitAttributes(Table{}, of_kind.attributes,
                        [&](const auto& row, auto* value) { ReadRow(api, op, node, row, value); });
        Validate(op, of_kind.attributes);
      },
      *layer);
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

void ReadAttributes(const OrtApi& api, const OpName& op, const OrtKernelInfo* info, NetworkAttributes* attributes) {
  *attributes = ReadNetwork(api, op, info);
}

void ReadAttributes(const OrtApi& api, const OpName& op, const OrtKernelInfo* info, AnyLayer* layer) {
  ReadLayer(api, op, info, layer);
}

ConvAttributes ReadAttributes(const OrtApi& api, const OpName& op, const OrtShapeInferContext* context) {
  return ReadAll(api, op, context);
}

NetworkAttributes ReadNetworkAttributes(const OrtApi& api, const OpName& op, const OrtShapeInferContext* context) {
  return ReadNetwork(api, op, context);
}

void ReadAttributes(const OrtApi& api, const OpName& op, const OrtShapeInferContext* context, AnyLayer* layer) {
  ReadLayer(api, op, context, layer);
}

std::string Describe(const ConvAttributes& attributes) {
  return std::to_string(attributes.in_channels * attributes.group) + " -> " + std::to_string(attributes.out_channels) +
         " channels, group " + std::to_string(attributes.group) + ", tau " + std::to_string(attributes.tau) + ": ";
}

}  // namespace subbit::ort
