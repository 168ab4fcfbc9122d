#include "s3client/key_path.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <sstream>

namespace miniatura {
namespace {

TEST(KeyPath, ordinary_keys_are_their_own_path) {
  for (const char* key : {"a", "a/b.jpg", "2024/ä ö+/x&y.png", "...", ".hidden", "a:b\\c"}) {
    EXPECT_EQ(path_of_key(key), key);
  }
}

TEST(KeyPath, what_a_file_system_cannot_hold_is_escaped) {
  EXPECT_EQ(path_of_key("100%"), "100%25");
  EXPECT_EQ(path_of_key(std::string("a\0b", 3)), "a%00b");
  EXPECT_EQ(path_of_key("."), "%2E");
  EXPECT_EQ(path_of_key("../a/./b"), "%2E%2E/a/%2E/b");
  EXPECT_EQ(path_of_key("a//b"), "a/%~/b");
  EXPECT_EQ(path_of_key("/a/"), "%~/a/%~");
}

TEST(KeyPath, a_long_part_becomes_directories) {
  EXPECT_EQ(path_of_key(std::string(255, 'a')), std::string(255, 'a'));
  EXPECT_EQ(path_of_key(std::string(256, 'a')), std::string(253, 'a') + "%+/aaa");
}

// Keys of the letters that make trouble, of all lengths.
std::string odd_key(std::mt19937& random) {
  static const std::string letters[] = {"%",
                                        "/",
                                        ".",
                                        "~",
                                        "+",
                                        "2",
                                        "5",
                                        "E",
                                        "\xC3\xA9",
                                        std::string(1, '\0'),
                                        std::string(80, 'x')};
  std::string key;
  const auto pieces = 1 + random() % 12;
  for (unsigned i = 0; i < pieces; ++i) key += letters[random() % std::size(letters)];
  return key;
}

TEST(KeyPath, no_two_keys_share_a_path_and_every_path_leads_back) {
  std::mt19937 random(7);
  std::set<std::string> keys;
  std::set<std::string> paths;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = odd_key(random);
    const std::string path = path_of_key(key);
    keys.insert(key);
    paths.insert(path);
    ASSERT_EQ(key_of_path(path), key) << path;
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const std::string beginning = beginning_of_keys(path.substr(0, slash));
      ASSERT_EQ(key.substr(0, beginning.size()), beginning) << path;
    }
    std::istringstream names(path + "/");
    for (std::string name; std::getline(names, name, '/');) {
      ASSERT_TRUE(!name.empty() && name != "." && name != ".." && name.size() <= 255) << path;
      ASSERT_EQ(name.find('\0'), std::string::npos);
    }
  }
  EXPECT_EQ(keys.size(), paths.size());
}

TEST(KeyPath, all_keys_in_a_directory_begin_alike) {
  EXPECT_EQ(beginning_of_keys("2024"), "2024/");
  EXPECT_EQ(beginning_of_keys("a/%~"), "a//");
  EXPECT_EQ(beginning_of_keys("a/%2E%2E/100%25"), "a/../100%/");
  EXPECT_EQ(beginning_of_keys("a/long%+"), "a/long");
}

TEST(KeyPath, a_path_that_no_key_has_is_no_object) {
  for (const char* path : {"", "100%", "%zz", "%2e", "a%2E", "%2E%2E%2E", "a/%~b", "a%+/b", "a%+",
                           "a//b", "/a", "a/", "../a", "."}) {
    EXPECT_FALSE(key_of_path(path)) << path;
  }
}

}  // namespace
}  // namespace miniatura
