#pragma once

#include <onnxruntime_c_api.h>

#include "core/operator/invalid_operator.h"
#include "tables/operators.h"

/// Output shapes from attributes and whatever is known of the shape of the first input: a batch of unknown size stays
/// unknown under its name, and other unknown lengths get names of their own. All throw InvalidOperator.
namespace subbit::ort {

/// The one output of a convolution, of the type of its first input.
void InferConvShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context, const operators::InputRow& x,
                    const operators::OutputRow& y);

/// The outputs Y and S of a convolution of packed signs, as far as the node has them.
void InferPackedConvShapes(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                           const operators::InputRow& b, const operators::OutputRow& y, const operators::OutputRow& s);

/// The packed signs of an input.
void InferPackSignsShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context);

/// Y of an integer layer.
void InferIntegerLayerShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                            operators::IntegerStem table);
void InferIntegerLayerShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                            operators::IntegerSubBitConv table);
void InferIntegerLayerShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                            operators::IntegerSubBitBlock table);
void InferIntegerLayerShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                            operators::IntegerShortcut table);
void InferIntegerLayerShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context,
                            operators::IntegerClassifier table);

/// The logits of a network.
void InferIntegerNetworkShape(const OrtApi& api, const OpName& op, OrtShapeInferContext* context);

}  // namespace subbit::ort
