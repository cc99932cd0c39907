#include "ep/cpu_conv.h"

#include "core/reference.h"

namespace subbit::fpga {

CpuConv::CpuConv(const ConvNode& node)
    : input_format_(node.layer.shape.input_format),
      weights_(node.weights),
      scale_(node.scale),
      bias_(node.bias),
      requantization_{node.layer.shape.input_zero_point, node.layer.shape.output_zero_point, node.layer.multiplier,
                      node.layer.bias} {}

void CpuConv::Run(const ConvGeometry& geometry, const void* x, void* y) const {
  switch (input_format_) {
    case InputFormat::kBits:
      ReferenceBinarySubBitConv(geometry, weights_, scale_, bias_, static_cast<const float*>(x), static_cast<float*>(y),
                                RunSerially);
      break;
    case InputFormat::kU8:
      ReferenceQLinearSubBitConv<std::uint8_t>(geometry, weights_, requantization_, static_cast<const std::uint8_t*>(x),
                                               static_cast<std::uint8_t*>(y), RunSerially);
      break;
    case InputFormat::kS8:
      ReferenceQLinearSubBitConv<std::int8_t>(geometry, weights_, requantization_, static_cast<const std::int8_t*>(x),
                                              static_cast<std::int8_t*>(y), RunSerially);
      break;
  }
}

}  // namespace subbit::fpga
