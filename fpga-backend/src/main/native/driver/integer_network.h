#pragma once

#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "core/integer/network_parameters.h"
#include "driver/conv_layer.h"
#include "driver/layer_graph.h"

namespace subbit::fpga {

/// A network that the device has no layers for, whatever its sizes. The message names the layer.
class NetworkNotTaken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One layer of a network in the form that the driver expects, and the tensors that it reads.
struct DeviceLayer {
  OpName op;
  std::variant<ConvLayer, DenseLayer> layer;
  TensorNumber input = kNoTensor;
  TensorNumber residual = kNoTensor;

  const LayerShape& shape() const {
    return std::visit([](const auto& of_kind) -> const LayerShape& { return of_kind.shape; }, layer);
  }
};

/// The layers of an integer network for a device: a graph whose one input are the pixels, as bytes, and whose one
/// output are the classifier's sums. Convolutions read the signs that earlier layers give. Throws NetworkNotTaken if a
/// convolution is pooled, if two convolutions read the same values under different thresholds, or if a classifier has
/// weights for each position.
std::vector<DeviceLayer> DeviceLayersOf(const std::vector<NetworkLayerParameters>& network);

}  // namespace subbit::fpga
