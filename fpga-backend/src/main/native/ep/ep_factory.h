#pragma once

#include "ep/ort_api.h"

namespace subbit::fpga {

/// Creates the providers of a process. It offers one virtual device; a provider option selects the actual one, so that
/// a session can be created for the emulator and for a board in the same way.
class EpFactory final : public OrtEpFactory {
 public:
  explicit EpFactory(const OrtEpApi& ep_api);
  ~EpFactory();
  EpFactory(const EpFactory&) = delete;
  EpFactory& operator=(const EpFactory&) = delete;

 private:
  static const char* ORT_API_CALL GetNameImpl(const OrtEpFactory* self) noexcept;
  static const char* ORT_API_CALL GetVendorImpl(const OrtEpFactory* self) noexcept;
  static std::uint32_t ORT_API_CALL GetVendorIdImpl(const OrtEpFactory* self) noexcept;
  static const char* ORT_API_CALL GetVersionImpl(const OrtEpFactory* self) noexcept;
  static OrtStatus* ORT_API_CALL GetSupportedDevicesImpl(OrtEpFactory* self, const OrtHardwareDevice* const* devices,
                                                         size_t num_devices, OrtEpDevice** ep_devices,
                                                         size_t max_ep_devices, size_t* num_ep_devices) noexcept;
  static OrtStatus* ORT_API_CALL CreateEpImpl(OrtEpFactory* self, const OrtHardwareDevice* const* devices,
                                              const OrtKeyValuePairs* const* metadata, size_t num_devices,
                                              const OrtSessionOptions* options, const OrtLogger* logger,
                                              OrtEp** ep) noexcept;
  static void ORT_API_CALL ReleaseEpImpl(OrtEpFactory* self, OrtEp* ep) noexcept;
  static OrtStatus* ORT_API_CALL CreateAllocatorImpl(OrtEpFactory* self, const OrtMemoryInfo* info,
                                                     const OrtKeyValuePairs* options,
                                                     OrtAllocator** allocator) noexcept;
  static void ORT_API_CALL ReleaseAllocatorImpl(OrtEpFactory* self, OrtAllocator* allocator) noexcept;
  static OrtStatus* ORT_API_CALL CreateDataTransferImpl(OrtEpFactory* self, OrtDataTransferImpl** transfer) noexcept;
  static bool ORT_API_CALL IsStreamAwareImpl(const OrtEpFactory* self) noexcept;

  const OrtEpApi& ep_api_;
  /// The virtual device; created only once, since ONNX Runtime may ask for the devices repeatedly.
  OrtHardwareDevice* hardware_ = nullptr;
};

}  // namespace subbit::fpga
