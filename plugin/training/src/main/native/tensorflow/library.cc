#include "tensorflow/ops.h"
#include "tensorflow/tensorflow_api.h"

// Registers the operators when TensorFlow loads the library. Without a TensorFlow it registers none, which whoever
// loaded it sees.
[[gnu::constructor]] static void RegisterAtLoad() {
  const subbit::TensorFlowApi* api = subbit::FindTensorFlow();
  if (api != nullptr) subbit::RegisterOps(*api);
}
