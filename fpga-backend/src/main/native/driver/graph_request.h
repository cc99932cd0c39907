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
///
/// Where the device runs stems beside other layers, and the graph begins with one, a part is computed in two steps: its
/// stem in the step before that of its other layers, beside those of the part before (driver/stem_ahead.h).
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
    // Of a stem that is a step ahead: its values and signs.
    Block stem_values;
    Block stem_signs;
    Block descriptors;
    /// The layers of the list, by numbers in the graph.
    std::vector<std::size_t> list;
  };

  /// A descriptor, and the number of its layer.
  struct Entry {
    std::size_t layer;
    LayerDescriptor descriptor;
  };

  bool TakeMemory();
  bool TakeSlot(Slot& slot);
  bool TakeBetween();
  /// Images of the first part: fewer, where nothing hides its stem.
  std::uint32_t FirstPart() const { return ahead_ ? (part_ + 3) / 4 : part_; }
  std::uint32_t Parts() const { return 1 + (batch_ - FirstPart() + part_ - 1) / part_; }
  std::uint32_t BeginOf(std::uint32_t part) const { return part == 0 ? 0 : FirstPart() + (part - 1) * part_; }
  std::uint32_t ImagesOf(std::uint32_t part) const;
  /// What the device is started for: parts, and a stem that is ahead once more.
  std::uint32_t Steps() const { return Parts() + (ahead_ ? 1 : 0); }
  /// The part whose layers, but for a stem that is ahead, are run in a step.
  std::uint32_t PartOf(std::uint32_t step) const { return ahead_ ? step - 1 : step; }
  Slot& SlotOf(std::uint32_t part) { return slots_[part % slots_.size()]; }
  std::uint64_t AddressOf(TensorNumber tensor, std::uint32_t part);
  bool IsOfStemAhead(TensorNumber tensor) const;
  /// Of `images` images of a part, from `first` on.
  LayerDescriptor DescriptorOf(std::size_t layer, std::uint32_t part, std::uint32_t first, std::uint32_t images);
  std::vector<Entry> EntriesOf(std::uint32_t step);
  /// Puts the stem of a part beside the layers of the list.
  void AddStem(std::uint32_t part, std::vector<Entry>& entries);
  void Write(std::uint32_t step, const std::vector<const std::uint8_t*>& inputs);
  void Start(std::uint32_t step);
  void CountCycles(std::uint32_t step, std::vector<LayerCycles>& cycles);
  void Read(std::uint32_t part, const std::vector<std::uint8_t*>& outputs);

  Driver& driver_;
  const LayerGraph& graph_;
  const GraphShapes shapes_;
  const std::uint32_t batch_;
  const bool ahead_;              ///< the stem of a part runs beside the layers of the part before
  const std::uint32_t together_;  ///< images that a stem ahead is dealt out by
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
