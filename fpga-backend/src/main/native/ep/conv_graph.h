#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "driver/layer_graph.h"
#include "ep/conv_node.h"
#include "ep/ort_api.h"

namespace subbit::fpga {

/// The tensors that a node reads, by their numbers (driver/layer_graph.h).
struct NodeSources {
  TensorNumber input;
  TensorNumber residual = kNoTensor;
};

/// A claimed subgraph, copied out of ONNX Runtime's and checked node by node, in the order of execution.
struct ConvGraph {
  std::vector<ConvNode> nodes;
  std::vector<NodeSources> sources;
  /// Position among the fused node's inputs of each input of the graph.
  std::vector<std::size_t> inputs;
  /// What the fused node gives, in its order.
  std::vector<TensorNumber> outputs;

  /// The subgraph for people: operator and name of its one node, or those of its first, and the last one's name.
  std::string Title() const;
};

/// Groups of nodes of a session's graph that are to be claimed, each as one; `takes` tells whether the device can run a
/// node. Nodes of which one reads what another gives are claimed together, where that are 8 bits or signs and as far as
/// no node outside must run between them. Nodes that give floats meet others on the host.
std::vector<std::vector<Ort::ConstNode>> GroupsToClaim(const Ort::ConstGraph& graph,
                                                       const std::function<bool(const Ort::ConstNode&)>& takes);

/// Reads one claimed subgraph. `fused` is the node that stands for it in the session. Throws InvalidOperator,
/// NodeNotTaken, and std::logic_error if a tensor comes from nowhere.
ConvGraph ReadConvGraph(const Ort::ConstGraph& graph, const Ort::ConstNode& fused);

}  // namespace subbit::fpga
