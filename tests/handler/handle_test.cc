#include "handler/handle.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "handler/journal_reader.h"
#include "runtime/json.h"
#include "runtime/lambda_api.h"
#include "tests/support/fixture.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_store.h"
#include "tests/support/solid.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::string record(const std::string& key, const std::string& sequencer = "") {
  return R"({"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{)"
         R"("bucket":{"name":"photos"},"object":{"key":")" +
         key + R"(","sequencer":")" + sequencer + R"("}}})";
}
std::string event(const std::string& records) { return R"({"Records":[)" + records + "]}"; }

// A message of a queue, standard without a group.
std::string message(const std::string& id, const std::string& body, const std::string& group = "",
                    const std::string& attempt = "1") {
  Json attributes = {{"ApproximateReceiveCount", attempt}};
  if (!group.empty()) attributes["MessageGroupId"] = group;
  return to_text({{"messageId", id},
                  {"body", body},
                  {"attributes", attributes},
                  {"eventSource", "aws:sqs"},
                  {"eventSourceARN", group.empty() ? "arn:q" : "arn:q.fifo"}});
}

class HandleTest : public ::testing::Test {
 protected:
  HandleTest() {
    config_ = *load_config(
        Environment({{"MINIATURA_DEST", "s3://thumbs"}, {"MINIATURA_PRESETS", "small=16x16:png"}}),
        {});
    store_.add("photos", "good.png", solid_png(64, 48, {255, 0, 0}));
    store_.add("photos", "bad.png", "no picture at all");
  }
  Handled handle(const std::string& payload, const Deadline& deadline = {},
                 const Clock* clock = nullptr) {
    Delivery delivery;
    delivery.payload = payload;
    delivery.door = "test";
    delivery.deadline = deadline;
    return make_handle({&config_, journal_.get(), &log_, clock != nullptr ? clock : &clock_},
                       store_.share())(delivery);
  }

  Config config_;
  MemoryStore store_{"photos", "thumbs"};
  std::unique_ptr<Journal> journal_ = make_journal(":memory:");
  Log log_{LogLevel::off};
  SystemClock clock_;
};

TEST_F(HandleTest, each_record_has_its_outcome_and_a_bad_one_does_not_stop_a_good_one) {
  const Handled done =
      handle(event(record("bad.png") + "," + record("bad%ZZ") + "," + record("good.png")));
  EXPECT_THAT(done.reply, HasSubstr(R"("stored":1,"skipped":0,"failed":2,"deferred":0)"));
  ASSERT_NE(done.failure(), nullptr);
  EXPECT_EQ(done.failure()->why->code, ErrorCode::image_unsupported);
  EXPECT_TRUE(store_.info("thumbs", "good.png/small.png"));
}

TEST_F(HandleTest, every_outcome_is_in_the_journal) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/journal.db";
  journal_ = make_journal(path);
  handle(event(record("bad.png") + "," + record("good.png") + "," + record("gone.png")));
  const auto rows = JournalReader(path).list({});
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_EQ((*rows)[0].reason, "gone");
  EXPECT_EQ((*rows)[1].event.outcome.what, Outcome::What::stored);
  EXPECT_EQ((*rows)[2].error_code, "image.unsupported");
}

TEST_F(HandleTest, a_journal_that_cannot_be_written_costs_nothing_but_a_warning) {
  journal_ = make_journal("/proc/nowhere/journal.db");
  EXPECT_EQ(handle(event(record("good.png"))).failure(), nullptr);
  EXPECT_TRUE(store_.info("thumbs", "good.png/small.png"));
}

TEST_F(HandleTest, records_of_one_key_collapse_to_the_newest) {
  const Handled done = handle(
      event(record("good.png", "0055AED6DCD90281E5") + "," + record("good.png", "0055AED6DCD9")));
  EXPECT_THAT(done.reply, HasSubstr(R"("stored":1,"skipped":1)"));
  EXPECT_THAT(done.reply, HasSubstr(R"("reason":"superseded")"));
  const auto operations = store_.operations();
  EXPECT_EQ(std::count(operations.begin(), operations.end(), "get photos/good.png"), 1);
}

TEST_F(HandleTest, a_fault_of_ours_fails_that_event_alone) {
  store_.set_hook([](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
    if (operation == "get" && id.key == "bad.png") throw std::runtime_error("oops");
    return std::nullopt;
  });
  const Handled done = handle(event(record("bad.png") + "," + record("good.png")));
  ASSERT_NE(done.failure(), nullptr);
  EXPECT_EQ(done.failure()->why->code, ErrorCode::internal);
  EXPECT_THAT(done.failure()->why->message, HasSubstr("oops"));
  EXPECT_THAT(done.reply, HasSubstr(R"("stored":1,"skipped":0,"failed":1)"));
  EXPECT_TRUE(store_.info("thumbs", "good.png/small.png"));
}

TEST_F(HandleTest, what_is_no_event_is_a_failed_delivery) {
  EXPECT_EQ(handle("nonsense").failure()->why->code, ErrorCode::event_malformed);
  EXPECT_EQ(handle("").failure()->why->code, ErrorCode::event_malformed);
  EXPECT_EQ(handle(R"({"hello":"world"})").failure()->why->code, ErrorCode::event_unsupported);
}

TEST_F(HandleTest, the_largest_batch_of_rejected_records_has_a_short_cause_and_a_reply_that_fits) {
  const std::string bad = R"({"eventSource":")" + std::string(400, 'x') + R"("})";
  std::string records = bad;
  for (int i = 1; i < 10'000; ++i) records += "," + bad;
  const Handled done = handle(event(records));
  ASSERT_NE(done.failure(), nullptr);
  EXPECT_THAT(done.failure()->why->message, testing::StartsWith("Records[0].eventSource"));
  EXPECT_LT(done.failure()->why->message.size(), 1000U);
  EXPECT_LT(done.reply.size(), kLambdaReplyBytesMax);
}

TEST_F(HandleTest, past_the_deadline_every_record_is_deferred) {
  const Handled done = handle(event(record("good.png")), Deadline(clock_.now() - 1s));
  EXPECT_EQ(done.failure()->what, Item::What::retry);
}

TEST_F(HandleTest, of_an_sqs_batch_what_did_not_end_well_is_listed) {
  const Handled done = handle(
      event(message("m-good", event(record("good.png"))) + "," +
            message("m-poison", event(record("bad.png"))) + "," + message("m-text", "{not json") +
            "," + message("m-both", event(record("%ZZ") + "," + record("gone.png"))) + "," +
            message("m-gone", event(record("gone.png")))));
  EXPECT_EQ(done.reply,
            R"({"batchItemFailures":[{"itemIdentifier":"m-poison"},{"itemIdentifier":"m-text"},)"
            R"({"itemIdentifier":"m-both"}]})");
  EXPECT_EQ(done.failure(), nullptr);
  EXPECT_TRUE(store_.info("thumbs", "good.png/small.png"));
}

TEST_F(HandleTest, an_sqs_batch_past_its_deadline_lists_every_message_not_done) {
  const Handled done = handle(
      event(message("a", event(record("good.png"))) + "," + message("b", event(record("bad.png")))),
      Deadline(clock_.now() - 1s));
  EXPECT_EQ(done.reply, R"({"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"}]})");
  EXPECT_EQ(done.failure(), nullptr);
  EXPECT_EQ(done.items[1].what, Item::What::retry);
}

TEST_F(HandleTest, behind_a_failure_its_fifo_group_waits_unworked_and_other_groups_go_on) {
  const std::string bad = event(record("bad.png"));
  const Handled done =
      handle(event(message("a1", event(record("gone.png")), "A") + "," +
                   message("a2", event(record("%ZZ") + "," + record("beside.png")), "A") + "," +
                   message("b1", event(record("other.png")), "B") + "," +
                   message("a3", event(record("good.png")), "A") + "," + message("b2", bad, "B")));
  EXPECT_EQ(done.reply, R"({"batchItemFailures":[{"itemIdentifier":"a2"},{"itemIdentifier":"a3"},)"
                        R"({"itemIdentifier":"b2"}]})");
  EXPECT_EQ(done.items[3].why->code, ErrorCode::event_held_back);
  EXPECT_EQ(done.items[3].what, Item::What::retry);
  EXPECT_FALSE(store_.info("thumbs", "good.png/small.png"));
  // What is in the failing message itself does not wait for it: it will be there again.
  const auto operations = store_.operations();
  EXPECT_EQ(std::count(operations.begin(), operations.end(), "get photos/beside.png"), 1);
  EXPECT_EQ(std::count(operations.begin(), operations.end(), "get photos/good.png"), 0);
}

TEST_F(HandleTest, a_key_in_several_messages_collapses_and_a_newest_that_is_deferred_comes_again) {
  const std::string batch = event(message("new", event(record("good.png", "2"))) + "," +
                                  message("old", event(record("good.png", "1"))));
  bool is_down = true;
  store_.set_hook([&](std::string_view operation, const ObjectId&) -> std::optional<Error> {
    if (operation != "get" || !is_down) return std::nullopt;
    return Error{ErrorCode::store_unavailable, "down", 503, {}, {}, {}};
  });
  EXPECT_EQ(handle(batch).reply, R"({"batchItemFailures":[{"itemIdentifier":"new"}]})");
  is_down = false;
  EXPECT_EQ(handle(event(message("new", event(record("good.png", "2"))))).reply,
            R"({"batchItemFailures":[]})");
  EXPECT_TRUE(store_.info("thumbs", "good.png/small.png"));
}

// Whatever is in a batch and whatever fails of it: who redelivers what was listed, and nothing
// else, ends with every key done.
struct Message {
  std::string id, key, text;
};

// Those of `left` that `reply` does not list are done.
void drop_done(std::vector<Message>& left, const std::string& reply) {
  std::erase_if(left, [&](const Message& each) {
    return reply.find("\"" + each.id + "\"") == std::string::npos;
  });
}

TEST_F(HandleTest, no_key_is_lost_however_a_batch_is_made_up) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same batches each time
  const auto pick = [&](int count) {
    return static_cast<int>(random() % static_cast<unsigned>(count));
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<Message> left;
    const bool is_fifo = pick(2) == 0;
    for (int i = 0; i < 6; ++i) {
      const std::string key = fmt::format("{}-{}.png", round, pick(3));
      store_.add("photos", key, solid_png(8, 8, {255, 0, 0}));
      const std::string id = fmt::format("m{}", i);
      const std::string sequencer = pick(4) == 0 ? "" : fmt::format("{}", pick(5));
      const std::string group = is_fifo ? fmt::format("g{}", pick(2)) : "";
      left.push_back({id, key, message(id, event(record(key, sequencer)), group)});
    }
    const std::vector<Message> all = left;
    std::string down = fmt::format("{}-{}.png", round, pick(3));
    store_.set_hook([&](std::string_view operation, const ObjectId& id) -> std::optional<Error> {
      if (operation != "get" || id.key != down) return std::nullopt;
      return Error{ErrorCode::store_unavailable, "down", 503, {}, {}, {}};
    });
    for (int attempt = 0; attempt < 2 && !left.empty(); ++attempt) {
      std::string batch;
      for (const Message& each : left) batch += (batch.empty() ? "" : ",") + each.text;
      drop_done(left, handle(event(batch)).reply);
      down = "";
    }
    EXPECT_TRUE(left.empty()) << round;
    for (const Message& each : all) {
      EXPECT_TRUE(store_.info("thumbs", each.key + "/small.png")) << round << " " << each.key;
    }
  }
}

TEST_F(HandleTest, the_journal_counts_attempts_as_the_queue_does) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/journal.db";
  journal_ = make_journal(path);
  handle(event(message("m", event(record("gone.png")), "", "4")));
  EXPECT_EQ(JournalReader(path).list({})->at(0).attempt, 4);
}

TEST_F(HandleTest, a_batch_that_cannot_be_answered_is_an_error_of_the_whole_and_not_begun) {
  const std::string one = message("same", event(record("good.png")));
  const Handled done = handle(event(one + "," + one));
  ASSERT_NE(done.failure(), nullptr);
  EXPECT_EQ(done.failure()->why->code, ErrorCode::event_malformed);
  EXPECT_TRUE(store_.operations().empty());
}

// Each object takes a tenth of the time given: what is begun within the work's time is done, the
// rest goes back to the queue, and the answer has the reserve to get out.
TEST_F(HandleTest, what_does_not_fit_into_the_time_given_is_deferred_and_the_rest_is_done) {
  for (const auto& [given, fits] : {std::pair(3s, 7), std::pair(10s, 7), std::pair(900s, 9)}) {
    ManualClock clock;
    store_.set_hook([&, each = std::chrono::milliseconds(given) / 10](
                        std::string_view operation, const ObjectId&) -> std::optional<Error> {
      if (operation == "get") clock.sleep_for(each);
      return std::nullopt;
    });
    std::string batch;
    for (int i = 0; i < 12; ++i) {
      const std::string key = fmt::format("{}/{}.png", given.count(), i);
      store_.add("photos", key, solid_png(64, 48, {255, 0, 0}));
      batch += (i > 0 ? "," : "") + message(std::to_string(i), event(record(key)));
    }
    const Clock::Time start = clock.now();
    const Handled done = handle(event(batch), Deadline::after(clock, given), &clock);
    EXPECT_LE(clock.now() - start, given);
    std::string left;
    for (int i = fits; i < 12; ++i) {
      left += fmt::format(R"({}{{"itemIdentifier":"{}"}})", i > fits ? "," : "", i);
    }
    EXPECT_EQ(done.reply, R"({"batchItemFailures":[)" + left + "]}") << given.count();
    for (int i = 0; i < 12; ++i) {
      const std::string key = fmt::format("{}/{}.png/small.png", given.count(), i);
      EXPECT_EQ(store_.info("thumbs", key).has_value(), i < fits) << key;
    }
  }
}

TEST_F(HandleTest, a_batch_operation_is_answered_a_result_a_task) {
  const auto task = [](const std::string& id, const std::string& key) {
    return R"({"taskId":")" + id + R"(","s3Key":")" + key +
           R"(","s3VersionId":null,"s3BucketArn":"arn:aws:s3:::photos"})";
  };
  const Handled done = handle(R"({"invocationSchemaVersion":"1.0","invocationId":"I","tasks":[)" +
                              task("1", "good.png") + "," + task("2", "bad.png") + "," +
                              task("3", "gone.png") + "]}");
  EXPECT_THAT(done.reply,
              HasSubstr(R"({"taskId":"1","resultCode":"Succeeded","resultString":"stored"})"));
  EXPECT_THAT(done.reply, HasSubstr(R"({"taskId":"2","resultCode":"PermanentFailure",)"
                                    R"("resultString":"image.unsupported: )"));
  EXPECT_THAT(done.reply, HasSubstr(R"("resultString":"skipped: gone"})"));
  EXPECT_EQ(done.failure(), nullptr);
}

TEST(WorkDeadlineTest, keeps_a_reserve_of_a_fifth_but_two_seconds_at_most) {
  class FixedClock : public Clock {
   public:
    Time now() const override { return Time(1'000'000s); }
    void sleep_for(std::chrono::milliseconds) override {}
  };
  const FixedClock clock;
  const auto left = [&](std::chrono::milliseconds given) {
    return work_deadline(Deadline::after(clock, given), clock).remaining(clock);
  };
  EXPECT_EQ(left(3s), 2400ms);
  EXPECT_EQ(left(10s), 8s);
  EXPECT_EQ(left(900s), 898s);
  EXPECT_EQ(left(0s), 0s);
  EXPECT_FALSE(work_deadline(Deadline(), clock).is_set());
}

TEST(PlanDeliveryTest, tells_what_would_be_done) {
  const Config config = *load_config(
      Environment({{"MINIATURA_DEST", "s3://thumbs"}, {"MINIATURA_PRESETS", "small=16x16"}}), {});
  const auto planned = plan_delivery(
      event(record("a.jpg") + "," + record("folder/") + "," + record("%ZZ") + "," + record("%YY")),
      config.rules);
  ASSERT_TRUE(planned);
  ASSERT_EQ(planned->events.size(), 4U);
  EXPECT_EQ(to_text(planned->events[0]),
            R"({"bucket":"photos","key":"a.jpg","outcome":"planned","rule":"MINIATURA_DEST",)"
            R"("thumbnails":[{"preset":"small","bucket":"thumbs","key":"a.jpg/small.jpg"}]})");
  EXPECT_EQ(planned->events[1]["reason"], "folder");
  EXPECT_EQ(planned->events[2]["outcome"], "failed");
  ASSERT_TRUE(planned->error);
  EXPECT_NE(planned->error->message.find("%ZZ"), std::string::npos) << planned->error->message;
}

}  // namespace
}  // namespace miniatura
