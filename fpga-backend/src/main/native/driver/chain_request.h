#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "device/layer_descriptor.h"
#include "driver/conv_layer.h"
#include "driver/device_memory.h"

namespace subbit::fpga {

class Driver;
class LoadedLayer;

/// Descriptors of a chain of layers over images of `height` x `width`: everything but the batch and the addresses of the
/// tensors between the layers. Throws DriverError (kUnsupported) if a layer does not take what the one before gives.
std::vector<LayerDescriptor> ChainShapes(const std::vector<const LoadedLayer*>& chain, std::uint32_t height,
                                         std::uint32_t width);

/// One run of a chain of layers over a batch: holds the device memory for it, cuts the batch into parts and takes them
/// through the device in turn. While a part is computed, the next one's images are written and the last one's results
/// read, in memory that the running descriptors do not name. Used under the driver's lock.
class ChainRequest {
 public:
  /// Takes device memory for the largest parts that fit. Throws DriverError (kOutOfMemory, kUnsupported).
  ChainRequest(Driver& driver, std::vector<LayerDescriptor> shapes, std::uint32_t batch);

  /// Throws DriverError and TransferError.
  std::vector<LayerCycles> Run(const std::uint8_t* input, std::uint8_t* output, std::chrono::milliseconds timeout);

 private:
  /// Device memory of one part on its way.
  struct Slot {
    std::unique_ptr<MemoryBlock> input;
    std::unique_ptr<MemoryBlock> output;
    std::unique_ptr<MemoryBlock> descriptors;
  };

  bool TakeMemory();
  std::uint32_t Parts() const { return (batch_ + part_ - 1) / part_; }
  std::uint32_t ImagesOf(std::uint32_t part) const;
  Slot& SlotOf(std::uint32_t part) { return slots_[part % slots_.size()]; }
  std::vector<LayerDescriptor> DescriptorsOf(std::uint32_t part);
  void Write(std::uint32_t part, const std::uint8_t* input);
  void Start(std::uint32_t part);
  void CountCycles(std::uint32_t part, std::vector<LayerCycles>& cycles);
  void Read(std::uint32_t part, std::uint8_t* output);

  Driver& driver_;
  const std::vector<LayerDescriptor> shapes_;
  const std::uint32_t batch_;
  std::uint32_t part_;  // images of a part; the last one may have fewer
  std::array<Slot, 2> slots_;
  /// Tensors between the layers. Only one part is computed at a time, so one of each serves all.
  std::vector<std::unique_ptr<MemoryBlock>> between_;
};

}  // namespace subbit::fpga
