#include "ep/conv_graph.h"

#include <map>
#include <stdexcept>
#include <utility>

#include "ep/groups.h"

namespace subbit::fpga {
namespace {

/// The names of all tensors that a node reads, without absent inputs.
std::vector<std::string> NamesRead(const Ort::ConstNode& node) {
  std::vector<std::string> names;
  for (const std::vector<Ort::ConstValueInfo>& values : {node.GetInputs(), node.GetImplicitInputs()}) {
    for (const Ort::ConstValueInfo& value : values) {
      if (value != nullptr) {
        names.push_back(value.GetName());
      }
    }
  }
  return names;
}

/// The numbers of tensors, by their names.
class TensorNames {
 public:
  void Add(const std::string& name) { numbers_.emplace(name, numbers_.size()); }

  TensorNumber NumberOf(const std::string& name) const {
    const auto found = numbers_.find(name);
    if (found == numbers_.end()) {
      throw std::logic_error("tensor '" + name +
                             "' of a claimed subgraph is neither its input nor the output of a node");
    }
    return found->second;
  }

 private:
  std::map<std::string, TensorNumber> numbers_;
};

}  // namespace

std::string ConvGraph::Title() const {
  std::string title = nodes.front().op.type + " node '" + nodes.front().op.node + "'";
  if (nodes.size() > 1) {
    title += " to '" + nodes.back().op.node + "'";
  }
  return title;
}

std::vector<std::vector<Ort::ConstNode>> GroupsToClaim(const Ort::ConstGraph& graph,
                                                       const std::function<bool(const Ort::ConstNode&)>& takes) {
  const std::vector<Ort::ConstNode> nodes = graph.GetNodes();
  std::map<std::string, std::size_t> givers;
  std::vector<NodeLinks> links(nodes.size());
  std::vector<bool> taken(nodes.size(), false);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    taken[i] = IsConvNode(nodes[i]) && takes(nodes[i]);
    for (const std::string& name : NamesRead(nodes[i])) {
      // Nodes come in topological order, so whoever gives a tensor has been seen.
      if (const auto giver = givers.find(name); giver != givers.end()) {
        links[i].reads.push_back(giver->second);
        if (taken[i] && taken[giver->second] && CanJoin(nodes[giver->second], nodes[i])) {
          links[i].joins.push_back(giver->second);
        }
      }
    }
    for (const Ort::ConstValueInfo& output : nodes[i].GetOutputs()) {
      if (output != nullptr) {
        givers[output.GetName()] = i;
      }
    }
  }
  std::vector<std::vector<Ort::ConstNode>> claimed;
  for (const std::vector<std::size_t>& group : ConnectedGroups(links, taken)) {
    claimed.emplace_back();
    for (const std::size_t node : group) {
      claimed.back().push_back(nodes[node]);
    }
  }
  return claimed;
}

ConvGraph ReadConvGraph(const Ort::ConstGraph& graph, const Ort::ConstNode& fused, FilledTensors* filled) {
  const std::vector<Ort::ConstNode> nodes = graph.GetNodes();
  ConvGraph read;
  std::map<std::string, std::size_t> positions;
  for (const Ort::ConstValueInfo& input : fused.GetInputs()) {
    positions.emplace(input.GetName(), positions.size());
  }
  for (const Ort::ConstNode& node : nodes) {
    read.nodes.push_back(ReadConvNode(node, filled));
  }
  TensorNames names;
  for (const Ort::ConstNode& node : nodes) {
    for (const std::string& name : VariableInputs(node)) {
      if (const auto position = positions.find(name); position != positions.end()) {
        names.Add(name);
        read.inputs.push_back(position->second);
        positions.erase(position);
      }
    }
  }
  for (const Ort::ConstNode& node : nodes) {
    names.Add(OutputName(node));
  }
  for (const Ort::ConstNode& node : nodes) {
    const std::vector<std::string> inputs = VariableInputs(node);
    read.sources.push_back({names.NumberOf(inputs[0]), inputs.size() > 1 ? names.NumberOf(inputs[1]) : kNoTensor});
  }
  for (const Ort::ConstValueInfo& output : fused.GetOutputs()) {
    read.outputs.push_back(names.NumberOf(output.GetName()));
  }
  return read;
}

}  // namespace subbit::fpga
