// The part of the contract (object_store_contract.h) about listing.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/s3client/object_store_contract_fixture.h"

namespace miniatura {

using Names = std::vector<std::string>;

TEST_P(ObjectStoreContract, an_empty_bucket_lists_nothing) {
  EXPECT_EQ(list(), Names());
  EXPECT_EQ(list("any", "/"), Names());
}

TEST_P(ObjectStoreContract, an_object_is_listed_with_what_head_says_of_it) {
  ASSERT_TRUE(put("dir/k", "content"));
  const auto page = store_->list(list_request(), context_);
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->objects.size(), 1U);
  const ListedObject& listed = page->objects.front();
  const auto seen = head("dir/k");
  EXPECT_EQ(listed.key, "dir/k");
  EXPECT_EQ(listed.size, 7U);
  EXPECT_EQ(listed.etag, seen.value().etag);
  EXPECT_EQ(listed.last_modified, seen.value().last_modified);
  ASSERT_EQ(listed.last_modified.size(), 20U) << listed.last_modified;
  EXPECT_EQ(listed.last_modified[10], 'T');
  EXPECT_EQ(listed.last_modified[19], 'Z');
  EXPECT_EQ(page->next_page, "");
}

TEST_P(ObjectStoreContract, keys_are_listed_in_the_order_of_their_bytes) {
  Names keys = {"B", "a b", "a!", "a-b", "a/b", "a/b-", "a/b0/c", "a0", "ab", "\xC3\xA4", "~"};
  if (!lacking_.nested_listing) keys.insert(keys.end(), {"a", "a/", "a/b/c"});
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) ASSERT_TRUE(put(*key, *key)) << *key;
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(list(), keys);
  for (const int limit : {1, 2, 3, 5}) EXPECT_EQ(list("", "", limit), keys) << limit;
}

TEST_P(ObjectStoreContract, a_prefix_is_any_beginning) {
  for (const char* key : {"2024/a", "2024/b", "2024.txt", "20", "2025/a", "x"})
    ASSERT_TRUE(put(key, ""));
  EXPECT_EQ(list("2024"), (Names{"2024.txt", "2024/a", "2024/b"}));
  EXPECT_EQ(list("2024/"), (Names{"2024/a", "2024/b"}));
  EXPECT_EQ(list("2024/b"), Names{"2024/b"});
  EXPECT_EQ(list("2024/b/"), Names());
  EXPECT_EQ(list("20", "", 2), (Names{"20", "2024.txt", "2024/a", "2024/b", "2025/a"}));
}

TEST_P(ObjectStoreContract, a_delimiter_folds_what_lies_below_it) {
  for (const char* key : {"top", "dir/a", "dir/b", "dir/sub/c", "other/d", "zzz"}) {
    ASSERT_TRUE(put(key, ""));
  }
  EXPECT_EQ(list("", "/"), (Names{"top", "zzz", "PRE dir/", "PRE other/"}));
  EXPECT_EQ(list("dir/", "/"), (Names{"dir/a", "dir/b", "PRE dir/sub/"}));
  EXPECT_EQ(list("dir", "/"), Names{"PRE dir/"});
  EXPECT_EQ(list("dir/sub/", "/"), Names{"dir/sub/c"});
  EXPECT_EQ(list("t", "/"), Names{"top"});
}

TEST_P(ObjectStoreContract, pages_of_folded_names_hold_each_once) {
  for (const char* key : {"a/1", "a/2", "a/3", "b", "c/1/1", "c/2", "d", "e/1", "f/1", "g"}) {
    ASSERT_TRUE(put(key, ""));
  }
  for (const int limit : {1, 2, 3, 4, 7, 1000}) {
    Names names = list("", "/", limit);
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (Names{"PRE a/", "PRE c/", "PRE e/", "PRE f/", "b", "d", "g"})) << limit;
  }
}

TEST_P(ObjectStoreContract, odd_keys_are_listed_as_they_were_put) {
  Names keys = {"a b",
                "a+b",
                "a%20b",
                "a%2Bb",
                "100%",
                "%",
                "%25",
                "a&b=c?d#e",
                "<Key>&amp;",
                "*'()!~:;,@$",
                "\"quoted\"",
                "caf\xC3\xA9",
                "cafe\xCC\x81",
                "\xE5\x86\x99\xE7\x9C\x9F/\xE7\x8C\xAB.jpg",
                "\xF0\x9F\x90\xB1.png",
                "dir with spaces/a+b c%.jpg",
                "tab\there\nnew line",
                "dotted/.hidden",
                "...",
                std::string(200, 'p') + '/' + std::string(200, 'q')};
  if (!lacking_.control_characters) keys.emplace_back("control\x01\x1f\x7f.jpg");
  if (!lacking_.odd_parts) {
    for (const char* key : {"/", "//", "/lead", "trail/", "a//b", ".", "..", "../a", "a/../b"}) {
      keys.emplace_back(key);
    }
    keys.emplace_back("nul\0inside", 10);
    keys.emplace_back(std::string(1024, 'k'));
    keys.emplace_back(std::string(255, 'k'));
    keys.emplace_back(std::string(253, 'k') + "zz");
    keys.emplace_back(std::string(1024, '/'));
  }
  for (const std::string& key : keys) ASSERT_TRUE(put(key, "")) << key;
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(list(), keys);
  EXPECT_EQ(list("", "", 3), keys);
  EXPECT_EQ(list("a+"), Names{"a+b"});
  EXPECT_EQ(list("a "), Names{"a b"});
  EXPECT_EQ(list("100%"), Names{"100%"});
  EXPECT_EQ(list("dir with spaces/a+", "/"), Names{"dir with spaces/a+b c%.jpg"});
  const Names top = list("", "/");
  EXPECT_NE(std::find(top.begin(), top.end(), "PRE dir with spaces/"), top.end());
}

TEST_P(ObjectStoreContract, what_is_there_all_the_time_is_seen_once_whatever_else_changes) {
  Names keys;
  for (char c = 'a'; c <= 'j'; ++c) keys.emplace_back(1, c);
  for (const std::string& key : keys) ASSERT_TRUE(put(key, ""));
  ListRequest request = list_request("", "", 2);
  const auto page = store_->list(request, context_);
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->objects.size(), 2U);
  EXPECT_EQ(page->objects[1].key, "b");
  // The page's own last key goes, one before it comes, and one behind it goes.
  ASSERT_TRUE(remove("b"));
  ASSERT_TRUE(put("aa", ""));
  ASSERT_TRUE(remove("d"));
  request.page = page->next_page;
  Names names = list(request);
  names.erase(std::remove(names.begin(), names.end(), "d"), names.end());
  EXPECT_EQ(names, (Names{"c", "e", "f", "g", "h", "i", "j"}));
}

TEST_P(ObjectStoreContract, what_was_removed_is_not_listed) {
  for (const char* key : {"dir/a", "dir/b", "gone/a"}) ASSERT_TRUE(put(key, ""));
  ASSERT_TRUE(remove("dir/a"));
  ASSERT_TRUE(remove("gone/a"));
  EXPECT_EQ(list(), Names{"dir/b"});
  EXPECT_EQ(list("", "/"), Names{"PRE dir/"});
}

TEST_P(ObjectStoreContract, a_key_and_keys_below_it_are_all_listed) {
  if (lacking_.nested_listing) return;
  const Names keys = {"down", "down/a", "down/a/b", "up", "up/below", "up/below/deeper"};
  for (const char* key : {"up", "up/below", "up/below/deeper", "down/a/b", "down/a", "down"}) {
    ASSERT_TRUE(put(key, ""));
  }
  EXPECT_EQ(list(), keys);
  EXPECT_EQ(list("", "", 1), keys);
  EXPECT_EQ(list("", "/"), (Names{"down", "up", "PRE down/", "PRE up/"}));
  EXPECT_EQ(list("up/", "/"), (Names{"up/below", "PRE up/below/"}));
}

TEST_P(ObjectStoreContract, listing_a_bucket_that_is_not_there_says_so) {
  ListRequest request = list_request();
  request.bucket = bucket_ + "-absent";
  EXPECT_EQ(code_of(store_->list(request, context_)), ErrorCode::store_no_bucket);
  request.bucket = "../b";
  EXPECT_EQ(code_of(store_->list(request, context_)), ErrorCode::store_rejected);
}

}  // namespace miniatura
