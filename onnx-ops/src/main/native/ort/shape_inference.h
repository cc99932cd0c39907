#pragma once

#include <onnxruntime_c_api.h>

#include "core/operator/invalid_operator.h"

/// Output shapes from attributes and whatever is known of the shape of the first input: a batch of unknown size stays
/// unknown under its name, and other unknown lengths get names of their own. All throw InvalidOperator.
namespace subbit::ort {

/// The one output of a convolution.
void InferConvShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context);

/// The outputs Y and S of a convolution of packed signs, as far as the node has them.
void InferPackedConvShapes(const OrtApi& api, const OpName& op, OrtShapeInferContext* context);

/// The packed signs of an input.
void InferPackSignsShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context);

}  // namespace subbit::ort
