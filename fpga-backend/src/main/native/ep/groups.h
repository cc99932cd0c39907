#pragma once

#include <cstddef>
#include <vector>

namespace subbit::fpga {

/// What a node of a graph depends on. Nodes are numbered in any order.
struct NodeLinks {
  /// The nodes whose outputs it reads.
  std::vector<std::size_t> reads;
  /// Those among them with which it can run in one request.
  std::vector<std::size_t> joins;
};

/// Gathers the nodes that are `taken` into connected groups, as large as they can be without a cycle: no group depends,
/// by way of a node outside it, on itself. Each group is in ascending order, and the groups are ordered by their first
/// nodes. `links` must be those of a graph without cycles, and only taken nodes may join.
std::vector<std::vector<std::size_t>> ConnectedGroups(const std::vector<NodeLinks>& links,
                                                      const std::vector<bool>& taken);

}  // namespace subbit::fpga
