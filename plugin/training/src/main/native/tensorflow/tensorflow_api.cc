#include "tensorflow/tensorflow_api.h"

#include <dlfcn.h>

namespace subbit {

namespace {

constexpr const char* kLibrary = "libtensorflow_framework.so.2";

bool Find(void* library, TensorFlowApi* api) {
#define SUBBIT_FIND(name, result, arguments)                                \
  api->name = reinterpret_cast<result(*) arguments>(dlsym(library, #name)); \
  if (api->name == nullptr) return false;
  SUBBIT_TENSORFLOW_FUNCTIONS(SUBBIT_FIND)
#undef SUBBIT_FIND
  return true;
}

}  // namespace

const TensorFlowApi* FindTensorFlow() {
  static TensorFlowApi api;
  static const bool found = [] {
    // Never closed: the operators use it until the process ends.
    void* library = dlopen(kLibrary, RTLD_NOLOAD | RTLD_LAZY);
    return library != nullptr && Find(library, &api);
  }();
  return found ? &api : nullptr;
}

}  // namespace subbit
