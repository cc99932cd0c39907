#pragma once

#include <onnxruntime_c_api.h>

#include "core/conv_attributes.h"

namespace subbit::ort {

/// Reads and validates the attributes of a node while its kernel is made. Throws InvalidOperator.
ConvAttributes ReadAttributes(const OrtApi& api, const OpName& op, const OrtKernelInfo* info);

/// The same while output shapes are inferred.
ConvAttributes ReadAttributes(const OrtApi& api, const OpName& op, const OrtShapeInferContext* context);

}  // namespace subbit::ort
