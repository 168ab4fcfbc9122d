#include "s3client/resuming_body.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "s3client/s3_store.h"
#include "tests/support/scripted_s3.h"

namespace miniatura {
namespace {

HttpHeaders whole_headers(std::size_t size, const std::string& etag = "\"e\"") {
  return {{"ETag", etag}, {"Content-Length", std::to_string(size)}};
}

HttpHeaders part_headers(std::size_t first, std::size_t size, const std::string& etag = "\"e\"") {
  return {{"ETag", etag},
          {"Content-Length", std::to_string(size - first)},
          {"Content-Range", fmt::format("bytes {}-{}/{}", first, size - 1, size)}};
}

class Resuming : public testing::Test {
 protected:
  // What a reader of the object gets: its bytes, or the error.
  Result<Bytes> read(const ByteRange& range = {}) {
    auto object = store_.get({"photos", "a", ""}, range, context_);
    if (!object) return fail(object.error());
    return read_all(*object->body, 1 << 26, ErrorCode::internal, "it");
  }
  ErrorCode error_of(const Result<Bytes>& read) {
    return read ? ErrorCode::usage : read.error().code;
  }

  ScriptedS3 s3_;
  S3Store store_{s3_.access()};
  Context context_;
};

TEST_F(Resuming, a_broken_body_goes_on_where_it_broke) {
  s3_.transport.push_broken(200, "0123", whole_headers(10));
  s3_.transport.push_broken(206, "45", part_headers(4, 10), ErrorCode::network_timeout);
  s3_.transport.push(206, "6789", part_headers(6, 10));
  EXPECT_EQ(read().value(), "0123456789");
  EXPECT_FALSE(s3_.sent(0).headers.get("Range"));
  EXPECT_EQ(s3_.header(1, "Range"), "bytes=4-9");
  EXPECT_EQ(s3_.header(1, "If-Match"), "\"e\"");
  EXPECT_EQ(s3_.header(2, "Range"), "bytes=6-9");
  EXPECT_EQ(s3_.clock.slept().size(), 2U);
}

TEST_F(Resuming, an_end_before_the_announced_one_is_a_break) {
  s3_.transport.push(200, "0123", whole_headers(10));
  s3_.transport.push(206, "456789", part_headers(4, 10));
  EXPECT_EQ(read().value(), "0123456789");
}

TEST_F(Resuming, bytes_after_the_announced_end_are_not_the_objects) {
  s3_.transport.push(200, "0123456789", whole_headers(4));
  EXPECT_EQ(read().value(), "0123");
}

TEST_F(Resuming, the_version_is_asked_for_again) {
  s3_.transport.push_broken(200, "01", whole_headers(4));
  s3_.transport.push(206, "23", part_headers(2, 4));
  auto object = store_.get({"photos", "a", "v1"}, {}, {});
  EXPECT_EQ(read_all(*object->body, 9, ErrorCode::internal, "it").value(), "0123");
  EXPECT_EQ(s3_.sent(1).url, "http://h:9000/photos/a?versionId=v1");
}

TEST_F(Resuming, an_object_that_changed_meanwhile_is_told_once_and_stays_so) {
  s3_.transport.push_broken(200, "0123", whole_headers(10));
  s3_.transport.push(412, "<Error><Code>PreconditionFailed</Code></Error>");
  auto object = store_.get({"photos", "a", ""}, {}, {});
  std::string buffer(10, '\0');
  EXPECT_EQ(object->body->read(buffer).value(), 4U);
  EXPECT_EQ(object->body->read(buffer).error().code, ErrorCode::source_changed);
  EXPECT_EQ(object->body->read(buffer).error().code, ErrorCode::source_changed);
  EXPECT_EQ(s3_.transport.seen().size(), 2U);
}

TEST_F(Resuming, gone_shrunk_or_another_etag_is_changed_as_well) {
  s3_.transport.push_broken(200, "0123", whole_headers(10));
  s3_.transport.push(404, "<Error><Code>NoSuchKey</Code></Error>");
  EXPECT_EQ(error_of(read()), ErrorCode::source_changed);
  s3_.transport.push_broken(200, "0123", whole_headers(10));
  s3_.transport.push(416, "<Error><Code>InvalidRange</Code></Error>");
  EXPECT_EQ(error_of(read()), ErrorCode::source_changed);
  s3_.transport.push_broken(200, "0123", whole_headers(10));
  s3_.transport.push(206, "456789", part_headers(4, 10, "\"f\""));
  EXPECT_EQ(error_of(read()), ErrorCode::source_changed);
}

TEST_F(Resuming, a_store_that_knows_no_ranges_sends_all_again) {
  s3_.transport.push_broken(200, "0123", whole_headers(10));
  s3_.transport.push_broken(200, "012", whole_headers(10));  // breaks before it is of use
  s3_.transport.push(200, "0123456789", whole_headers(10));
  EXPECT_EQ(read().value(), "0123456789");
}

TEST_F(Resuming, a_wrong_content_range_is_never_joined) {
  for (const char* range : {"bytes 3-9/10", "bytes 5-9/10", "bytes */10", "4-9/10", ""}) {
    s3_.transport.push_broken(200, "0123", whole_headers(10));
    s3_.transport.push(206, "456789",
                       {{"ETag", "\"e\""}, {"Content-Length", "6"}, {"Content-Range", range}});
    EXPECT_EQ(error_of(read()), ErrorCode::network_invalid) << range;
  }
}

TEST_F(Resuming, a_connection_that_keeps_breaking_is_given_up) {
  s3_.transport.push_broken(200, "0", whole_headers(10));
  for (std::size_t i = 1; i < 4; ++i) {
    s3_.transport.push_broken(206, std::to_string(i), part_headers(i, 10));
  }
  const auto bytes = read();
  EXPECT_EQ(error_of(bytes), ErrorCode::network_unreachable);
  EXPECT_EQ(s3_.transport.seen().size(), 4U);
  EXPECT_EQ(bytes.error().message, "GET photos/a: cut as scripted (at byte 4)");
  EXPECT_EQ(bytes.error().attempts, 4);
}

TEST_F(Resuming, one_that_brings_much_each_time_is_not) {
  const std::size_t size = std::size_t{10} << 20;
  const Bytes content(size, 'x');
  s3_.transport.push_broken(200, content.substr(size - (std::size_t{1} << 20)),
                            whole_headers(size));
  for (std::size_t mib = 1; mib < 10; ++mib) {
    s3_.transport.push_broken(206, Bytes(std::size_t{1} << 20, 'x'), part_headers(mib << 20, size));
  }
  EXPECT_EQ(read().value().size(), size);
}

TEST_F(Resuming, what_is_final_is_not_resumed) {
  s3_.transport.push_broken(200, "01", whole_headers(4), ErrorCode::deadline_exceeded);
  EXPECT_EQ(error_of(read()), ErrorCode::deadline_exceeded);
  context_.deadline = Deadline::after(s3_.clock, std::chrono::milliseconds(20));
  s3_.transport.push_broken(200, "01", whole_headers(4));
  EXPECT_EQ(error_of(read()), ErrorCode::network_unreachable);
  EXPECT_EQ(s3_.transport.seen().size(), 2U);
}

TEST_F(Resuming, a_range_resumes_within_itself) {
  s3_.transport.push_broken(
      206, "23", {{"ETag", "\"e\""}, {"Content-Length", "4"}, {"Content-Range", "bytes 2-5/10"}});
  s3_.transport.push(
      206, "45", {{"ETag", "\"e\""}, {"Content-Length", "2"}, {"Content-Range", "bytes 4-5/10"}});
  EXPECT_EQ(read({2, 5}).value(), "2345");
  EXPECT_EQ(s3_.header(0, "Range"), "bytes=2-5");
  EXPECT_EQ(s3_.header(1, "Range"), "bytes=4-5");
}

TEST_F(Resuming, after_cancel_nothing_is_asked_for) {
  s3_.transport.push_broken(200, "01", whole_headers(4));
  auto object = store_.get({"photos", "a", ""}, {}, {});
  object->body->cancel();
  std::string buffer(10, '\0');
  EXPECT_EQ(object->body->read(buffer).value(), 0U);
  EXPECT_EQ(s3_.transport.seen().size(), 1U);
}

TEST(ContentRange, is_understood_or_nothing) {
  const auto range = parse_content_range("bytes 5-9/10");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 5U);
  EXPECT_EQ(range->last, 9U);
  EXPECT_EQ(range->size, 10U);
  for (const char* text : {"", "bytes 5-9/*", "bytes */10", "bytes 9-5/10", "bytes 5-10/10",
                           "bytes -5-9/10", "bytes 5-9/10 ", "bytes 5-99999999999999999999/10"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

TEST(RangeHeader, names_both_ends_or_the_first) {
  EXPECT_EQ(range_header({5, 9}), "bytes=5-9");
  EXPECT_EQ(range_header({5, std::nullopt}), "bytes=5-");
}

}  // namespace
}  // namespace miniatura
