#include "core/choice/tournament.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

namespace subbit {
namespace {

/// Runs all timed turns with the given times, and says who took them: "AABBBAAB".
std::string Play(Tournament* tournament, const std::vector<double>& seconds) {
  std::string turns;
  for (;;) {
    const Tournament::Turn turn = tournament->Begin();
    if (!turn.timed) return turns;
    turns += static_cast<char>('A' + turn.candidate);
    tournament->End(turn, seconds[static_cast<std::size_t>(turn.candidate)]);
  }
}

TEST(Tournament, CandidatesTakeTwoTurnsInARow) {
  Tournament tournament(2);
  EXPECT_EQ(tournament.Winner(), -1);
  EXPECT_EQ(Play(&tournament, {1, 2}), "AABBBAAB");
  EXPECT_EQ(tournament.Winner(), 0);
  EXPECT_EQ(tournament.Seconds(0), 1);
  EXPECT_EQ(tournament.Seconds(1), 2);
}

TEST(Tournament, ACandidateThatWasNotEstimatedBestNeedsTwiceAsManyRunsToWin) {
  Tournament tournament(2);
  EXPECT_EQ(Play(&tournament, {2, 1}), "AABBBAABBAABBAAB");
  EXPECT_EQ(tournament.Winner(), 1);
}

TEST(Tournament, ASlowStretchOfEightRunsDecidesNothing) {
  Tournament tournament(2);
  for (int run = 0; run < Tournament::kMostRuns; ++run) {
    const Tournament::Turn turn = tournament.Begin();
    ASSERT_TRUE(turn.timed);
    tournament.End(turn, turn.candidate == 1 ? 1.3 : run < Tournament::kRuns ? 1.5 : 1);
  }
  EXPECT_EQ(tournament.Winner(), 0);
}

TEST(Tournament, AfterTwoRunsEachOnlyTheTwoFastestGoOn) {
  Tournament three(3);
  EXPECT_EQ(Play(&three, {3, 1, 2}), "AABBCCCBBCCBBCCB");
  EXPECT_EQ(three.Winner(), 1);
  Tournament four(4);
  EXPECT_EQ(Play(&four, {3, 3, 3, 2}), "AABBCCDDDAADDAAD");
  EXPECT_EQ(four.Winner(), 3);
  Tournament one(1);
  EXPECT_EQ(Play(&one, {1}), "AAAAAAAA");
  EXPECT_EQ(one.Winner(), 0);
}

TEST(Tournament, NearTiesGoToTheOneThatIsEstimatedBest) {
  Tournament near(2);
  Play(&near, {1.04, 1});
  EXPECT_EQ(near.Winner(), 0);
  Tournament far(2);
  Play(&far, {1.06, 1});
  EXPECT_EQ(far.Winner(), 1);
  Tournament three(3);
  Play(&three, {2, 1.04, 1});
  EXPECT_EQ(three.Winner(), 1);
}

TEST(Tournament, TwoRunsThatNothingSlowedDownAreEnough) {
  for (int first = 0; first < 4; ++first) {
    for (int second = 0; second < first; ++second) {
      Tournament tournament(2);
      int runs_of_second = 0;
      for (int run = 0; run < Tournament::kMostRuns; ++run) {
        const Tournament::Turn turn = tournament.Begin();
        ASSERT_TRUE(turn.timed);
        const bool slowed = turn.candidate == 1 && runs_of_second != first && runs_of_second != second;
        runs_of_second += turn.candidate;
        tournament.End(turn, turn.candidate == 0 ? 1.5 : slowed ? 40 : 1);
      }
      EXPECT_EQ(runs_of_second, 8);
      EXPECT_EQ(tournament.Winner(), 1);
      EXPECT_EQ(tournament.Seconds(1), 1);
    }
  }
}

TEST(Tournament, ASingleLuckyRunDoesNotDecide) {
  Tournament tournament(2);
  for (int run = 0; run < Tournament::kMostRuns; ++run) {
    const Tournament::Turn turn = tournament.Begin();
    tournament.End(turn, turn.candidate == 0 ? 1.4 : run == 4 ? 1.3 : 1.9);
  }
  EXPECT_EQ(tournament.Winner(), 0);
}

TEST(Tournament, AnInterruptedTurnIsTakenByAnotherRunSoLongAsThereAreNotTooMany) {
  Tournament tournament(2);
  for (int run = 0; run < Tournament::kRuns; ++run) {
    const Tournament::Turn turn = tournament.Begin();
    EXPECT_EQ(turn.candidate, 0);
    tournament.EndDisturbed(turn, 9);
  }
  EXPECT_TRUE(std::isinf(tournament.Seconds(0)));
  for (int run = 0; run < Tournament::kMostRuns; ++run) {
    const Tournament::Turn turn = tournament.Begin();
    ASSERT_TRUE(turn.timed);
    tournament.EndDisturbed(turn, turn.candidate == 0 ? 2 : 1);
  }
  EXPECT_EQ(tournament.Winner(), 1);
}

TEST(Tournament, AWithdrawnTurnIsTakenByAnotherRun) {
  Tournament tournament(2);
  EXPECT_EQ(tournament.Next(), 0);
  EXPECT_EQ(tournament.Begin().candidate, 0);
  EXPECT_EQ(tournament.Begin().candidate, 0);
  EXPECT_EQ(tournament.Next(), 1);
  tournament.Withdraw();
  EXPECT_EQ(tournament.Next(), 0);
  tournament.Withdraw();
  EXPECT_EQ(Play(&tournament, {1, 2}).size(), std::size_t{Tournament::kRuns});
  EXPECT_EQ(tournament.Winner(), 0);
  EXPECT_EQ(tournament.Next(), 0);
}

TEST(Tournament, RunsThatBeginBeforeTheLastEndTakeTheFastestUntilThen) {
  Tournament tournament(2);
  std::vector<Tournament::Turn> turns;
  for (int run = 0; run < Tournament::kRuns; ++run) turns.push_back(tournament.Begin());
  EXPECT_FALSE(tournament.Begin().timed);
  EXPECT_EQ(tournament.Begin().candidate, 0);
  tournament.End(turns[2], 1);
  EXPECT_EQ(turns[2].candidate, 1);
  EXPECT_EQ(tournament.Begin().candidate, 1);
  EXPECT_EQ(tournament.Next(), 1);
  EXPECT_TRUE(std::isinf(tournament.Seconds(0)));
  EXPECT_EQ(tournament.Winner(), -1);
}

TEST(Tournament, SeveralThreadsEndItOnceWithTheRightWinner) {
  for (int round = 0; round < 50; ++round) {
    Tournament tournament(2);
    std::atomic<int> timed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        while (tournament.Winner() < 0) {
          const Tournament::Turn turn = tournament.Begin();
          if (!turn.timed) continue;
          if (timed.fetch_add(1) % 3 == 2) {
            tournament.Withdraw();
          } else {
            tournament.End(turn, turn.candidate == 0 ? 3 : 1);
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(tournament.Winner(), std::isinf(tournament.Seconds(1)) ? 0 : 1);
  }
}

}  // namespace
}  // namespace subbit
