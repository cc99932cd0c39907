#pragma once

#include <onnxruntime_c_api.h>

#include <string>

#include "core/integer/network_attributes.h"
#include "core/operator/conv_attributes.h"

namespace subbit::ort {

/// The attributes of operators without attributes.
struct NoAttributes {};

/// The attributes of an integer layer of the operator with these rows.
template <class Row>
struct LayerAttributes {
  AnyLayer layer = LayerOf<Row>{};
};

/// Reads and validates the attributes of a node while its kernel is created. Throws InvalidOperator.
void ReadAttributes(const OrtApi& api, const OpName& op, const OrtKernelInfo* info, ConvAttributes* attributes);
void ReadAttributes(const OrtApi& api, const OpName& op, const OrtKernelInfo* info, NetworkAttributes* attributes);
inline void ReadAttributes(const OrtApi&, const OpName&, const OrtKernelInfo*, NoAttributes*) {}
/// Those of the operator whose layer this is.
void ReadAttributes(const OrtApi& api, const OpName& op, const OrtKernelInfo* info, AnyLayer* layer);
template <class Row>
void ReadAttributes(const OrtApi& api, const OpName& op, const OrtKernelInfo* info, LayerAttributes<Row>* attributes) {
  ReadAttributes(api, op, info, &attributes->layer);
}

/// Reads and validates the attributes of a node while output shapes are inferred. Throws InvalidOperator.
ConvAttributes ReadAttributes(const OrtApi& api, const OpName& op, const OrtShapeInferContext* context);
NetworkAttributes ReadNetworkAttributes(const OrtApi& api, const OpName& op, const OrtShapeInferContext* context);
void ReadAttributes(const OrtApi& api, const OpName& op, const OrtShapeInferContext* context, AnyLayer* layer);

/// For logs: "64 -> 128 channels, group 1, tau 5: ".
std::string Describe(const ConvAttributes& attributes);
inline std::string Describe(const NoAttributes&) { return ""; }
inline std::string Describe(const NetworkAttributes&) { return ""; }
template <class Row>
std::string Describe(const LayerAttributes<Row>&) {
  return "";
}

}  // namespace subbit::ort
