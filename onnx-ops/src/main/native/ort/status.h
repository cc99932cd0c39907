#pragma once

#include <onnxruntime_c_api.h>

#include <exception>
#include <new>
#include <stdexcept>

namespace subbit::ort {

/// A failure that ONNX Runtime itself reported. Owns no status: the message is copied and the status released.
class RuntimeFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws RuntimeFailure and releases `status` unless it is null (success).
inline void Check(const OrtApi& api, OrtStatus* status) {
  if (status == nullptr) return;
  const RuntimeFailure failure(api.GetErrorMessage(status));
  api.ReleaseStatus(status);
  throw failure;
}

/// Runs `body` and turns whatever it throws into a status: the only place where C++ exceptions meet ONNX Runtime's C
/// interface.
template <class Body>
OrtStatus* Guard(const OrtApi& api, Body body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const std::invalid_argument& error) {
    return api.CreateStatus(ORT_INVALID_ARGUMENT, error.what());
  } catch (const std::bad_alloc&) {
    return api.CreateStatus(ORT_FAIL, "Subbit: out of memory");
  } catch (const std::exception& error) {
    return api.CreateStatus(ORT_RUNTIME_EXCEPTION, error.what());
  } catch (...) {
    return api.CreateStatus(ORT_RUNTIME_EXCEPTION, "Subbit: unknown error");
  }
}

}  // namespace subbit::ort
