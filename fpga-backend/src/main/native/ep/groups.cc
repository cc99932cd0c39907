#include "ep/groups.h"

#include <algorithm>
#include <numeric>

namespace subbit::fpga {
namespace {

/// Nodes in groups that are merged as long as the graph of groups stays without cycles.
class Grouping {
 public:
  explicit Grouping(const std::vector<NodeLinks>& links)
      : readers_(links.size()), group_(links.size()), members_(links.size()) {
    std::iota(group_.begin(), group_.end(), std::size_t{0});
    for (std::size_t node = 0; node < links.size(); ++node) {
      members_[node] = {node};
      for (const std::size_t read : links[node].reads) {
        readers_[read].push_back(node);
      }
    }
  }

  void MergeUnlessCyclic(std::size_t from, std::size_t to) {
    const std::size_t a = group_[from];
    const std::size_t b = group_[to];
    if (a == b || PathThroughOthers(a, b)) {
      return;
    }
    for (const std::size_t node : members_[b]) {
      group_[node] = a;
    }
    members_[a].insert(members_[a].end(), members_[b].begin(), members_[b].end());
    members_[b].clear();
  }

  std::vector<std::vector<std::size_t>> Groups(const std::vector<bool>& taken) {
    std::vector<std::vector<std::size_t>> groups;
    for (std::vector<std::size_t>& members : members_) {
      if (!members.empty() && taken[members.front()]) {
        std::sort(members.begin(), members.end());
        groups.push_back(members);
      }
    }
    std::sort(groups.begin(), groups.end());
    return groups;
  }

 private:
  /// Whether group `to` depends on group `from` by way of a third one. (The reverse cannot be, since `to` reads from
  /// `from` and there was no cycle before.)
  bool PathThroughOthers(std::size_t from, std::size_t to) const {
    std::vector<bool> seen(members_.size(), false);
    std::vector<std::size_t> open;
    const auto visit = [&](std::size_t group) {
      if (!seen[group]) {
        seen[group] = true;
        open.push_back(group);
      }
    };
    seen[from] = true;
    ForEachReader(from, [&](std::size_t group) {
      if (group != to) {
        visit(group);
      }
    });
    while (!open.empty()) {
      const std::size_t group = open.back();
      open.pop_back();
      if (group == to) {
        return true;
      }
      ForEachReader(group, visit);
    }
    return false;
  }

  template <typename Visit>
  void ForEachReader(std::size_t group, const Visit& visit) const {
    for (const std::size_t node : members_[group]) {
      for (const std::size_t reader : readers_[node]) {
        if (group_[reader] != group) {
          visit(group_[reader]);
        }
      }
    }
  }

  std::vector<std::vector<std::size_t>> readers_;
  std::vector<std::size_t> group_;
  std::vector<std::vector<std::size_t>> members_;
};

}  // namespace

std::vector<std::vector<std::size_t>> ConnectedGroups(const std::vector<NodeLinks>& links,
                                                      const std::vector<bool>& taken) {
  Grouping grouping(links);
  for (std::size_t node = 0; node < links.size(); ++node) {
    for (const std::size_t other : links[node].joins) {
      grouping.MergeUnlessCyclic(other, node);
    }
  }
  return grouping.Groups(taken);
}

}  // namespace subbit::fpga
