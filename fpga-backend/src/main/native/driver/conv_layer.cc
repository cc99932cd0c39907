#include "driver/conv_layer.h"

namespace subbit::fpga {

LayerShape ShapeOf(const ConvAttributes& a) {
  // Validate keeps windows at or below 2^15 and channels at or below 2^19.
  const auto narrow = [](std::int64_t value) { return static_cast<std::uint16_t>(value); };
  LayerShape shape;
  shape.tau = static_cast<std::uint8_t>(a.tau);
  shape.in_channels = static_cast<std::uint32_t>(a.in_channels * a.group);
  shape.out_channels = static_cast<std::uint32_t>(a.out_channels);
  shape.group = static_cast<std::uint32_t>(a.group);
  shape.stride_h = narrow(a.strides[0]);
  shape.stride_w = narrow(a.strides[1]);
  shape.pad_top = narrow(a.pads[0]);
  shape.pad_left = narrow(a.pads[1]);
  shape.pad_bottom = narrow(a.pads[2]);
  shape.pad_right = narrow(a.pads[3]);
  shape.dilation_h = narrow(a.dilations[0]);
  shape.dilation_w = narrow(a.dilations[1]);
  return shape;
}

}  // namespace subbit::fpga
