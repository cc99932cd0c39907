#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/integer/integer_layer.h"
#include "core/integer/network_parameters.h"
#include "driver/integer_network.h"
#include "ep/ort_api.h"

namespace subbit::fpga {

/// An IntegerNetwork node and, where its pixels come as rows of features, the Reshape before it.
struct NetworkNodes {
  Ort::ConstNode network;
  std::optional<Ort::ConstNode> reshape;

  /// In the order of execution.
  std::vector<Ort::ConstNode> All() const;
};

/// The IntegerNetwork nodes of a graph. A Reshape belongs to one if nothing else reads its output and it makes images
/// [N, C, H, W] of constant size.
std::vector<NetworkNodes> FindNetworks(const Ort::ConstGraph& graph);

/// The network that a compiled subgraph holds, if it holds one.
std::optional<NetworkNodes> FindNetwork(const std::vector<Ort::ConstNode>& nodes);

/// Such nodes, copied out of the graph and checked.
struct Network {
  OpName op;
  PixelType pixel_type;
  /// The size of an image where a Reshape makes it.
  std::optional<MapShape> image;
  std::vector<NetworkLayerParameters> layers;
  std::vector<DeviceLayer> device_layers;
  /// Of the classifier, which gives its sums: the host makes logits of them.
  std::vector<float> scale;
  std::vector<float> bias;
};

/// Reads a network. Models are untrusted: every attribute, shape and value is checked. Throws InvalidOperator,
/// NodeNotTaken and NetworkNotTaken.
Network ReadNetwork(const NetworkNodes& nodes);

}  // namespace subbit::fpga
