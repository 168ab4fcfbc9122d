#include "handler/handle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handler/journal_reader.h"
#include "runtime/lambda_api.h"
#include "tests/support/fixture.h"
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

class HandleTest : public ::testing::Test {
 protected:
  HandleTest() {
    config_ = *load_config(
        Environment({{"MINIATURA_DEST", "s3://thumbs"}, {"MINIATURA_PRESETS", "small=16x16:png"}}),
        {});
    store_.add("photos", "good.png", solid_png(64, 48, {255, 0, 0}));
    store_.add("photos", "bad.png", "no picture at all");
  }
  Handled handle(const std::string& payload, const Deadline& deadline = {}) {
    Delivery delivery;
    delivery.payload = payload;
    delivery.door = "test";
    delivery.deadline = deadline;
    return make_handle({&config_, journal_.get(), &log_, &clock_}, store_.share())(delivery);
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
