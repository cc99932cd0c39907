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
  /// The outputs of the fused node, in its order.
  std::vector<TensorNumber> outputs;

  /// Names the subgraph in messages: operator and name of its only node, or of the first one, and the name of the last.
  std::string Title() const;
};

/// The groups of nodes in a session's graph that are to be claimed, each as one; `takes` says whether the device can
/// run a node. Nodes that pass 8-bit tensors or signs to each other are claimed together, unless a node outside must
/// run between them. Nodes that output floats meet others on the host.
std::vector<std::vector<Ort::ConstNode>> GroupsToClaim(const Ort::ConstGraph& graph,
                                                       const std::function<bool(const Ort::ConstNode&)>& takes);

/// Reads one claimed subgraph. `fused` is the node that replaces it in the session, `filled` is as for ReadConvNode.
/// Throws InvalidOperator, NodeNotTaken, and std::logic_error if no node or input provides a tensor.
ConvGraph ReadConvGraph(const Ort::ConstGraph& graph, const Ort::ConstNode& fused, FilledTensors* filled);

}  // namespace subbit::fpga
