#include "ep/groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace subbit::fpga {
namespace {

using Groups = std::vector<std::vector<std::size_t>>;

TEST(Groups, KeepsAResidualBlockTogether) {
  // 0 -> 1 -> 2, where 2 also reads 0.
  EXPECT_EQ(ConnectedGroups({{{}, {}}, {{0}, {0}}, {{0, 1}, {0, 1}}}, {true, true, true}), (Groups{{0, 1, 2}}));
}

TEST(Groups, LeavesOutWhatIsNotTaken) {
  EXPECT_EQ(ConnectedGroups({{{}, {}}, {{0}, {}}, {{1}, {}}}, {true, false, true}), (Groups{{0}, {2}}));
}

TEST(Groups, IsCutWhereANodeOutsideStandsBetween) {
  // 1 is outside, and 2 reads it beside 0: together 0 and 2 would wait for themselves.
  EXPECT_EQ(ConnectedGroups({{{}, {}}, {{0}, {}}, {{0, 1}, {0}}}, {true, false, true}), (Groups{{0}, {2}}));
}

TEST(Groups, GoesOnBehindTheCut) {
  // 3 reads 2 and 0. It can be with 2, or with 0, but 0 and 2 must stay apart.
  EXPECT_EQ(ConnectedGroups({{{}, {}}, {{0}, {}}, {{1}, {}}, {{2, 0}, {2, 0}}}, {true, false, true, true}),
            (Groups{{0}, {2, 3}}));
}

TEST(Groups, SeesCyclesThroughOtherGroups) {
  // Groups {0, 1} and {2, 3} would each need the other: 0 -> 4 -> 3 and 2 -> 5 -> 1, with 4 and 5 outside.
  const std::vector<NodeLinks> links = {{{}, {}}, {{0, 5}, {0}}, {{}, {}}, {{2, 4}, {2}}, {{0}, {}}, {{2}, {}}};
  EXPECT_EQ(ConnectedGroups(links, {true, true, true, true, false, false}), (Groups{{0, 1}, {2}, {3}}));
}

/// Whether nodes contracted to their groups can be put in order.
bool CanBeOrdered(const std::vector<NodeLinks>& links, const Groups& groups) {
  std::vector<std::size_t> group(links.size());
  for (std::size_t node = 0; node < links.size(); ++node) {
    group[node] = groups.size() + node;
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const std::size_t node : groups[g]) {
      group[node] = g;
    }
  }
  std::vector<bool> done(groups.size() + links.size(), false);
  for (std::size_t round = 0; round < done.size(); ++round) {
    std::vector<bool> ready(done.size(), true);
    for (std::size_t node = 0; node < links.size(); ++node) {
      for (const std::size_t read : links[node].reads) {
        if (group[read] != group[node] && !done[group[read]]) {
          ready[group[node]] = false;
        }
      }
    }
    for (std::size_t g = 0; g < done.size(); ++g) {
      done[g] = done[g] || ready[g];
    }
  }
  return std::all_of(done.begin(), done.end(), [](bool d) { return d; });
}

TEST(Groups, NeverWaitForThemselvesInRandomGraphs) {
  std::mt19937 random(1);
  std::size_t fused = 0;
  for (int run = 0; run < 2000; ++run) {
    const std::size_t count = 1 + random() % 14;
    std::vector<NodeLinks> links(count);
    std::vector<bool> taken(count);
    for (std::size_t node = 0; node < count; ++node) {
      taken[node] = random() % 3 != 0;
      for (std::size_t edges = node == 0 ? 0 : random() % 3; edges > 0; --edges) {
        const std::size_t read = random() % node;
        links[node].reads.push_back(read);
        if (taken[node] && taken[read] && random() % 5 != 0) {
          links[node].joins.push_back(read);
        }
      }
    }
    const Groups groups = ConnectedGroups(links, taken);
    std::size_t members = 0;
    for (const auto& group : groups) {
      members += group.size();
      fused += group.size() > 1 ? 1 : 0;
    }
    ASSERT_EQ(members, static_cast<std::size_t>(std::count(taken.begin(), taken.end(), true))) << "graph " << run;
    ASSERT_TRUE(CanBeOrdered(links, groups)) << "graph " << run;
  }
  EXPECT_GT(fused, 500u);
}

}  // namespace
}  // namespace subbit::fpga
