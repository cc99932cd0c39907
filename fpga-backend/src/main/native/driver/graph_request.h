#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "device/layer_descriptor.h"
#include "driver/conv_layer.h"
#include "driver/device_memory.h"
#include "driver/layer_graph.h"

namespace subbit::fpga {

class Driver;

/// One run of a graph of layers over a batch: holds the device memory for it, cuts the batch into parts and runs them
/// on the device one after the other. While a part is computed, the next one's images are written and the last one's
/// results read, in memory that the running descriptors do not name. Used under the driver's lock.
class GraphRequest {
 public:
  /// Takes device memory for the largest parts that fit. `graph` must outlive the request; `shapes` are its shapes.
  /// Throws DriverError (kOutOfMemory, kUnsupported).
  GraphRequest(Driver& driver, const LayerGraph& graph, GraphShapes shapes, std::uint32_t batch);

  /// Runs the graph, with one pointer per input and per output. Throws DriverError and TransferError.
  std::vector<LayerCycles> Run(const std::vector<const std::uint8_t*>& inputs,
                               const std::vector<std::uint8_t*>& outputs, std::chrono::milliseconds timeout);

 private:
  using Block = std::unique_ptr<MemoryBlock>;

  /// Device memory of one part in progress.
  struct Slot {
    std::vector<Block> inputs;
    std::vector<Block> outputs;
    Block descriptors;
  };

  bool TakeMemory();
  bool TakeSlot(Slot& slot);
  bool TakeBetween();
  std::uint32_t Parts() const { return (batch_ + part_ - 1) / part_; }
  std::uint32_t ImagesOf(std::uint32_t part) const;
  Slot& SlotOf(std::uint32_t part) { return slots_[part % slots_.size()]; }
  std::uint64_t AddressOf(TensorNumber tensor, std::uint32_t part);
  std::vector<LayerDescriptor> DescriptorsOf(std::uint32_t part);
  void Write(std::uint32_t part, const std::vector<const std::uint8_t*>& inputs);
  void Start(std::uint32_t part);
  void CountCycles(std::uint32_t part, std::vector<LayerCycles>& cycles);
  void Read(std::uint32_t part, const std::vector<std::uint8_t*>& outputs);

  Driver& driver_;
  const LayerGraph& graph_;
  const GraphShapes shapes_;
  const std::uint32_t batch_;
  std::uint64_t list_bytes_ = 0;
  /// Of every tensor: the last layer that reads it, or its own layer.
  std::vector<std::size_t> last_reader_;
  std::uint32_t part_;  // images of a part; the last one may have fewer
  std::array<Slot, 2> slots_;
  /// The memory between the layers, shared by tensors that are not needed at the same time. Only one part is computed
  /// at a time, so one set serves all.
  std::vector<Block> between_;
  /// Of every tensor: its block in between_; unused for inputs and outputs of the graph.
  std::vector<std::size_t> between_of_;
};

}  // namespace subbit::fpga
