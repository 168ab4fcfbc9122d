#include "handler/capability.h"

#include <gtest/gtest.h>

#include "tests/support/fixture.h"

namespace miniatura {
namespace {

Rules rules() {
  Rules rules;
  rules.rules.push_back({"r",
                         *parse_presets("small=9x9"),
                         "thumbs",
                         *KeyTemplate::parse("{key}"),
                         {"photos", "", {}}});
  return rules;
}

TEST(CapabilityTest, an_upload_needs_a_thumbnail_whether_a_rule_takes_it_or_not) {
  const std::string event = read_fixture("events/s3-put-v2.1.json");
  EXPECT_EQ(capability_of(event, rules()).value(), "thumbnail");
  EXPECT_EQ(capability_of(event, Rules{}).value(), "thumbnail");
}

TEST(CapabilityTest, what_holds_no_event_goes_to_whoever_can_do_the_least) {
  EXPECT_EQ(capability_of(R"({"Records":null})", rules()).value(), kCapabilities.front());
}

TEST(CapabilityTest, a_record_that_cannot_be_read_fails_where_it_is_worked_on) {
  const std::string event = read_fixture("events/s3-bad-percent-v2.1.json");
  EXPECT_EQ(capability_of(event, rules()).value(), "thumbnail");
}

TEST(CapabilityTest, what_cannot_be_parsed_is_an_error) {
  EXPECT_EQ(capability_of("junk", rules()).error().code, ErrorCode::event_malformed);
  EXPECT_EQ(capability_of(R"({"a":1})", rules()).error().code, ErrorCode::event_unsupported);
}

}  // namespace
}  // namespace miniatura
