// What every ObjectStore promises (s3client/object_store.h), as tests that run on each of them.
// Included by one file an executable, which says on which stores:
//
//   INSTANTIATE_TEST_SUITE_P(Directory, ObjectStoreContract, testing::Values(…), contract_name);
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/s3client/object_store_contract_fixture.h"
#include "tests/s3client/object_store_contract_listing.h"
#include "tests/s3client/object_store_contract_parts.h"

namespace miniatura {

TEST_P(ObjectStoreContract, bytes_come_back_as_they_were_put) {
  std::string body("\0\r\n\xff\xfe<Error/>\0", 14);
  for (unsigned i = 0; i < 300'000; ++i) body += static_cast<char>(i * 7919U >> 5U);
  ASSERT_TRUE(put("bytes.bin", body));
  EXPECT_TRUE(content("bytes.bin") == body);
  EXPECT_EQ(head("bytes.bin").value().size, body.size());
}

TEST_P(ObjectStoreContract, an_empty_object_is_an_object) {
  ASSERT_TRUE(put("empty", ""));
  EXPECT_EQ(content("empty"), "");
  EXPECT_EQ(head("empty").value().size, 0U);
}

TEST_P(ObjectStoreContract, content_type_and_metadata_come_back_with_head_and_get) {
  PutRequest thumbnail = request("thumb.webp", "webp");
  thumbnail.content_type = "image/webp";
  thumbnail.metadata = {{"miniatura-source", "photos/a%20b.jpg"}, {"miniatura-preset", "x=1;y=2"}};
  ASSERT_TRUE(store_->put(thumbnail, context_));

  const auto seen = head("thumb.webp");
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->content_type, "image/webp");
  EXPECT_EQ(seen->metadata, thumbnail.metadata);
  EXPECT_NE(seen->last_modified, "");
  const auto object = store_->get({bucket_, "thumb.webp", ""}, context_);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->info.content_type, "image/webp");
  EXPECT_EQ(object->info.metadata, thumbnail.metadata);
  object->body->cancel();
}

TEST_P(ObjectStoreContract, a_new_put_takes_the_place_of_all_of_the_old) {
  PutRequest old = request("k", "a longer old content");
  old.metadata = {{"old", "1"}};
  ASSERT_TRUE(store_->put(old, context_));
  ASSERT_TRUE(put("k", "new"));
  EXPECT_EQ(content("k"), "new");
  EXPECT_TRUE(head("k").value().metadata.empty());
}

TEST_P(ObjectStoreContract, what_no_header_can_hold_is_refused) {
  PutRequest broken = request("k", "x");
  broken.metadata = {{"a", "b\r\nx-amz-acl: public-read"}};
  EXPECT_EQ(code_of(store_->put(broken, context_)), ErrorCode::store_rejected);
  broken.metadata = {{"a: b", "c"}};
  EXPECT_EQ(code_of(store_->put(broken, context_)), ErrorCode::store_rejected);
  broken.metadata = {};
  broken.content_type = "image/png\n";
  EXPECT_EQ(code_of(store_->put(broken, context_)), ErrorCode::store_rejected);
  EXPECT_EQ(code_of(put("k", "x", IfMatches{"a\"\r\nb"})), ErrorCode::store_rejected);
  EXPECT_EQ(content("k"), "error store.not_found");
}

TEST_P(ObjectStoreContract, an_absent_object_is_not_found) {
  EXPECT_EQ(content("absent"), "error store.not_found");
  const auto seen = head("absent");
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, ErrorCode::store_not_found);
  EXPECT_NE(seen.error().message.find(bucket_ + "/absent"), std::string::npos)
      << seen.error().message;
}

TEST_P(ObjectStoreContract, an_absent_bucket_is_no_bucket) {
  const std::string absent = bucket_ + "-absent";
  const auto object = store_->get({absent, "k", ""}, context_);
  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().code, ErrorCode::store_no_bucket);
  EXPECT_NE(object.error().message.find(absent), std::string::npos) << object.error().message;

  PutRequest lost = request("k", "x");
  lost.bucket = absent;
  EXPECT_EQ(code_of(store_->put(lost, context_)), ErrorCode::store_no_bucket);

  const auto seen = store_->head({absent, "k", ""}, context_);
  ASSERT_FALSE(seen);
  EXPECT_TRUE(seen.error().code == ErrorCode::store_no_bucket ||
              seen.error().code == ErrorCode::store_not_found);
}

TEST_P(ObjectStoreContract, reach_tells_a_bucket_from_none) {
  EXPECT_TRUE(store_->reach(bucket_, context_));
  const auto absent = store_->reach(bucket_ + "-absent", context_);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::store_no_bucket);
}

TEST_P(ObjectStoreContract, what_is_no_bucket_name_leads_nowhere) {
  for (const char* name : {"", ".", "..", "../x", "a/b", "a@b", ".miniatura", "a b"}) {
    const auto object = store_->get({name, "k", ""}, context_);
    ASSERT_FALSE(object) << name;
    EXPECT_EQ(object.error().code, ErrorCode::store_rejected) << name;
  }
}

TEST_P(ObjectStoreContract, if_absent_puts_once) {
  ASSERT_TRUE(put("once", "first", IfAbsent{}));
  EXPECT_EQ(code_of(put("once", "second", IfAbsent{})), ErrorCode::store_precondition_failed);
  EXPECT_EQ(content("once"), "first");
}

TEST_P(ObjectStoreContract, if_matches_puts_on_the_etag_that_is_there_alone) {
  const auto first = put("k", "first");
  ASSERT_TRUE(first);
  EXPECT_EQ(code_of(put("k", "wrong", IfMatches{"00000000000000000000000000000000"})),
            ErrorCode::store_precondition_failed);
  EXPECT_EQ(content("k"), "first");
  const auto second = put("k", "second", IfMatches{first->etag});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(content("k"), "second");
  EXPECT_EQ(code_of(put("k", "late", IfMatches{first->etag})),
            ErrorCode::store_precondition_failed);
  EXPECT_EQ(content("k"), "second");
}

TEST_P(ObjectStoreContract, an_absent_object_matches_nothing) {
  EXPECT_EQ(code_of(put("absent", "x", IfMatches{"00000000000000000000000000000000"})),
            ErrorCode::store_precondition_failed);
  EXPECT_EQ(content("absent"), "error store.not_found");
}

TEST_P(ObjectStoreContract, the_etag_is_one_with_the_content) {
  const auto first = put("k", "first");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->etag.find('"'), std::string::npos);
  EXPECT_EQ(head("k").value().etag, first->etag);
  EXPECT_EQ(store_->get({bucket_, "k", ""}, context_).value().info.etag, first->etag);
  const auto second = put("k", "second");
  ASSERT_TRUE(second);
  EXPECT_NE(second->etag, first->etag);
  EXPECT_EQ(head("k").value().etag, second->etag);
}

TEST_P(ObjectStoreContract, odd_keys_are_keys_of_their_own) {
  std::vector<std::string> keys = {
      "a b",
      "a+b",
      "a%20b",
      "a%2Bb",
      "100%",
      "%",
      "%25",
      "a&b=c?d#e",
      "*'()!~:;,@$",
      "\"quoted\"",
      "caf\xC3\xA9",
      "cafe\xCC\x81",
      "\xE5\x86\x99\xE7\x9C\x9F/\xE7\x8C\xAB.jpg",
      "\xF0\x9F\x90\xB1.png",
      "deep/er/and/deeper.jpg",
      "dotted/.hidden",
      "...",
      "UPPER",
      "upper",
  };
  if (!lacking_.odd_parts) {
    for (const char* key : {"/", "//", "/lead", "trail/", "a//b", "a///b", ".", "..", "./a", "../a",
                            "a/..", "a/../b", "a/./b", "a\tb\nc"}) {
      keys.emplace_back(key);
    }
    keys.emplace_back("nul\0inside", 10);
  }
  for (const std::string& key : keys) {
    const auto stored = put(key, "content of " + key);
    EXPECT_TRUE(stored) << key << ": " << stored.error().message;
  }
  for (const std::string& key : keys) {
    EXPECT_EQ(content(key), "content of " + key);
    EXPECT_TRUE(head(key)) << key;
  }
}

TEST_P(ObjectStoreContract, a_key_and_keys_below_it_live_side_by_side) {
  if (lacking_.nested_keys) return;
  for (const char* key : {"up", "up/below", "up/below/deeper", "down/a/b", "down/a", "down"}) {
    ASSERT_TRUE(put(key, std::string("1 ") + key)) << key;
  }
  for (const char* key : {"up", "up/below", "up/below/deeper", "down/a/b", "down/a", "down"}) {
    EXPECT_EQ(content(key), std::string("1 ") + key);
    EXPECT_EQ(code_of(put(key, "x", IfAbsent{})), ErrorCode::store_precondition_failed) << key;
    ASSERT_TRUE(put(key, std::string("2 ") + key, IfMatches{head(key).value().etag})) << key;
  }
  for (const char* key : {"up", "up/below", "up/below/deeper", "down/a/b", "down/a", "down"}) {
    EXPECT_EQ(content(key), std::string("2 ") + key);
  }
  EXPECT_EQ(content("up/other"), "error store.not_found");
}

TEST_P(ObjectStoreContract, keys_of_1024_bytes_pass_and_longer_ones_do_not) {
  // MinIO's own limit for one part is the 255 bytes of its file system.
  std::vector<std::string> longest;
  std::string parts;
  while (parts.size() < 1024) parts += parts.size() % 200 == 199 ? '/' : 'k';
  longest.push_back(parts);
  if (!lacking_.odd_parts) {
    longest.emplace_back(1024, 'k');
    longest.emplace_back(1024, '%');
    longest.emplace_back(1024, '/');
    longest.emplace_back(1024, '.');
    std::string accents;
    while (accents.size() < 1024) accents += "\xC3\xA9";
    longest.push_back(accents);
  }
  for (const std::string& key : longest) {
    const auto stored = put(key, key);
    EXPECT_TRUE(stored) << key << ": " << stored.error().message;
    EXPECT_EQ(content(key), key);
    EXPECT_EQ(code_of(put(key + "x", "x")), ErrorCode::store_invalid_key);
    EXPECT_EQ(content(key + "x"), "error store.invalid_key");
  }
}

TEST_P(ObjectStoreContract, a_key_that_is_empty_or_not_utf8_is_invalid) {
  for (const std::string key :
       {"", "\xff", "a\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
    EXPECT_EQ(code_of(put(key, "x")), ErrorCode::store_invalid_key);
    EXPECT_EQ(content(key), "error store.invalid_key");
  }
}

TEST_P(ObjectStoreContract, put_all_answers_in_order_and_one_failure_is_alone) {
  ASSERT_TRUE(put("1", "there already"));
  const std::vector<PutRequest> requests = {request("0", "zero"), request("1", "one", IfAbsent{}),
                                            request("", "no key"), request("3", "three"),
                                            request("4", "four", IfAbsent{})};
  const auto results = store_->put_all(requests, context_);
  ASSERT_EQ(results.size(), 5U);
  ASSERT_TRUE(results[0]);
  EXPECT_EQ(code_of(results[1]), ErrorCode::store_precondition_failed);
  EXPECT_EQ(code_of(results[2]), ErrorCode::store_invalid_key);
  ASSERT_TRUE(results[3]);
  ASSERT_TRUE(results[4]);
  EXPECT_EQ(head("0").value().etag, results[0]->etag);
  EXPECT_EQ(head("3").value().etag, results[3]->etag);
  EXPECT_EQ(content("1"), "there already");
  EXPECT_EQ(content("4"), "four");
  EXPECT_TRUE(store_->put_all({}, context_).empty());
}

TEST_P(ObjectStoreContract, of_many_puts_if_absent_at_once_one_wins) {
  constexpr int kThreads = 8;
  std::atomic<int> won{0};
  std::atomic<int> lost{0};
  std::vector<std::unique_ptr<ObjectStore>> stores;
  for (int i = 0; i < kThreads; ++i) stores.push_back(under_test_->open());
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      const std::string body = "of thread " + std::to_string(i);
      const auto result = stores[static_cast<std::size_t>(i)]->put(
          request("contended", body, IfAbsent{}), context_);
      if (result) ++won;
      if (code_of(result) == ErrorCode::store_precondition_failed) ++lost;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, kThreads - 1);
  EXPECT_EQ(content("contended").substr(0, 10), "of thread ");
}

}  // namespace miniatura
