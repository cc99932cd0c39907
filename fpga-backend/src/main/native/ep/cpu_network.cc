#include "ep/cpu_network.h"

#include <cstddef>
#include <string>
#include <type_traits>
#include <variant>

#include "core/integer/reference_layers.h"

namespace subbit::fpga {
namespace {

std::unique_ptr<IntegerLayer> ReferenceOf(const AnyParameters& parameters) {
  return std::visit(
      [](const auto& p) {
        using Parameters = std::decay_t<decltype(p)>;
        if constexpr (std::is_same_v<Parameters, StemParameters>) {
          return MakeReferenceStem(p);
        } else if constexpr (std::is_same_v<Parameters, IntegerConvParameters>) {
          return MakeReferenceIntegerConv(p);
        } else if constexpr (std::is_same_v<Parameters, ShortcutParameters>) {
          return MakeReferenceShortcut(p);
        } else {
          return MakeReferenceClassifier(p);
        }
      },
      parameters);
}

std::size_t At(std::int64_t number) { return static_cast<std::size_t>(number); }

std::string ToText(const MapShape& shape) { return ToString({shape.height, shape.width, shape.channels}); }

}  // namespace

CpuNetwork::CpuNetwork(const std::vector<NetworkLayerParameters>& network) {
  for (const NetworkLayerParameters& layer : network) {
    layers_.push_back({layer.op, ReferenceOf(layer.parameters), layer.reads, layer.residual});
  }
}

std::vector<MapShape> CpuNetwork::ShapesOf(const MapShape& image) const {
  std::vector<MapShape> shapes = {image};
  for (const Layer& layer : layers_) {
    shapes.push_back(layer.layer->OutputShape(shapes[At(layer.reads)]));
    if (layer.residual >= 0 && shapes[At(layer.residual)] != shapes.back()) {
      throw InvalidOperator(layer.op, "shape of residual", ToText(shapes[At(layer.residual)]), ToText(shapes.back()));
    }
  }
  return shapes;
}

void CpuNetwork::Run(const MapShape& image, PixelType type, const void* pixels, float* logits) const {
  const std::vector<MapShape> shapes = ShapesOf(image);
  std::vector<std::vector<std::int16_t>> values(shapes.size());
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const IntegerLayer& layer = *layers_[i].layer;
    const std::size_t read = At(layers_[i].reads);
    const MapShape& x = shapes[read];
    const MapShape& y = shapes[i + 1];
    IntegerInput input;
    input.x = read == 0 ? pixels : values[read].data();
    input.pixel_type = type;
    std::vector<std::uint64_t> signs;
    if (layer.Threshold() != nullptr) {
      input.signs.shape = x;
      signs.resize(At(input.signs.Size()));
      input.signs.data = signs.data();
      const RowRange rows = {0, x.height};
      ClearBorder(input.signs, rows);
      WriteSigns(values[read].data(), layer.Threshold(), rows, input.signs);
    }
    if (layers_[i].residual >= 0) {
      input.residual = values[At(layers_[i].residual)].data();
    }
    IntegerOutput output;
    if (i + 1 == layers_.size()) {
      output.logits = logits;
    } else {
      values[i + 1].resize(At(y.Size()));
      output.y = values[i + 1].data();
    }
    layer.Run(x, input, output, {0, y.height}, nullptr);
  }
}

}  // namespace subbit::fpga
