#include "handler/reach.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/handler/pipeline_test.h"

namespace miniatura {
namespace {

class ReachTest : public PipelineTest {};

TEST_F(ReachTest, every_bucket_of_the_rules_is_asked_for) {
  rules_.rules[0].match.bucket = "photos";
  std::vector<std::string> told;
  EXPECT_TRUE(
      reach_buckets(rules_, store_, {}, [&](const auto& bucket) { told.push_back(bucket); }));
  EXPECT_EQ(told, (std::vector<std::string>{"photos", "thumbs"}));
}

TEST_F(ReachTest, an_error_says_on_which_side_it_is) {
  rules_.rules[0].match.bucket = "nowhere";
  EXPECT_EQ(reach_buckets(rules_, store_, {}).error().code, ErrorCode::source_no_bucket);
  rules_.rules[0].match.bucket = "photos";
  rules_.rules[0].destination_bucket = "nowhere";
  EXPECT_EQ(reach_buckets(rules_, store_, {}).error().code, ErrorCode::destination_no_bucket);
}

}  // namespace
}  // namespace miniatura
