#include <new>

#include "ep/ep_factory.h"
#include "library/export.h"

/// The two functions that ONNX Runtime looks up in an execution-provider library.

extern "C" SUBBIT_EXPORT OrtStatus* CreateEpFactories(const char*, const OrtApiBase* base, const OrtLogger*,
                                                      OrtEpFactory** factories, size_t max_factories,
                                                      size_t* num_factories) {
  using subbit::fpga::kOrtApiVersion;
  const OrtApi* api = base->GetApi(kOrtApiVersion);
  if (api == nullptr) {
    // Version 1 has been there from the beginning; a status is all that is wanted of it.
    return base->GetApi(1)->CreateStatus(ORT_NOT_IMPLEMENTED,
                                         "The FPGA execution provider needs ONNX Runtime 1.24 or newer.");
  }
  Ort::InitApi(api);
  return subbit::fpga::AsStatus([&] {
    *num_factories = 0;
    if (max_factories == 0) {
      throw std::invalid_argument("ONNX Runtime left no room for a factory.");
    }
    factories[0] = new subbit::fpga::EpFactory(*api->GetEpApi());
    *num_factories = 1;
  });
}

extern "C" SUBBIT_EXPORT OrtStatus* ReleaseEpFactory(OrtEpFactory* factory) {
  delete static_cast<subbit::fpga::EpFactory*>(factory);
  return nullptr;
}
