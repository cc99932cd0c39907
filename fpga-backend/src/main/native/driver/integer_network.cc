#include "driver/integer_network.h"

#include <algorithm>
#include <cstddef>

#include "core/operator/bit_planes.h"
#include "device/stem_taps.h"

namespace subbit::fpga {
namespace {

template <class T>
std::uint8_t Byte(T value) {
  return static_cast<std::uint8_t>(value);
}

/// All channels' multipliers and biases.
std::vector<IntegerParameters> ParametersOf(const std::vector<std::int16_t>& multiplier,
                                            const std::vector<std::int16_t>& bias) {
  std::vector<IntegerParameters> parameters(multiplier.size());
  for (std::size_t o = 0; o < parameters.size(); ++o) {
    parameters[o].multiplier = multiplier[o];
    parameters[o].bias = bias[o];
  }
  return parameters;
}

/// A layer without group, mode and formats.
LayerShape ShapeOf(Kind kind, std::int64_t in_channels, std::int64_t out_channels) {
  LayerShape shape;
  shape.input_format = {};
  shape.output_format = {};
  shape.tau = 0;
  shape.in_channels = static_cast<std::uint32_t>(in_channels);
  shape.out_channels = static_cast<std::uint32_t>(out_channels);
  shape.integer.emplace().kind = kind;
  return shape;
}

/// Bit planes, as models store them.
std::vector<std::uint8_t> BitPlanes(const std::vector<std::uint16_t>& index, int tau) {
  const std::size_t plane_bytes = PlaneBytes(index.size());
  std::vector<std::uint8_t> planes(plane_bytes * static_cast<std::size_t>(tau));
  for (std::size_t i = 0; i < index.size(); ++i) {
    for (std::size_t b = 0; b < static_cast<std::size_t>(tau); ++b) {
      std::uint8_t& byte = planes[b * plane_bytes + i / 8];
      byte = Byte(byte | (index[i] >> b & 1) << i % 8);
    }
  }
  return planes;
}

/// Makes the device's layer from the parameters of an operator; what it reads is still to be filled in.
struct LayerMaker {
  const OpName& op;

  DeviceLayer operator()(const StemParameters& p) const {
    DenseLayer layer;
    layer.shape = ShapeOf(Kind::kStem, p.in_channels, p.out_channels);
    LayerShape& shape = layer.shape;
    shape.stride_h = static_cast<std::uint16_t>(p.attributes.strides[0]);
    shape.stride_w = static_cast<std::uint16_t>(p.attributes.strides[1]);
    shape.pad_top = static_cast<std::uint16_t>(p.attributes.pads[0]);
    shape.pad_left = static_cast<std::uint16_t>(p.attributes.pads[1]);
    shape.pad_bottom = static_cast<std::uint16_t>(p.attributes.pads[2]);
    shape.pad_right = static_cast<std::uint16_t>(p.attributes.pads[3]);
    IntegerStage& stage = *shape.integer;
    stage.shift = Byte(p.attributes.shift + 1);
    stage.value_bits = Byte(p.attributes.width);
    stage.kernel = Byte(p.kernel);
    stage.taps = static_cast<std::uint16_t>(StemTaps(shape).size());
    const PoolWindow& pool = p.attributes.pool;
    std::transform(pool.shape.begin(), pool.shape.end(), stage.pool.begin(), Byte<std::int64_t>);
    std::transform(pool.strides.begin(), pool.strides.end(), stage.pool_strides.begin(), Byte<std::int64_t>);
    std::transform(pool.pads.begin(), pool.pads.end(), stage.pool_pads.begin(), Byte<std::int64_t>);
    layer.weights = p.weight;
    layer.zero_pixels = p.zero_pixel;
    layer.parameters = ParametersOf(p.multiplier, p.bias);
    return {op, std::move(layer)};
  }

  DeviceLayer operator()(const IntegerConvParameters& p) const {
    if (!p.attributes.pool.IsNone()) {
      throw NetworkNotTaken(op.node + ": the device does not pool the sums of convolutions");
    }
    ConvLayer layer;
    layer.shape = ShapeOf(Kind::kConv, p.attributes.in_channels, p.attributes.out_channels);
    LayerShape& shape = layer.shape;
    shape.tau = Byte(p.attributes.tau);
    shape.stride_h = static_cast<std::uint16_t>(p.attributes.strides[0]);
    shape.stride_w = static_cast<std::uint16_t>(p.attributes.strides[1]);
    shape.pad_top = shape.pad_left = shape.pad_bottom = shape.pad_right = 1;
    shape.adds_residual = p.residual.has_value();
    shape.integer->shift = Byte(p.attributes.shift);
    shape.integer->slope_shift = Byte(p.attributes.slope_shift);
    shape.integer->value_bits = Byte(p.attributes.width);
    layer.index = BitPlanes(p.weights.index, p.weights.tau);
    layer.codebook = p.weights.codewords;
    layer.parameters = ParametersOf(p.multiplier, p.bias);
    for (std::size_t o = 0; p.residual.has_value() && o < layer.parameters.size(); ++o) {
      layer.parameters[o].slope = p.residual->slope[o];
      layer.parameters[o].shift_out = p.residual->shift_out[o];
    }
    return {op, std::move(layer)};
  }

  DeviceLayer operator()(const ShortcutParameters& p) const {
    DenseLayer layer;
    layer.shape = ShapeOf(Kind::kShortcut, p.in_channels, p.out_channels);
    IntegerStage& stage = *layer.shape.integer;
    stage.shift = Byte(p.attributes.shift);
    stage.value_bits = Byte(p.attributes.width);
    std::transform(p.attributes.pool.begin(), p.attributes.pool.end(), stage.pool.begin(), Byte<std::int64_t>);
    stage.pool_strides = stage.pool;
    layer.weights = p.weight;
    layer.parameters = ParametersOf(p.multiplier, p.bias);
    return {op, std::move(layer)};
  }

  DeviceLayer operator()(const ClassifierParameters& p) const {
    if (p.parts != 1) {
      throw NetworkNotTaken(op.node + ": the device has no classifiers with weights for each position");
    }
    DenseLayer layer;
    layer.shape = ShapeOf(Kind::kClassifier, p.in_channels, p.classes);
    layer.shape.integer->shift = Byte(p.attributes.shift);
    layer.shape.integer->value_bits = 0;
    layer.weights = p.weight;
    return {op, std::move(layer)};
  }
};

/// The signs that a convolution reads: `layer` gives them from now on.
void GiveSigns(DeviceLayer& layer, const std::vector<std::int16_t>& threshold, const OpName& reader) {
  auto& parameters =
      std::visit([](auto& of_kind) -> std::vector<IntegerParameters>& { return of_kind.parameters; }, layer.layer);
  bool& gives_signs =
      std::visit([](auto& of_kind) -> bool& { return of_kind.shape.integer->gives_signs; }, layer.layer);
  if (threshold.size() != parameters.size()) {
    throw InvalidOperator(reader, "channels of X", std::to_string(parameters.size()), std::to_string(threshold.size()));
  }
  for (std::size_t o = 0; o < parameters.size(); ++o) {
    if (gives_signs && parameters[o].threshold != threshold[o]) {
      throw NetworkNotTaken(reader.node +
                            ": the device compares the values of a layer with one set of thresholds, and " +
                            layer.op.node + " already has another");
    }
    parameters[o].threshold = threshold[o];
  }
  gives_signs = true;
}

}  // namespace

std::vector<DeviceLayer> DeviceLayersOf(const std::vector<NetworkLayerParameters>& network) {
  std::vector<DeviceLayer> layers;
  for (const NetworkLayerParameters& layer : network) {
    DeviceLayer made = std::visit(LayerMaker{layer.op}, layer.parameters);
    made.input = static_cast<TensorNumber>(layer.reads);
    if (layer.residual >= 0) {
      made.residual = static_cast<TensorNumber>(layer.residual);
    }
    if (const auto* conv = std::get_if<IntegerConvParameters>(&layer.parameters)) {
      GiveSigns(layers[made.input - 1], conv->threshold, layer.op);
      // The signs of a layer come after all layers' outputs.
      made.input += network.size();
    }
    layers.push_back(std::move(made));
  }
  return layers;
}

}  // namespace subbit::fpga
