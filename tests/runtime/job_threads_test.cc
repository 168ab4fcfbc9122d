#include "runtime/job_threads.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <future>
#include <set>
#include <stdexcept>

namespace miniatura {
namespace {

Delivery named(const std::string& id) {
  Delivery delivery;
  delivery.id = id;
  return delivery;
}

// Waits for the next that are done.
std::vector<JobThreads::Done> next_done(JobThreads& threads) {
  pollfd entry{threads.descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 60'000), 1);
  return threads.take_done();
}

TEST(JobThreads, work_side_by_side_and_say_which_is_done) {
  std::promise<void> go;
  const std::shared_future<void> may_go = go.get_future().share();
  auto threads = *JobThreads::start(2, [&] {
    return [may_go](const Delivery& delivery) {
      if (delivery.id == "waits") may_go.wait();
      return Handled{delivery.id, {}};
    };
  });
  EXPECT_EQ(threads->idle(), 2);
  threads->give(7, named("waits"));
  threads->give(8, named("runs"));
  EXPECT_EQ(threads->idle(), 0);
  const auto first = next_done(*threads);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].ticket, 8u);
  EXPECT_EQ(first[0].handled.reply, "runs");
  EXPECT_EQ(threads->busy(), 1);
  go.set_value();
  const auto second = next_done(*threads);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].ticket, 7u);
  EXPECT_EQ(threads->busy(), 0);
}

TEST(JobThreads, each_has_a_handle_of_its_own) {
  int made = 0;
  auto threads = *JobThreads::start(3, [&] {
    return [number = made++](const Delivery&) { return Handled{std::to_string(number), {}}; };
  });
  EXPECT_EQ(made, 3);
  threads->give(1, named("a"));
  EXPECT_EQ(next_done(*threads).size(), 1u);
}

TEST(JobThreads, what_throws_is_dead_and_its_thread_goes_on) {
  auto threads = *JobThreads::start(1, [] {
    return [](const Delivery& delivery) -> Handled {
      if (delivery.id == "bad") throw std::runtime_error("of the test");
      if (delivery.id == "odd") throw 1;
      return {"good", {}};
    };
  });
  for (const char* id : {"bad", "odd"}) {
    threads->give(1, named(id));
    const auto done = next_done(*threads);
    ASSERT_EQ(done.size(), 1u);
    const Item* const failure = done[0].handled.failure();
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->what, Item::What::dead);
    EXPECT_EQ(failure->why->code, ErrorCode::internal);
  }
  threads->give(2, named("good"));
  EXPECT_EQ(next_done(*threads)[0].handled.reply, "good");
}

TEST(JobThreads, the_end_waits_for_what_is_under_way) {
  std::atomic<bool> is_done{false};
  std::promise<void> begun;
  std::promise<void> go;
  std::thread releases;
  {
    auto threads = *JobThreads::start(1, [&] {
      return [&](const Delivery&) {
        begun.set_value();
        go.get_future().wait();
        is_done = true;
        return Handled{};
      };
    });
    threads->give(1, named("a"));
    begun.get_future().wait();
    releases = std::thread([&] { go.set_value(); });
  }
  EXPECT_TRUE(is_done);
  releases.join();
}

}  // namespace
}  // namespace miniatura
