#include "driver/graph_request.h"

#include <algorithm>
#include <string>
#include <utility>

#include "device/cycle_model.h"
#include "driver/driver.h"

namespace subbit::fpga {
namespace {

/// The number of parts into which a batch is cut, so that transfers and computation overlap.
constexpr std::uint32_t kOverlappingParts = 4;

}  // namespace

GraphRequest::GraphRequest(Driver& driver, const LayerGraph& graph, GraphShapes shapes, std::uint32_t batch)
    : driver_(driver),
      graph_(graph),
      shapes_(std::move(shapes)),
      batch_(batch),
      last_reader_(graph.tensors(), 0),
      part_((batch + kOverlappingParts - 1) / kOverlappingParts) {
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    list_bytes_ += LayerDescriptor(shapes_.layers[i]).bytes();
    // What nobody reads is there until its own layer has written it.
    last_reader_[graph.inputs + i] = last_reader_[graph.SignsOf(i)] = i;
    last_reader_[graph.layers[i].input] = i;
    if (graph.layers[i].residual != kNoTensor) {
      last_reader_[graph.layers[i].residual] = i;
    }
  }
  while (!TakeMemory()) {
    if (part_ == 1) {
      const LayerShape& first = shapes_.layers.front();
      throw DriverError(Fault::kOutOfMemory,
                        "one image of " + std::to_string(first.in_channels) + "x" + std::to_string(first.in_height) +
                            "x" + std::to_string(first.in_width) +
                            " and what is computed from it do not fit into the " +
                            std::to_string(driver_.capabilities_.memory_bytes) + " bytes of device memory");
    }
    part_ = (part_ + 1) / 2;
  }
}

bool GraphRequest::TakeMemory() {
  between_.clear();
  slots_ = {};
  for (std::uint32_t i = 0; i < std::min<std::uint32_t>(Parts(), slots_.size()); ++i) {
    if (!TakeSlot(slots_[i])) {
      return false;
    }
  }
  return TakeBetween();
}

bool GraphRequest::TakeSlot(Slot& slot) {
  const auto take = [&](std::vector<Block>& blocks, TensorNumber tensor) {
    blocks.push_back(std::make_unique<MemoryBlock>(driver_.memory_, part_ * shapes_.image_bytes[tensor]));
    return static_cast<bool>(*blocks.back());
  };
  for (TensorNumber input = 0; input < graph_.inputs; ++input) {
    if (!take(slot.inputs, input)) {
      return false;
    }
  }
  for (const TensorNumber output : graph_.outputs) {
    if (!take(slot.outputs, output)) {
      return false;
    }
  }
  slot.descriptors = std::make_unique<MemoryBlock>(driver_.memory_, list_bytes_);
  return static_cast<bool>(*slot.descriptors);
}

bool GraphRequest::TakeBetween() {
  /// A block of between_, and the tensor that it holds.
  struct Use {
    std::uint64_t bytes;
    TensorNumber tensor;
  };
  std::vector<Use> uses;
  between_of_.assign(graph_.tensors(), 0);
  for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
    for (const TensorNumber tensor : {graph_.inputs + i, graph_.SignsOf(i)}) {
      const std::uint64_t bytes = part_ * shapes_.image_bytes[tensor];
      if (bytes == 0 || graph_.OutputPosition(tensor).has_value()) {
        continue;
      }
      // A tensor that an earlier layer has read for the last time makes room.
      const auto free = std::find_if(
          uses.begin(), uses.end(), [&](const Use& use) { return use.bytes >= bytes && last_reader_[use.tensor] < i; });
      between_of_[tensor] = static_cast<std::size_t>(free - uses.begin());
      if (free != uses.end()) {
        free->tensor = tensor;
        continue;
      }
      uses.push_back({bytes, tensor});
      between_.push_back(std::make_unique<MemoryBlock>(driver_.memory_, bytes));
      if (!*between_.back()) {
        return false;
      }
    }
  }
  return true;
}

std::uint32_t GraphRequest::ImagesOf(std::uint32_t part) const { return std::min(part_, batch_ - part * part_); }

std::uint64_t GraphRequest::AddressOf(TensorNumber tensor, std::uint32_t part) {
  if (tensor < graph_.inputs) {
    return SlotOf(part).inputs[tensor]->address();
  }
  const std::optional<std::size_t> output = graph_.OutputPosition(tensor);
  return output.has_value() ? SlotOf(part).outputs[*output]->address() : between_[between_of_[tensor]]->address();
}

std::vector<LayerCycles> GraphRequest::Run(const std::vector<const std::uint8_t*>& inputs,
                                           const std::vector<std::uint8_t*>& outputs,
                                           std::chrono::milliseconds timeout) {
  std::vector<LayerCycles> cycles(graph_.layers.size(), LayerCycles{0, 0});
  const std::uint32_t parts = Parts();
  Write(0, inputs);
  Start(0);
  for (std::uint32_t part = 0; part < parts; ++part) {
    const bool more = part + 1 < parts;
    if (more) {
      Write(part + 1, inputs);
    }
    driver_.Await(timeout);
    driver_.CheckOutcome();
    if (more) {
      Start(part + 1);
    }
    CountCycles(part, cycles);
    Read(part, outputs);
  }
  return cycles;
}

std::vector<LayerDescriptor> GraphRequest::DescriptorsOf(std::uint32_t part) {
  std::vector<LayerDescriptor> descriptors;
  for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
    const GraphLayer& layer = graph_.layers[i];
    const LayerConstants& constants = layer.layer->constants();
    LayerDescriptor& d = descriptors.emplace_back(shapes_.layers[i]);
    d.index_address = constants.index;
    d.codebook_address = constants.codebook;
    d.bias_address = constants.bias;
    d.multiplier_address = constants.multiplier;
    d.batch = ImagesOf(part);
    d.input_address = AddressOf(layer.input, part);
    d.output_address = AddressOf(graph_.inputs + i, part);
    d.residual_address = layer.residual == kNoTensor ? 0 : AddressOf(layer.residual, part);
    const bool signs = d.integer.has_value() && d.integer->gives_signs;
    d.signs_address = signs ? AddressOf(graph_.SignsOf(i), part) : 0;
    if (const ErrorCode code = d.Validate(driver_.capabilities_); code != ErrorCode::kNone) {
      const std::string limit = d.ExceededLimit();
      throw DriverError(Fault::kUnsupported, limit.empty() ? Describe(code) : limit);
    }
  }
  return descriptors;
}

void GraphRequest::Write(std::uint32_t part, const std::vector<const std::uint8_t*>& inputs) {
  std::vector<std::uint8_t> list;
  for (const LayerDescriptor& d : DescriptorsOf(part)) {
    const LayerDescriptor::Bytes bytes = d.Encode();
    list.insert(list.end(), bytes.begin(), bytes.end());
  }
  const Slot& slot = SlotOf(part);
  driver_.device_->WriteBuffer(slot.descriptors->address(), list.data(), list.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::uint64_t image = shapes_.image_bytes[i];
    driver_.device_->WriteBuffer(slot.inputs[i]->address(), inputs[i] + part * part_ * image, ImagesOf(part) * image);
  }
}

void GraphRequest::Start(std::uint32_t part) {
  driver_.Start(SlotOf(part).descriptors->address(), graph_.layers.size());
}

void GraphRequest::CountCycles(std::uint32_t part, std::vector<LayerCycles>& cycles) {
  std::vector<std::uint8_t> list(list_bytes_);
  driver_.device_->ReadBuffer(SlotOf(part).descriptors->address(), list.data(), list.size());
  std::size_t at = 0;
  for (LayerCycles& layer : cycles) {
    LayerDescriptor finished;
    if (LayerDescriptor::Decode(list.data() + at, list.size() - at, &finished) != ErrorCode::kNone ||
        finished.status != ErrorCode::kNone) {
      throw DriverError(Fault::kDeviceError, "the device reported success but did not complete a descriptor");
    }
    at += finished.bytes();
    layer.cycles += finished.cycles;
    layer.bnn_cycles += BinaryEngineCycles(finished, driver_.capabilities_);
  }
}

void GraphRequest::Read(std::uint32_t part, const std::vector<std::uint8_t*>& outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::uint64_t image = shapes_.image_bytes[graph_.outputs[i]];
    driver_.device_->ReadBuffer(SlotOf(part).outputs[i]->address(), outputs[i] + part * part_ * image,
                                ImagesOf(part) * image);
  }
}

}  // namespace subbit::fpga
