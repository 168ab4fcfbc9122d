#include "thumbnailer/icc_name.h"

#include <gtest/gtest.h>

#include "tests/support/images.h"
#include "thumbnailer/exif.h"

namespace miniatura {
namespace {

using namespace pictures;
using namespace std::string_literals;

// A profile of one tag, behind another's entry.
Bytes profile(const Bytes& tag, const std::string& signature = "desc") {
  const std::uint32_t place = 128 + 4 + 2 * 12;
  const auto size = static_cast<std::uint32_t>(tag.size());
  return Bytes(36, '\0') + "acsp" + Bytes(88, '\0') + big_endian(2, 4) + "cprt" +
         big_endian(place, 4) + big_endian(0, 4) + signature + big_endian(place, 4) +
         big_endian(size, 4) + tag;
}
Bytes ascii(const std::string& name) {
  return "desc\0\0\0\0"s + big_endian(static_cast<std::uint32_t>(name.size() + 1), 4) + name +
         "\0behind"s;
}
Bytes unicode(const Bytes& utf16) {
  return "mluc\0\0\0\0"s + big_endian(1, 4) + big_endian(12, 4) + "enUS" +
         big_endian(static_cast<std::uint32_t>(utf16.size()), 4) + big_endian(28, 4) + utf16 +
         "behind";
}

TEST(icc_profile_name, reads_both_versions) {
  EXPECT_EQ(icc_profile_name(profile(ascii("Adobe RGB (1998)"))), "Adobe RGB (1998)");
  EXPECT_EQ(icc_profile_name(profile(unicode("\0P\0Q"s))), "PQ");
  EXPECT_EQ(icc_profile_name(profile(unicode("\0\xE9\x51\x99"s))), "é写");
}

TEST(icc_profile_name, is_one_clean_line) {
  EXPECT_EQ(icc_profile_name(profile(ascii("a\nb\x1B"))), "a b");
  EXPECT_EQ(icc_profile_name(profile(unicode("\0a\0\n\0b"s))), "a b");
  EXPECT_EQ(icc_profile_name(profile(unicode("\xD8\0"s))), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
  Bytes many;
  for (int i = 0; i < 100'000; ++i) many += "\x51\x99"s;
  EXPECT_LE(icc_profile_name(profile(unicode(many))).size(), kSourceTextBytesMax);
}

TEST(icc_profile_name, is_empty_for_what_names_none) {
  EXPECT_EQ(icc_profile_name(profile(ascii("a"), "dmdd")), "");
  EXPECT_EQ(icc_profile_name(profile("text\0\0\0\0abc"s)), "");
  Bytes none = unicode("\0P\0Q"s);
  none.replace(8, 4, big_endian(0, 4));  // records
  EXPECT_EQ(icc_profile_name(profile(none)), "");
  Bytes unsigned_profile = profile(ascii("a"));
  unsigned_profile[36] = 'x';
  EXPECT_EQ(icc_profile_name(unsigned_profile), "");
  const Bytes good = profile(ascii("name"));
  for (std::size_t size = 0; size < good.size() - 12; ++size) {
    EXPECT_EQ(icc_profile_name(ByteView(good).substr(0, size)), "") << size;
  }
}

TEST(icc_profile_name, reads_nothing_outside) {
  for (const std::size_t place : {128U, 132U + 12U + 4U, 132U + 12U + 8U}) {
    for (const auto& tag : {ascii("name"), unicode("\0P\0Q"s)}) {
      Bytes wild = profile(tag);
      wild.replace(place, 4, big_endian(0xFFFF'FFFF, 4));
      EXPECT_LE(icc_profile_name(wild).size(), 5U) << place;
    }
  }
  for (const std::size_t place : {8U, 20U, 24U}) {  // of mluc: records, size, offset
    Bytes tag = unicode("\0P\0Q"s);
    tag.replace(place, 4, big_endian(0xFFFF'FFFF, 4));
    EXPECT_LE(icc_profile_name(profile(tag)).size(), kSourceTextBytesMax) << place;
  }
}

}  // namespace
}  // namespace miniatura
