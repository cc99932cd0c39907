#include "ep/host_tensors.h"

#include "driver/binary_tensor.h"

namespace subbit::fpga {
namespace {

std::size_t Size(std::int64_t value) { return static_cast<std::size_t>(value); }

SignTensor InputSigns(const ConvGeometry& g) {
  return {Size(g.batch), Size(g.InputChannels()), Size(g.height), Size(g.width)};
}

SignTensor OutputSigns(const ConvGeometry& g) {
  return {Size(g.batch), Size(g.attributes.out_channels), Size(g.out_height), Size(g.out_width)};
}

DeviceImages RoomFor(std::size_t bytes) { return DeviceImages((bytes + 3) / 4); }

}  // namespace

DeviceImages ImagesForDevice(const ConvNode& node, const ConvGeometry& geometry, const void* input) {
  const SignTensor signs = InputSigns(geometry);
  DeviceImages images = RoomFor(signs.bit_bytes());
  auto* bits = reinterpret_cast<std::uint8_t*>(images.data());
  if (node.input_form == HostForm::kFloats) {
    PackSigns(static_cast<const float*>(input), signs.images * signs.channels * signs.height, signs.width, bits);
  } else {
    BitsOfPackedSigns(static_cast<const std::uint8_t*>(input), signs, bits);
  }
  return images;
}

DeviceImages RoomForImages(const ConvNode& node, const ConvGeometry& geometry) {
  const SignTensor signs = OutputSigns(geometry);
  return node.output_form == HostForm::kFloats
             ? DeviceImages(signs.images * signs.channels * signs.height * signs.width)
             : RoomFor(signs.bit_bytes());
}

void ImagesFromDevice(const ConvNode& node, const ConvGeometry& geometry, const DeviceImages& images, void* output) {
  const SignTensor signs = OutputSigns(geometry);
  if (node.output_form == HostForm::kPackedSigns) {
    PackedSignsOfBits(reinterpret_cast<const std::uint8_t*>(images.data()), signs, static_cast<std::uint8_t*>(output));
    return;
  }
  const std::size_t pixels = signs.height * signs.width;
  for (std::size_t plane = 0; plane < signs.images * signs.channels; ++plane) {
    const std::size_t channel = plane % signs.channels;
    ScaleAccumulators(images.data() + plane * pixels, pixels, node.scale[channel], node.bias[channel],
                      static_cast<float*>(output) + plane * pixels);
  }
}

}  // namespace subbit::fpga
