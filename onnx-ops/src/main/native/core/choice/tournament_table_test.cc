#include "core/choice/tournament_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace subbit {
namespace {

TEST(ShapeKey, DependsOnEveryValueAndOnTheirOrder) {
  std::set<std::uint64_t> hashes;
  for (int a = 0; a < 40; ++a) {
    for (int b = 0; b < 40; ++b) hashes.insert(ShapeKey().With(a).With(b).Hash());
  }
  EXPECT_EQ(hashes.size(), 1600u);
  EXPECT_EQ(ShapeKey().With(3).With(4).Hash(), ShapeKey().With(3).With(4).Hash());
}

TEST(TournamentTable, AKeyKeepsItsTournament) {
  const auto table = std::make_unique<TournamentTable>();
  Tournament* const first = table->Find(ShapeKey().With(1), 2);
  Tournament* const second = table->Find(ShapeKey().With(2), 3);
  EXPECT_NE(first, second);
  EXPECT_EQ(table->Find(ShapeKey().With(1), 2), first);
  for (int turn = 0; turn < 6; ++turn) EXPECT_EQ(second->Begin().candidate, turn / 2);
  EXPECT_EQ(first->Begin().candidate, 0);
}

TEST(TournamentTable, IsNullForNewKeysOnceItIsFull) {
  const auto table = std::make_unique<TournamentTable>();
  std::set<Tournament*> found;
  std::int64_t key = 0;
  while (Tournament* tournament = table->Find(ShapeKey().With(key), 2)) {
    EXPECT_TRUE(found.insert(tournament).second);
    ASSERT_LT(++key, 100'000);
  }
  EXPECT_GT(found.size(), 1000u);
  EXPECT_NE(table->Find(ShapeKey().With(0), 2), nullptr);
}

}  // namespace
}  // namespace subbit
