#include "driver/graph_request.h"

#include <algorithm>
#include <string>
#include <utility>

#include "device/request_cycles.h"
#include "driver/driver.h"
#include "driver/stem_ahead.h"

namespace subbit::fpga {
namespace {

/// The number of parts into which a batch is cut, so that transfers and computation overlap.
constexpr std::uint32_t kOverlappingParts = 4;

/// What one image leaves over to the next multiple of a tensor's alignment needs more images: the fewest images after
/// which tensors of these sizes are aligned again.
std::uint32_t AlignedImages(const std::vector<std::uint64_t>& image_bytes) {
  std::uint32_t images = 1;
  while (std::any_of(image_bytes.begin(), image_bytes.end(),
                     [&](std::uint64_t bytes) { return images * bytes % contract::kAlignment != 0; })) {
    images *= 2;
  }
  return images;
}

}  // namespace

GraphRequest::GraphRequest(Driver& driver, const LayerGraph& graph, GraphShapes shapes, std::uint32_t batch)
    : driver_(driver),
      graph_(graph),
      shapes_(std::move(shapes)),
      batch_(batch),
      ahead_(batch > 1 && (driver.capabilities_.features & registers::kFeaturesBeside) != 0 && StemMayBeAhead(graph)),
      together_(ahead_ ? AlignedImages({shapes_.image_bytes[0], shapes_.image_bytes[graph.inputs],
                                        shapes_.image_bytes[graph.SignsOf(0)]})
                       : 1),
      last_reader_(graph.tensors(), 0),
      part_(ahead_ ? ImagesOfParts(shapes_.layers, batch, together_, driver.capabilities_)
                   : (batch + kOverlappingParts - 1) / kOverlappingParts) {
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    list_bytes_ += LayerDescriptor(shapes_.layers[i]).bytes();
    if (ahead_ && NeedsArray(shapes_.layers[i])) {
      // A stem in front of it.
      list_bytes_ += LayerDescriptor::kIntegerBytes;
    }
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
  if (ahead_) {
    slot.stem_values = std::make_unique<MemoryBlock>(driver_.memory_, part_ * shapes_.image_bytes[graph_.inputs]);
    const std::uint64_t signs = part_ * shapes_.image_bytes[graph_.SignsOf(0)];
    slot.stem_signs = signs == 0 ? nullptr : std::make_unique<MemoryBlock>(driver_.memory_, signs);
    if (!*slot.stem_values || (slot.stem_signs != nullptr && !*slot.stem_signs)) {
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
      if (bytes == 0 || graph_.OutputPosition(tensor).has_value() || IsOfStemAhead(tensor)) {
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

std::uint32_t GraphRequest::ImagesOf(std::uint32_t part) const {
  return std::min(part == 0 ? FirstPart() : part_, batch_ - BeginOf(part));
}

bool GraphRequest::IsOfStemAhead(TensorNumber tensor) const {
  return ahead_ && (tensor == graph_.inputs || tensor == graph_.SignsOf(0));
}

std::uint64_t GraphRequest::AddressOf(TensorNumber tensor, std::uint32_t part) {
  if (tensor < graph_.inputs) {
    return SlotOf(part).inputs[tensor]->address();
  }
  if (IsOfStemAhead(tensor)) {
    const Slot& slot = SlotOf(part);
    return (tensor == graph_.inputs ? slot.stem_values : slot.stem_signs)->address();
  }
  const std::optional<std::size_t> output = graph_.OutputPosition(tensor);
  return output.has_value() ? SlotOf(part).outputs[*output]->address() : between_[between_of_[tensor]]->address();
}

std::vector<LayerCycles> GraphRequest::Run(const std::vector<const std::uint8_t*>& inputs,
                                           const std::vector<std::uint8_t*>& outputs,
                                           std::chrono::milliseconds timeout) {
  std::vector<LayerCycles> cycles(graph_.layers.size(), LayerCycles{0, 0});
  const std::uint32_t steps = Steps();
  Write(0, inputs);
  Start(0);
  for (std::uint32_t step = 0; step < steps; ++step) {
    const bool more = step + 1 < steps;
    if (more) {
      Write(step + 1, inputs);
    }
    driver_.Await(timeout);
    driver_.CheckOutcome();
    if (more) {
      Start(step + 1);
    }
    CountCycles(step, cycles);
    if (!ahead_ || step > 0) {
      Read(PartOf(step), outputs);
    }
  }
  return cycles;
}

LayerDescriptor GraphRequest::DescriptorOf(std::size_t layer, std::uint32_t part, std::uint32_t first,
                                           std::uint32_t images) {
  const GraphLayer& of = graph_.layers[layer];
  const LayerConstants& constants = of.layer->constants();
  const auto address = [&](TensorNumber tensor) {
    return AddressOf(tensor, part) + first * shapes_.image_bytes[tensor];
  };
  LayerDescriptor d(shapes_.layers[layer]);
  d.index_address = constants.index;
  d.codebook_address = constants.codebook;
  d.bias_address = constants.bias;
  d.multiplier_address = constants.multiplier;
  d.batch = images;
  d.input_address = address(of.input);
  d.output_address = address(graph_.inputs + layer);
  d.residual_address = of.residual == kNoTensor ? 0 : address(of.residual);
  const bool signs = d.integer.has_value() && d.integer->gives_signs;
  d.signs_address = signs ? address(graph_.SignsOf(layer)) : 0;
  if (const ErrorCode code = d.Validate(driver_.capabilities_); code != ErrorCode::kNone) {
    const std::string limit = d.ExceededLimit();
    throw DriverError(Fault::kUnsupported, limit.empty() ? Describe(code) : limit);
  }
  return d;
}

std::vector<GraphRequest::Entry> GraphRequest::EntriesOf(std::uint32_t step) {
  std::vector<Entry> entries;
  if (ahead_ && step == 0) {
    entries.push_back({0, DescriptorOf(0, 0, 0, ImagesOf(0))});
    return entries;
  }
  const std::uint32_t part = PartOf(step);
  for (std::size_t i = ahead_ ? 1 : 0; i < graph_.layers.size(); ++i) {
    entries.push_back({i, DescriptorOf(i, part, 0, ImagesOf(part))});
  }
  if (ahead_ && step < Parts()) {
    AddStem(step, entries);
  }
  return entries;
}

void GraphRequest::AddStem(std::uint32_t part, std::vector<Entry>& entries) {
  std::vector<LayerDescriptor> beside;
  for (const Entry& entry : entries) {
    beside.push_back(entry.descriptor);
  }
  const std::uint32_t images = ImagesOf(part);
  LayerDescriptor stem = DescriptorOf(0, part, 0, images);
  stem.integer->beside = 1;
  std::uint32_t dealt = images;
  const std::vector<StemShare> shares = DealStem(beside, stem, together_, driver_.capabilities_);
  // From the last place on, so that places stay those of the list as it was.
  for (auto share = shares.rbegin(); share != shares.rend(); ++share) {
    dealt -= share->images;
    LayerDescriptor d = DescriptorOf(0, part, dealt, share->images);
    d.integer->beside = 1;
    entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(share->place), {0, d});
  }
}

void GraphRequest::Write(std::uint32_t step, const std::vector<const std::uint8_t*>& inputs) {
  Slot& slot = SlotOf(step);
  std::vector<std::uint8_t> list;
  slot.list.clear();
  for (const Entry& entry : EntriesOf(step)) {
    const LayerDescriptor::Bytes bytes = entry.descriptor.Encode();
    list.insert(list.end(), bytes.begin(), bytes.end());
    slot.list.push_back(entry.layer);
  }
  driver_.device_->WriteBuffer(slot.descriptors->address(), list.data(), list.size());
  // The images of a part are there for its stem.
  for (std::size_t i = 0; step < Parts() && i < inputs.size(); ++i) {
    const std::uint64_t image = shapes_.image_bytes[i];
    driver_.device_->WriteBuffer(slot.inputs[i]->address(), inputs[i] + BeginOf(step) * image, ImagesOf(step) * image);
  }
}

void GraphRequest::Start(std::uint32_t step) {
  const Slot& slot = SlotOf(step);
  driver_.Start(slot.descriptors->address(), slot.list.size());
}

void GraphRequest::CountCycles(std::uint32_t step, std::vector<LayerCycles>& cycles) {
  const Slot& slot = SlotOf(step);
  std::vector<std::uint8_t> list(list_bytes_);
  driver_.device_->ReadBuffer(slot.descriptors->address(), list.data(), list.size());
  RequestCycles binary(driver_.capabilities_, RequestCycles::Engine::kBinary);
  std::size_t at = 0;
  for (const std::size_t number : slot.list) {
    LayerDescriptor finished;
    if (LayerDescriptor::Decode(list.data() + at, list.size() - at, &finished) != ErrorCode::kNone ||
        finished.status != ErrorCode::kNone) {
      throw DriverError(Fault::kDeviceError, "the device reported success but did not complete a descriptor");
    }
    at += finished.bytes();
    cycles[number].cycles += finished.cycles;
    cycles[number].bnn_cycles += binary.Next(finished);
  }
}

void GraphRequest::Read(std::uint32_t part, const std::vector<std::uint8_t*>& outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::uint64_t image = shapes_.image_bytes[graph_.outputs[i]];
    driver_.device_->ReadBuffer(SlotOf(part).outputs[i]->address(), outputs[i] + BeginOf(part) * image,
                                ImagesOf(part) * image);
  }
}

}  // namespace subbit::fpga
