#pragma once

#include <onnxruntime_c_api.h>

#include <string>

#include "core/operator/conv_attributes.h"

namespace subbit::ort {

/// The attributes of operators without attributes.
struct NoAttributes {};

/// Reads and validates the attributes of a node while its kernel is created. Throws InvalidOperator.
void ReadAttributes(const OrtApi& api, const OpName& op, const OrtKernelInfo* info, ConvAttributes* attributes);
inline void ReadAttributes(const OrtApi&, const OpName&, const OrtKernelInfo*, NoAttributes*) {}

/// Reads and validates the attributes of a node while output shapes are inferred. Throws InvalidOperator.
ConvAttributes ReadAttributes(const OrtApi& api, const OpName& op, const OrtShapeInferContext* context);

/// For logs: "64 -> 128 channels, group 1, tau 5: ".
std::string Describe(const ConvAttributes& attributes);
inline std::string Describe(const NoAttributes&) { return ""; }

}  // namespace subbit::ort
