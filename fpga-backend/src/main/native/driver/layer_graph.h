#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "device/layer_shape.h"

namespace subbit::fpga {

class LoadedLayer;

/// The number of a tensor in a graph: the graph's inputs come first, then the outputs of its layers, in order, then the
/// signs that integer layers give (LayerGraph::SignsOf).
using TensorNumber = std::size_t;
inline constexpr TensorNumber kNoTensor = std::numeric_limits<TensorNumber>::max();

/// One layer of a graph and the tensors that it reads.
struct GraphLayer {
  const LoadedLayer* layer;
  TensorNumber input;
  /// kNoTensor if and only if the layer adds no residual.
  TensorNumber residual = kNoTensor;
};

/// Layers that run in one request, each after those whose outputs it reads. Tensors between them stay in device memory,
/// once each, however many layers read them.
struct LayerGraph {
  std::size_t inputs = 1;
  std::vector<GraphLayer> layers;
  /// The tensors that leave the device, each the output of a layer; further layers may read them too.
  std::vector<TensorNumber> outputs;

  /// The signs of a layer's output.
  TensorNumber SignsOf(std::size_t layer) const { return inputs + layers.size() + layer; }
  /// All numbers that tensors may have.
  std::size_t tensors() const { return inputs + 2 * layers.size(); }

  /// Position of a tensor among the outputs, if it is one.
  std::optional<std::size_t> OutputPosition(TensorNumber tensor) const;
};

/// A graph over images of known sizes.
struct GraphShapes {
  /// Shapes of all layers, but for the batch.
  std::vector<LayerShape> layers;
  /// Bytes of one image of every tensor; 0 for signs that a layer does not give.
  std::vector<std::uint64_t> image_bytes;
};

/// Follows the images through the graph; `sizes` has one entry per input. Throws DriverError (kUnsupported) if a
/// layer's input has the wrong format, channels or size, or if a number in the graph is out of order.
GraphShapes ShapesOf(const LayerGraph& graph, const std::vector<ImageSize>& sizes);

}  // namespace subbit::fpga
