#include "driver/chain_request.h"

#include <algorithm>
#include <utility>

#include "core/conv_geometry.h"
#include "device/cycle_model.h"
#include "driver/driver.h"

namespace subbit::fpga {
namespace {

/// Into how many parts a batch is cut for transfers and computing to overlap.
constexpr std::uint32_t kOverlappingParts = 4;

bool Follows(const LayerDescriptor& from, const LayerDescriptor& to) {
  const bool same_format = (from.output_format == OutputFormat::kU8 && to.input_format == InputFormat::kU8) ||
                           (from.output_format == OutputFormat::kS8 && to.input_format == InputFormat::kS8);
  return same_format && from.out_channels == to.in_channels;
}

}  // namespace

std::vector<LayerDescriptor> ChainShapes(const std::vector<const LoadedLayer*>& chain, std::uint32_t height,
                                         std::uint32_t width) {
  std::vector<LayerDescriptor> shapes;
  for (const LoadedLayer* layer : chain) {
    LayerDescriptor d = layer->descriptor();
    if (!shapes.empty() && !Follows(shapes.back(), d)) {
      throw DriverError(Fault::kUnsupported, "a layer does not take what the layer before it gives");
    }
    d.in_height = height;
    d.in_width = width;
    height = static_cast<std::uint32_t>(OutputLength(height, d.pad_top, d.pad_bottom, d.dilation_h, d.stride_h));
    width = static_cast<std::uint32_t>(OutputLength(width, d.pad_left, d.pad_right, d.dilation_w, d.stride_w));
    d.out_height = height;
    d.out_width = width;
    shapes.push_back(d);
  }
  return shapes;
}

ChainRequest::ChainRequest(Driver& driver, std::vector<LayerDescriptor> shapes, std::uint32_t batch)
    : driver_(driver),
      shapes_(std::move(shapes)),
      batch_(batch),
      part_((batch + kOverlappingParts - 1) / kOverlappingParts) {
  while (!TakeMemory()) {
    if (part_ == 1) {
      const LayerDescriptor& first = shapes_.front();
      throw DriverError(Fault::kOutOfMemory,
                        "one image of " + std::to_string(first.in_channels) + "x" + std::to_string(first.in_height) + "x" +
                            std::to_string(first.in_width) + " and what is computed from it do not fit into the " +
                            std::to_string(driver_.capabilities_.memory_bytes) + " bytes of device memory");
    }
    part_ = (part_ + 1) / 2;
  }
}

bool ChainRequest::TakeMemory() {
  between_.clear();
  slots_ = {};
  const auto take = [&](std::uint64_t bytes) { return std::make_unique<MemoryBlock>(driver_.memory_, bytes); };
  bool fits = true;
  for (std::uint32_t i = 0; i < std::min<std::uint32_t>(Parts(), slots_.size()); ++i) {
    slots_[i] = {take(part_ * shapes_.front().input_image_bytes()), take(part_ * shapes_.back().output_image_bytes()),
                 take(shapes_.size() * LayerDescriptor::kBytes)};
    fits = fits && *slots_[i].input && *slots_[i].output && *slots_[i].descriptors;
  }
  for (std::size_t i = 0; i + 1 < shapes_.size(); ++i) {
    between_.push_back(take(part_ * shapes_[i].output_image_bytes()));
    fits = fits && *between_.back();
  }
  return fits;
}

std::uint32_t ChainRequest::ImagesOf(std::uint32_t part) const { return std::min(part_, batch_ - part * part_); }

std::vector<LayerCycles> ChainRequest::Run(const std::uint8_t* input, std::uint8_t* output,
                                           std::chrono::milliseconds timeout) {
  std::vector<LayerCycles> cycles(shapes_.size(), LayerCycles{0, 0});
  const std::uint32_t parts = Parts();
  Write(0, input);
  Start(0);
  for (std::uint32_t part = 0; part < parts; ++part) {
    const bool more = part + 1 < parts;
    if (more) {
      Write(part + 1, input);
    }
    driver_.Await(timeout);
    driver_.CheckOutcome();
    if (more) {
      Start(part + 1);
    }
    CountCycles(part, cycles);
    Read(part, output);
  }
  return cycles;
}

std::vector<LayerDescriptor> ChainRequest::DescriptorsOf(std::uint32_t part) {
  std::vector<LayerDescriptor> descriptors = shapes_;
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    LayerDescriptor& d = descriptors[i];
    d.batch = ImagesOf(part);
    d.input_address = i == 0 ? SlotOf(part).input->address() : between_[i - 1]->address();
    d.output_address = i + 1 == descriptors.size() ? SlotOf(part).output->address() : between_[i]->address();
    if (const ErrorCode code = d.Validate(driver_.capabilities_); code != ErrorCode::kNone) {
      throw DriverError(Fault::kUnsupported, Describe(code));
    }
  }
  return descriptors;
}

void ChainRequest::Write(std::uint32_t part, const std::uint8_t* input) {
  std::vector<std::uint8_t> list;
  for (const LayerDescriptor& d : DescriptorsOf(part)) {
    const LayerDescriptor::Bytes bytes = d.Encode();
    list.insert(list.end(), bytes.begin(), bytes.end());
  }
  const Slot& slot = SlotOf(part);
  driver_.device_->WriteBuffer(slot.descriptors->address(), list.data(), list.size());
  const std::uint64_t image = shapes_.front().input_image_bytes();
  driver_.device_->WriteBuffer(slot.input->address(), input + part * part_ * image, ImagesOf(part) * image);
}

void ChainRequest::Start(std::uint32_t part) { driver_.Start(SlotOf(part).descriptors->address(), shapes_.size()); }

void ChainRequest::CountCycles(std::uint32_t part, std::vector<LayerCycles>& cycles) {
  for (std::size_t i = 0; i < shapes_.size(); ++i) {
    LayerDescriptor::Bytes bytes;
    driver_.device_->ReadBuffer(SlotOf(part).descriptors->address() + i * LayerDescriptor::kBytes, bytes.data(),
                                bytes.size());
    LayerDescriptor finished;
    if (LayerDescriptor::Decode(bytes, &finished) != ErrorCode::kNone || finished.status != ErrorCode::kNone) {
      throw DriverError(Fault::kDeviceError, "the device reported success but did not complete a descriptor");
    }
    cycles[i].cycles += finished.cycles;
    finished.mode = Mode::kDirect;
    cycles[i].bnn_cycles += BinaryEngineCycles(finished, driver_.capabilities_);
  }
}

void ChainRequest::Read(std::uint32_t part, std::uint8_t* output) {
  const std::uint64_t image = shapes_.back().output_image_bytes();
  driver_.device_->ReadBuffer(SlotOf(part).output->address(), output + part * part_ * image, ImagesOf(part) * image);
}

}  // namespace subbit::fpga
