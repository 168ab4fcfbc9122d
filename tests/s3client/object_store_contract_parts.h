// The part of the contract (object_store_contract.h) about ranges, removing, and the headers that
// are kept for others.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/s3client/object_store_contract_fixture.h"

namespace miniatura {

TEST_P(ObjectStoreContract, a_range_gives_the_bytes_that_it_names) {
  ASSERT_TRUE(put("digits", "0123456789"));
  EXPECT_EQ(part("digits", {2, 5}), "2345");
  EXPECT_EQ(part("digits", {0, 0}), "0");
  EXPECT_EQ(part("digits", {9, 9}), "9");
  EXPECT_EQ(part("digits", {7, {}}), "789");
  EXPECT_EQ(part("digits", {9, {}}), "9");
  EXPECT_EQ(part("digits", {0, 9}), "0123456789");
  EXPECT_EQ(part("digits", {8, 1'000'000'000'000}), "89") << "a range may end after the object";
  EXPECT_EQ(part("digits", {}), "0123456789");
}

TEST_P(ObjectStoreContract, with_a_range_the_size_is_still_that_of_the_whole_object) {
  const auto stored = put("digits", "0123456789");
  const auto object = store_->get({bucket_, "digits", ""}, {2, 5}, context_);
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(object->info.size, 10U);
  EXPECT_EQ(object->info.etag, stored->etag);
  const auto announced = object->body->size_bytes();
  EXPECT_TRUE(!announced || *announced == 4U) << "the body is the part alone";
  object->body->cancel();
}

TEST_P(ObjectStoreContract, a_range_behind_the_end_is_refused_but_all_of_nothing_is_nothing) {
  ASSERT_TRUE(put("digits", "0123456789"));
  EXPECT_EQ(part("digits", {10, {}}), "error store.rejected");
  EXPECT_EQ(part("digits", {10, 20}), "error store.rejected");
  const auto refused = store_->get({bucket_, "digits", ""}, {77, {}}, context_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(bucket_ + "/digits"), std::string::npos);
  EXPECT_NE(refused.error().message.find("77"), std::string::npos) << refused.error().message;
  ASSERT_TRUE(put("empty", ""));
  EXPECT_EQ(part("empty", {}), "");
  EXPECT_EQ(part("empty", {1, {}}), "error store.rejected");
  EXPECT_EQ(part("absent", {0, 1}), "error store.not_found");
}

TEST_P(ObjectStoreContract, a_large_object_comes_in_parts_that_fit) {
  std::string body;
  for (unsigned i = 0; i < 700'000; ++i) body += static_cast<char>(i * 7919U >> 5U);
  ASSERT_TRUE(put("large", body));
  std::string joined;
  for (std::uint64_t at = 0; at < body.size(); at += 262'144) {
    joined += part("large", {at, at + 262'143});
  }
  EXPECT_TRUE(joined == body);
}

TEST_P(ObjectStoreContract, what_was_removed_is_gone_and_its_place_is_free) {
  ASSERT_TRUE(put("dir/k", "old"));
  const auto removed = remove("dir/k");
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(content("dir/k"), "error store.not_found");
  EXPECT_EQ(code_of(head("dir/k")), ErrorCode::store_not_found);
  EXPECT_EQ(code_of(put("dir/k", "x", IfMatches{"any"})), ErrorCode::store_precondition_failed);
  ASSERT_TRUE(put("dir/k", "new", IfAbsent{}));
  EXPECT_EQ(content("dir/k"), "new");
  EXPECT_TRUE(head("dir/k").value().metadata.empty());
}

TEST_P(ObjectStoreContract, removing_what_is_not_there_is_no_error) {
  EXPECT_TRUE(remove("absent"));
  EXPECT_TRUE(remove("absent/below/absent"));
  ASSERT_TRUE(put("k", "x"));
  EXPECT_TRUE(remove("k"));
  EXPECT_TRUE(remove("k"));
}

TEST_P(ObjectStoreContract, removing_from_a_bucket_that_is_not_there_says_so) {
  EXPECT_EQ(code_of(store_->remove({bucket_ + "-absent", "k", ""}, context_)),
            ErrorCode::store_no_bucket);
  EXPECT_EQ(code_of(store_->remove({bucket_, "", ""}, context_)), ErrorCode::store_invalid_key);
  EXPECT_EQ(code_of(store_->remove({"../b", "k", ""}, context_)), ErrorCode::store_rejected);
}

TEST_P(ObjectStoreContract, a_key_is_removed_alone_not_what_lies_below_or_above_it) {
  if (lacking_.nested_keys) return;
  const std::vector<std::string> keys = {
      "up",   "up/below", "up/below/deeper", "up2",      "down/a/b", "down/a",
      "down", "down/ab",  "down/a/b/c",      "down%2Fa", "down a"};
  for (const std::string& gone : keys) {
    for (const std::string& key : keys) ASSERT_TRUE(put(key, "of " + key)) << key;
    ASSERT_TRUE(remove(gone));
    for (const std::string& key : keys) {
      EXPECT_EQ(content(key), key == gone ? "error store.not_found" : "of " + key) << gone;
    }
  }
}

TEST_P(ObjectStoreContract, cache_control_and_storage_class_come_back_and_tags_are_taken) {
  PutRequest thumbnail = request("thumb.webp", "webp");
  thumbnail.cache_control = "public, max-age=31536000, immutable";
  if (!lacking_.storage_classes) thumbnail.storage_class = "REDUCED_REDUNDANCY";
  thumbnail.tags = {{"made by", "miniatura: 1+1=2"}, {"a/b@c", "x y"}, {"empty", ""}};
  if (!lacking_.unicode_tags) thumbnail.tags["größe"] = "写真";
  const auto stored = store_->put(thumbnail, context_);
  ASSERT_TRUE(stored) << stored.error().message;
  const auto seen = head("thumb.webp");
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->cache_control, thumbnail.cache_control);
  if (!lacking_.storage_classes) {
    EXPECT_EQ(seen->storage_class, thumbnail.storage_class);
  }
  const auto object = store_->get({bucket_, "thumb.webp", ""}, context_);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->info.cache_control, thumbnail.cache_control);
  object->body->cancel();

  ASSERT_TRUE(put("thumb.webp", "again"));
  EXPECT_EQ(head("thumb.webp").value().cache_control, "");
}

TEST_P(ObjectStoreContract, cache_control_storage_class_and_tags_that_s3_cannot_hold_are_refused) {
  const auto refused = [&](auto change) {
    PutRequest broken = request("k", "x");
    change(broken);
    EXPECT_EQ(code_of(store_->put(broken, context_)), ErrorCode::store_rejected);
  };
  refused([](PutRequest& r) { r.cache_control = "no-store\r\nx-amz-acl: public-read"; });
  refused([](PutRequest& r) { r.cache_control = "für immer"; });
  refused([](PutRequest& r) { r.storage_class = "STANDARD\n"; });
  refused([](PutRequest& r) { r.tags = {{"", "no key"}}; });
  refused([](PutRequest& r) { r.tags = {{"k", "\xff"}}; });
  refused([](PutRequest& r) { r.tags = {{std::string(129, 'k'), ""}}; });
  refused([](PutRequest& r) { r.tags = {{"k", std::string(257, 'v')}}; });
  refused([](PutRequest& r) { r.tags = {{"a&b", ""}}; });
  refused([](PutRequest& r) { r.tags = {{"k", "50%"}}; });
  refused([](PutRequest& r) { r.tags = {{"aws:owner", "me"}}; });
  refused([](PutRequest& r) {
    for (int i = 0; i < 11; ++i) r.tags[std::to_string(i)] = "";
  });
  EXPECT_EQ(content("k"), "error store.not_found");
}

TEST_P(ObjectStoreContract, as_many_and_as_long_tags_as_s3_holds_are_taken) {
  PutRequest full = request("k", "x");
  for (int i = 0; i < 10; ++i) {
    const std::size_t value_bytes = lacking_.long_tags ? 128 : 256;
    full.tags[std::to_string(i) + std::string(127, 'k')] = std::string(value_bytes, 'v');
  }
  const auto stored = store_->put(full, context_);
  EXPECT_TRUE(stored) << stored.error().message;
}

}  // namespace miniatura
