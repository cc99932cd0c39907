#pragma once

#include <onnxruntime_c_api.h>

#include "core/invalid_operator.h"

namespace subbit::ort {

/// Sets the shape of a convolution's one output from its attributes and whatever is known of the shape of its first
/// input; a batch of open size stays open under its name. Throws InvalidOperator.
void InferConvShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context);

}  // namespace subbit::ort
