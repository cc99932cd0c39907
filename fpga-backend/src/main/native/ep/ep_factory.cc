#include "ep/ep_factory.h"

#include <onnxruntime_ep_device_ep_metadata_keys.h>

#include "driver/backends.h"
#include "ep/ep.h"

namespace subbit::fpga {
namespace {

constexpr const char* kVendor = "dev.subbit";
constexpr const char* kVersion = "0.1.0";
/// No PCI vendor: the device is virtual.
constexpr std::uint32_t kVendorId = 0;

}  // namespace

EpFactory::EpFactory(const OrtEpApi& ep_api) : OrtEpFactory{}, ep_api_(ep_api) {
  ort_version_supported = kOrtApiVersion;
  GetName = GetNameImpl;
  GetVendor = GetVendorImpl;
  GetVendorId = GetVendorIdImpl;
  GetVersion = GetVersionImpl;
  GetSupportedDevices = GetSupportedDevicesImpl;
  CreateEp = CreateEpImpl;
  ReleaseEp = ReleaseEpImpl;
  CreateAllocator = CreateAllocatorImpl;
  ReleaseAllocator = ReleaseAllocatorImpl;
  CreateDataTransfer = CreateDataTransferImpl;
  IsStreamAware = IsStreamAwareImpl;
}

EpFactory::~EpFactory() {
  if (hardware_ != nullptr) {
    ep_api_.ReleaseHardwareDevice(hardware_);
  }
}

const char* ORT_API_CALL EpFactory::GetNameImpl(const OrtEpFactory*) noexcept { return kEpName; }
const char* ORT_API_CALL EpFactory::GetVendorImpl(const OrtEpFactory*) noexcept { return kVendor; }
std::uint32_t ORT_API_CALL EpFactory::GetVendorIdImpl(const OrtEpFactory*) noexcept { return kVendorId; }
const char* ORT_API_CALL EpFactory::GetVersionImpl(const OrtEpFactory*) noexcept { return kVersion; }

OrtStatus* ORT_API_CALL EpFactory::GetSupportedDevicesImpl(OrtEpFactory* self, const OrtHardwareDevice* const*, size_t,
                                                           OrtEpDevice** ep_devices, size_t max_ep_devices,
                                                           size_t* num_ep_devices) noexcept {
  return AsStatus([&] {
    auto* factory = static_cast<EpFactory*>(self);
    *num_ep_devices = 0;
    if (max_ep_devices == 0) {
      return;
    }
    if (factory->hardware_ == nullptr) {
      Ort::KeyValuePairs metadata;
      metadata.Add(kOrtHardwareDevice_MetadataKey_IsVirtual, "1");
      Ort::ThrowOnError(factory->ep_api_.CreateHardwareDevice(OrtHardwareDeviceType_NPU, kVendorId, 0, kVendor,
                                                              metadata, &factory->hardware_));
    }
    Ort::ThrowOnError(factory->ep_api_.CreateEpDevice(factory, factory->hardware_, nullptr, nullptr, &ep_devices[0]));
    *num_ep_devices = 1;
  });
}

OrtStatus* ORT_API_CALL EpFactory::CreateEpImpl(OrtEpFactory* self, const OrtHardwareDevice* const*,
                                                const OrtKeyValuePairs* const*, size_t,
                                                const OrtSessionOptions* options, const OrtLogger* logger,
                                                OrtEp** ep) noexcept {
  *ep = nullptr;
  return AsStatus([&] {
    const EpOptions read = EpOptions::Read(*options);
    *ep = new Ep(OpenBackend(read.backend), read, static_cast<EpFactory*>(self)->ep_api_, *logger);
  });
}

void ORT_API_CALL EpFactory::ReleaseEpImpl(OrtEpFactory*, OrtEp* ep) noexcept { delete static_cast<Ep*>(ep); }

OrtStatus* ORT_API_CALL EpFactory::CreateAllocatorImpl(OrtEpFactory*, const OrtMemoryInfo*, const OrtKeyValuePairs*,
                                                       OrtAllocator** allocator) noexcept {
  // Tensors stay in host memory between nodes: ONNX Runtime's own allocator serves.
  *allocator = nullptr;
  return nullptr;
}

void ORT_API_CALL EpFactory::ReleaseAllocatorImpl(OrtEpFactory*, OrtAllocator*) noexcept {}

OrtStatus* ORT_API_CALL EpFactory::CreateDataTransferImpl(OrtEpFactory*, OrtDataTransferImpl** transfer) noexcept {
  *transfer = nullptr;
  return nullptr;
}

bool ORT_API_CALL EpFactory::IsStreamAwareImpl(const OrtEpFactory*) noexcept { return false; }

}  // namespace subbit::fpga
