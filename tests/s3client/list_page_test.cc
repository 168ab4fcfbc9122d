#include "s3client/list_page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace miniatura {
namespace {

ListRequest asked(const std::string& prefix, const std::string& delimiter, int limit,
                  const std::string& page = "") {
  return {"b", prefix, delimiter, page, limit};
}

std::vector<std::string> names(const ListPage::Taken& taken) {
  std::vector<std::string> names;
  for (const auto& [name, is_prefix] : taken.names) names.push_back(name);
  return names;
}

// All names that a listing has, a page after the other, from keys in an order of their own.
std::vector<std::string> all_names(const std::vector<std::string>& keys, ListRequest request) {
  std::vector<std::string> all;
  for (;;) {
    ListPage page = ListPage::of(request).value();
    for (const std::string& key : keys) page.take(key);
    const ListPage::Taken taken = std::move(page).finish();
    EXPECT_LE(taken.names.size(), static_cast<std::size_t>(request.limit));
    for (const std::string& name : names(taken)) all.push_back(name);
    if (taken.next_page.empty()) return all;
    request.page = taken.next_page;
  }
}

// What S3's documentation says a listing is, without a thought of pages.
std::vector<std::string> by_the_book(const std::vector<std::string>& keys,
                                     const ListRequest& request) {
  std::set<std::string> names;
  for (const std::string& key : keys) {
    if (key.compare(0, request.prefix.size(), request.prefix) != 0) continue;
    const std::size_t at = request.delimiter.empty()
                               ? std::string::npos
                               : key.find(request.delimiter, request.prefix.size());
    names.insert(at == std::string::npos ? key : key.substr(0, at + request.delimiter.size()));
  }
  return {names.begin(), names.end()};
}

std::string random_text(std::mt19937& random, unsigned length_max) {
  std::string text;
  for (unsigned long length = random() % (length_max + 1); length > 0; --length) {
    text += "ab//+%\xC3"[random() % 7];
  }
  return text;
}

TEST(ListPageTest, whatever_the_order_of_keys_pages_hold_what_the_book_says) {
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::string> keys;
    for (unsigned long count = random() % 30; count > 0; --count) {
      keys.push_back('k' + random_text(random, 6));
    }
    const std::string delimiters[] = {"", "/", "//", "+", "a/"};
    const ListRequest request = asked(random() % 2 == 0 ? "" : 'k' + random_text(random, 2),
                                      delimiters[random() % 5], static_cast<int>(1 + random() % 5));
    ASSERT_EQ(all_names(keys, request), by_the_book(keys, request))
        << request.prefix << " " << request.delimiter << " " << request.limit;
  }
}

// A walk that leaves out what is not wanted must come to the same page.
TEST(ListPageTest, what_is_not_wanted_would_have_changed_nothing) {
  std::mt19937 random(6);
  for (int i = 0; i < 5000; ++i) {
    const ListRequest request =
        asked(random_text(random, 2), random() % 2 == 0 ? "/" : "a/",
              static_cast<int>(1 + random() % 3), random() % 2 == 0 ? "" : "after-a%2F");
    ListPage page = ListPage::of(request).value();
    for (unsigned long count = random() % 8; count > 0; --count) page.take(random_text(random, 5));
    const std::string beginning = random_text(random, 4);
    if (page.wants_below(beginning)) continue;
    ListPage more = page;
    for (int j = 0; j < 20; ++j) more.take(beginning + random_text(random, 3));
    ASSERT_EQ(names(std::move(page).finish()), names(std::move(more).finish())) << beginning;
  }
}

TEST(ListPageTest, a_walk_is_spared_what_cannot_matter) {
  ListPage page = ListPage::of(asked("up/", "/", 1, "after-up%2Fc")).value();
  EXPECT_FALSE(page.wants_below("down/"));
  EXPECT_FALSE(page.wants_below("up/b/"));
  EXPECT_TRUE(page.wants_below("up/c/"));
  EXPECT_TRUE(page.wants_below(""));
  page.take("up/d/1");
  EXPECT_FALSE(page.wants_below("up/d/")) << "folded, and taken already";
  page.take("up/e");
  EXPECT_FALSE(page.wants_below("up/f/")) << "the page is full";
  EXPECT_TRUE(page.wants_below("up/c1/"));

  ListPage flat = ListPage::of(asked("", "", 1)).value();
  for (const char* key : {"a", "b/1"}) flat.take(key);
  EXPECT_FALSE(flat.wants_below("c/"));
  EXPECT_FALSE(flat.wants_below("b/1"));
  EXPECT_TRUE(flat.wants_below("b/"));
}

TEST(ListPageTest, a_page_is_of_1_to_1000) {
  for (const int limit : {0, -1, 1001}) {
    const auto page = ListPage::of(asked("", "", limit));
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code, ErrorCode::store_rejected);
    EXPECT_NE(page.error().message.find(std::to_string(limit)), std::string::npos);
  }
  EXPECT_TRUE(ListPage::of(asked("", "", 1000)));
}

TEST(ListPageTest, a_page_that_none_led_to_is_refused) {
  for (const char* page : {"x", "after-", "after", "%"}) {
    EXPECT_FALSE(ListPage::of(asked("", "", 1, page))) << page;
  }
}

TEST(Slice, a_range_is_cut_to_the_object) {
  const ObjectId id{"b", "k", ""};
  const auto slice = [&](const ByteRange& range, std::uint64_t size) {
    const auto cut = slice_of(id, range, size);
    return cut ? std::to_string(cut->first) + "+" + std::to_string(cut->length)
               : cut.error().message;
  };
  EXPECT_EQ(slice({}, 0), "0+0");
  EXPECT_EQ(slice({}, 10), "0+10");
  EXPECT_EQ(slice({3, {}}, 10), "3+7");
  EXPECT_EQ(slice({3, 3}, 10), "3+1");
  EXPECT_EQ(slice({0, UINT64_MAX}, 10), "0+10");
  EXPECT_EQ(slice({10, {}}, 10), "b/k: has 10 bytes, and none in the range 10-");
  EXPECT_EQ(slice({UINT64_MAX, UINT64_MAX}, 10),
            "b/k: has 10 bytes, and none in the range 18446744073709551615-18446744073709551615");
  EXPECT_EQ(slice({0, 5}, 0), "b/k: has 0 bytes, and none in the range 0-5");
  EXPECT_EQ(slice({5, 2}, 10), "b/k: has 10 bytes, and none in the range 5-2");
}

}  // namespace
}  // namespace miniatura
