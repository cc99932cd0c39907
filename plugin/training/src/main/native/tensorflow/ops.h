#pragma once

#include "tensorflow/tensorflow_api.h"

namespace subbit {

/// Registers the operators with TensorFlow; plugin/training's NativeOps says what they do. Returns false, having
/// printed why, if TensorFlow refuses one.
bool RegisterOps(const TensorFlowApi& api);

}  // namespace subbit
