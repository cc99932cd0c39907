#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "device/device.h"
#include "driver/conv_layer.h"
#include "driver/device_memory.h"
#include "driver/driver_error.h"
#include "driver/layer_graph.h"

namespace subbit::fpga {

/// Where a layer's constant tensors lie in device memory; 0 for a tensor that the layer does not have.
struct LayerConstants {
  /// Index or 8-bit weights.
  std::uint64_t index = 0;
  /// Codebook or zero pixels.
  std::uint64_t codebook = 0;
  std::uint64_t bias = 0;
  /// Multipliers, sign rules or integer parameters.
  std::uint64_t multiplier = 0;
};

/// One of them, with what it holds.
struct DeviceConstant {
  std::uint64_t LayerConstants::* address;
  const void* data;
  std::size_t bytes;
};

/// Drives one device: loads layers into its memory, starts it, waits for it and reads results back. One driver owns one
/// device and one lock, so that any number of sessions and threads may share it; requests are served one after the
/// other. Thread-safe.
class Driver : public std::enable_shared_from_this<Driver> {
 public:
  /// Checks that a device is an engine of this driver's version, without changing anything in it. Throws DriverError
  /// (kWrongDevice, kVanished).
  static void CheckIdentity(Device& device);

  /// Takes over the device, identifies it and resets it. Throws DriverError (kWrongDevice, kVanished).
  static std::shared_ptr<Driver> Open(std::unique_ptr<Device> device);

  ~Driver();

  /// Why the device cannot run this layer, or an empty string.
  std::string WhyNot(const ConvLayer& layer) const;
  std::string WhyNot(const DenseLayer& layer) const;

  /// Writes the layer's constant tensors into device memory, where they stay while the result lives. Throws DriverError
  /// (kUnsupported, kOutOfMemory, kVanished, kTransfer).
  std::unique_ptr<LoadedLayer> Load(const ConvLayer& layer);
  std::unique_ptr<LoadedLayer> Load(const DenseLayer& layer);

  /// Runs a layer without a residual over `batch` images of `height` x `width`: a graph of one, see RunGraph.
  LayerCycles Run(const LoadedLayer& layer, std::uint32_t batch, std::uint32_t height, std::uint32_t width,
                  const void* input, void* output, std::chrono::milliseconds timeout);

  /// Images of one input of a graph.
  struct GraphInput {
    const void* images;
    ImageSize size;
  };

  /// Runs the layers of a graph over `batch` images; each reads what earlier ones have left in device memory. `inputs`
  /// have the formats of the layers that read them, `outputs` those of the layers that write them, in the graph's
  /// order, NCHW, without gaps; the caller sizes outputs by OutputLength. Returns one entry per layer.
  ///
  /// A batch is run in parts, of which one is transferred while another is computed; the parts are smaller if they
  /// would not fit into device memory. Each part must finish within `timeout`; a device that does not is reset, so that
  /// the next request finds it idle. Throws DriverError.
  std::vector<LayerCycles> RunGraph(const LayerGraph& graph, std::uint32_t batch, const std::vector<GraphInput>& inputs,
                                    const std::vector<void*>& outputs, std::chrono::milliseconds timeout);

  /// Whether the device has vanished, and with it everything that was loaded. It stays lost: every later request fails
  /// at once, and a new driver must be opened for a device that has come back.
  bool lost() const { return lost_; }

  /// Gives the device up, so that another driver can take it. From then on it counts as lost.
  void Disconnect();

  TimingKind timing_kind() const { return timing_kind_; }

 private:
  friend class LoadedLayer;
  friend class GraphRequest;

  explicit Driver(std::unique_ptr<Device> device);

  /// Calls body() unless the device is lost; turns failed transfers into DriverError and records a loss. Under the
  /// lock.
  template <typename Body>
  auto WithDevice(const Body& body);
  std::unique_ptr<LoadedLayer> Load(const LayerShape& shape, const std::vector<DeviceConstant>& tensors);
  std::unique_ptr<LoadedLayer> LoadUnderLock(const LayerShape& shape, const std::vector<DeviceConstant>& tensors);
  std::uint64_t Upload(const void* data, std::size_t bytes);
  void Release(std::uint64_t address);
  void Start(std::uint64_t descriptors, std::size_t count);
  void Reset();
  void EnsureIdle();
  void Await(std::chrono::milliseconds timeout);
  void CheckOutcome();

  std::unique_ptr<Device> device_;
  const TimingKind timing_kind_;
  const Capabilities capabilities_;
  std::atomic<bool> lost_{false};
  std::mutex mutex_;
  DeviceMemory memory_;
  /// The value that DESCRIPTORS must have; any other means that somebody else has reset the device.
  std::uint32_t expected_descriptors_ = 0;
};

/// A layer whose constant tensors lie in device memory; its destructor releases that memory. Immutable.
class LoadedLayer {
 public:
  ~LoadedLayer();
  LoadedLayer(const LoadedLayer&) = delete;
  LoadedLayer& operator=(const LoadedLayer&) = delete;

  /// With the mode in which it runs; batch, heights and widths are those of each request.
  const LayerShape& shape() const { return shape_; }
  const LayerConstants& constants() const { return constants_; }

 private:
  friend class Driver;

  LoadedLayer(std::shared_ptr<Driver> driver, const LayerShape& shape) : driver_(std::move(driver)), shape_(shape) {}

  std::shared_ptr<Driver> driver_;
  const LayerShape shape_;
  LayerConstants constants_;
};

}  // namespace subbit::fpga
