#include "ep/cpu_conv.h"

#include "core/reference/reference.h"

namespace subbit::fpga {
namespace {

template <typename Q>
void RunQLinear(const ConvNode& node, const ConvGeometry& geometry, const void* x, const void* residual, void* y) {
  const LayerShape& shape = node.layer.shape;
  const Requantization requantization = {shape.input_zero_point,
                                         shape.output_zero_point,
                                         node.layer.multiplier,
                                         node.layer.bias,
                                         {shape.residual_multiplier, shape.residual_zero_point}};
  if (shape.adds_residual) {
    ReferenceQLinearSubBitBlock<Q>(geometry, node.weights, requantization, static_cast<const Q*>(x),
                                   static_cast<const Q*>(residual), static_cast<Q*>(y), RunSerially);
  } else {
    ReferenceQLinearSubBitConv<Q>(geometry, node.weights, requantization, static_cast<const Q*>(x), static_cast<Q*>(y),
                                  RunSerially);
  }
}

}  // namespace

void RunConvOnCpu(const ConvNode& node, const ConvGeometry& geometry, const void* x, const void* residual, void* y) {
  switch (node.input_form) {
    case HostForm::kFloats:
      ReferenceBinarySubBitConv(geometry, node.weights, node.scale, node.bias, static_cast<const float*>(x),
                                static_cast<float*>(y), RunSerially);
      break;
    case HostForm::kPackedSigns: {
      const bool signs = node.output_form == HostForm::kPackedSigns;
      ReferencePackedBinarySubBitConv(
          geometry, node.weights, node.scale, node.bias, static_cast<const std::uint8_t*>(x),
          {signs ? nullptr : static_cast<float*>(y), signs ? static_cast<std::uint8_t*>(y) : nullptr}, RunSerially);
      break;
    }
    case HostForm::kBytes:
      if (node.layer.shape.input_format == InputFormat::kS8) {
        RunQLinear<std::int8_t>(node, geometry, x, residual, y);
      } else {
        RunQLinear<std::uint8_t>(node, geometry, x, residual, y);
      }
      break;
  }
}

}  // namespace subbit::fpga
