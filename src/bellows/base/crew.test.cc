#include "bellows/base/crew.h"

#include <gtest/gtest.h>

#include <chrono>
#include <new>

namespace bellows {
namespace {

TEST(Crew, EachTaskOnceByWorkersOfTheCrew) {
  for (unsigned threads : {0u, 1u, 2u, 5u}) {
    Crew crew(threads);
    for (std::uint64_t count : {0u, 1u, 2u, 1000u}) {
      std::vector<std::atomic<int>> hits(count);
      crew.run(count, [&](std::uint64_t i, unsigned worker) {
        EXPECT_LT(worker, crew.thread_count());
        ++hits[i];
      });
      for (auto& hit : hits) ASSERT_EQ(hit, 1);
    }
  }
}

TEST(Crew, TakesTasksUpInTheOrderInWhichTheyWereAskedFor) {
  for (unsigned threads : {1u, 2u, 4u}) {
    Crew crew(threads);
    for (int round = 0; round < 100; ++round) {
      std::atomic<int> first_done{0}, failures{0};
      crew.start(7, [&](std::uint64_t, unsigned) { ++first_done; });
      // Waiting for all of an earlier job must come to an end: they have all been taken up.
      crew.start(3, [&](std::uint64_t, unsigned) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (first_done < 7 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        if (first_done < 7) ++failures;
      });
      crew.finish();
      EXPECT_EQ(failures, 0);
      EXPECT_EQ(first_done, 7);
    }
  }
}

TEST(Crew, OthersWorkWhileTheCallerDoesNot) {
  Crew crew(2);
  std::atomic<bool> came{false};
  crew.start(1, [&](std::uint64_t, unsigned worker) { came = worker == 1; });
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!came && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_TRUE(came);
}

TEST(Crew, EndsAfterItsWork) {
  std::atomic<int> done{0};
  {
    Crew crew(3);
    for (int job = 0; job < 50; ++job) crew.start(4, [&](std::uint64_t, unsigned) { ++done; });
  }
  EXPECT_EQ(done, 200);
}

TEST(Crew, WakesThoseWhoFellAsleep) {
  Crew crew(3);
  std::atomic<int> done{0};
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    crew.run(3, [&](std::uint64_t, unsigned) { ++done; });
    crew.run(2, [&](std::uint64_t i, unsigned) {
      if (i == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ++done;
    });
  }
  EXPECT_EQ(done, 100);
}

// What a task holds goes before finish() returns.
TEST(Crew, KeepsNothingOfATask) {
  Crew crew(2);
  for (int round = 0; round < 200; ++round) {
    auto held = std::make_shared<int>(1);
    crew.start(4, [held](std::uint64_t, unsigned) {});
    crew.finish();
    ASSERT_EQ(held.use_count(), 1);
  }
}

// Nobody could say what is done: the program ends, and does not wait for ever.
TEST(CrewDeathTest, ATaskThatThrowsEndsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(Crew(2).run(2, [](std::uint64_t, unsigned) { throw std::bad_alloc(); }), "");
}

}  // namespace
}  // namespace bellows
