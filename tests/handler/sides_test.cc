#include "handler/sides.h"

#include <gtest/gtest.h>

#include "tests/support/memory_store.h"

namespace miniatura {
namespace {

TEST(Sides, the_same_refusal_has_a_name_on_each_side) {
  const auto code_of = [](Error (*side)(Error), ErrorCode code) {
    return side({code, "b/k: no", 0, {}, {}, {}}).code;
  };
  EXPECT_EQ(code_of(source_error, ErrorCode::store_denied), ErrorCode::source_denied);
  EXPECT_EQ(code_of(source_error, ErrorCode::store_no_bucket), ErrorCode::source_no_bucket);
  EXPECT_EQ(code_of(source_error, ErrorCode::store_invalid_key), ErrorCode::source_rejected);
  EXPECT_EQ(code_of(source_error, ErrorCode::store_rejected), ErrorCode::source_rejected);
  EXPECT_EQ(code_of(destination_error, ErrorCode::store_denied), ErrorCode::destination_denied);
  EXPECT_EQ(code_of(destination_error, ErrorCode::store_no_bucket),
            ErrorCode::destination_no_bucket);
  EXPECT_EQ(code_of(destination_error, ErrorCode::store_invalid_key),
            ErrorCode::destination_rejected);
  EXPECT_EQ(code_of(destination_error, ErrorCode::store_rejected), ErrorCode::destination_rejected);
  for (auto* side : {source_error, destination_error}) {
    EXPECT_EQ(code_of(side, ErrorCode::network_timeout), ErrorCode::network_timeout);
  }
}

TEST(Sides, what_is_not_there_is_no_error) {
  MemoryStore store{"photos"};
  store.add("photos", "k", "bytes");
  for (auto* look : {look_at_source, look_at_thumbnail}) {
    EXPECT_EQ(look({"photos", "k", ""}, store, {}).value()->size, 5U);
    EXPECT_EQ(look({"photos", "absent", ""}, store, {}).value(), std::nullopt);
  }
  EXPECT_EQ(look_at_source({"none", "k", ""}, store, {}).error().code, ErrorCode::source_no_bucket);
  EXPECT_EQ(look_at_thumbnail({"none", "k", ""}, store, {}).error().code,
            ErrorCode::destination_no_bucket);
}

}  // namespace
}  // namespace miniatura
