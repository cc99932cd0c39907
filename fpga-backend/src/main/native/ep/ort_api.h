#pragma once

#include <onnxruntime_cxx_api.h>

#include <cstdint>
#include <exception>

namespace subbit::fpga {

/// The execution provider's name, as placement shows it and as option keys contain it in lower case.
inline constexpr const char* kEpName = "SubBitFpga";
/// Prefix of the session configuration entries into which ONNX Runtime turns this provider's options.
inline constexpr const char* kOptionPrefix = "ep.subbitfpga.";
/// Oldest version of ONNX Runtime's API that has what the provider uses; also the version it reports, so that nothing
/// newer is called.
inline constexpr std::uint32_t kOrtApiVersion = 24;

/// Runs `body` and turns whatever it throws into a status: the one boundary between C++ exceptions and ONNX Runtime.
template <typename Body>
OrtStatus* AsStatus(const Body& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const Ort::Exception& e) {
    return Ort::GetApi().CreateStatus(e.GetOrtErrorCode(), e.what());
  } catch (const std::exception& e) {
    return Ort::GetApi().CreateStatus(ORT_EP_FAIL, e.what());
  } catch (...) {
    return Ort::GetApi().CreateStatus(ORT_EP_FAIL, "an unknown failure in the FPGA execution provider");
  }
}

}  // namespace subbit::fpga
