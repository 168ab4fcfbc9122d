#include "thumbnailer/copyright.h"

#include <gtest/gtest.h>

#include "tests/support/images.h"
#include "thumbnailer/exif.h"

namespace miniatura {
namespace {

using namespace pictures;
using namespace std::string_literals;

Copyright read_copyright(ByteView tiff) { return read_exif(tiff).copyright; }

TEST(read_copyright, takes_both_fields_of_either_byte_order) {
  EXPECT_EQ(read_copyright(exif_with_place("Ada", "(c) Ada")), (Copyright{"Ada", "(c) Ada"}));
  const Bytes big =
      "MM\0*\0\0\0\x08\0\x02"
      "\x01\x3B\0\x02\0\0\0\x03Jo\0\0"
      "\x82\x98\0\x02\0\0\0\x06\0\0\0\x26\0\0\0\0(c)Jo\0"s;
  EXPECT_EQ(read_copyright(big), (Copyright{"Jo", "(c)Jo"}));
}

TEST(read_copyright, takes_texts_as_they_were_written) {
  const auto taken = [](std::string_view text) {
    return read_copyright(exif_with_place("", text)).copyright;
  };
  EXPECT_EQ(taken("  \xA9 Jos\xE9 \0 "s), "\xA9 Jos\xE9");
  EXPECT_EQ(taken("© José"), "© José");
  EXPECT_EQ(taken("photographer\0editor\0"s), "photographer\0editor"s);
  EXPECT_EQ(taken("   "), "");
  EXPECT_EQ(taken(""), "");
}

TEST(read_copyright, leaves_out_what_is_no_text) {
  const auto taken = [](std::string_view text) {
    return read_copyright(exif_with_place("", text)).copyright;
  };
  EXPECT_EQ(taken("a\x01z"), "");
  EXPECT_EQ(taken("a\nz"), "");
  EXPECT_EQ(taken("a\0b\0c"s), "");
  EXPECT_EQ(taken("a\x7Fz"), "");
  EXPECT_EQ(taken(std::string(kCopyrightBytesMax, 'x')).size(), kCopyrightBytesMax);
  EXPECT_EQ(taken(std::string(kCopyrightBytesMax + 1, 'x')), "");
}

TEST(read_copyright, of_anything_broken_is_nothing_and_never_reads_outside) {
  const Bytes exif = exif_with_place("Ada", "(c) Ada");
  for (std::size_t size = 0; size < exif.size(); ++size) {
    const Copyright found = read_copyright(exif.substr(0, size));
    EXPECT_TRUE(found.artist.empty() || found.artist == "Ada") << size;
  }
  for (const std::size_t at : {26U, 28U, 30U, 38U, 40U, 42U, 44U}) {
    Bytes wrong = exif;
    wrong.replace(at, 2, "\xFF\xFF");
    static_cast<void>(read_copyright(wrong));
  }
  EXPECT_EQ(read_copyright("JJ*\0"s + exif.substr(4)), Copyright{});
}

TEST(exif_of, says_both_and_nothing_else) {
  const Copyright cases[] = {
      {"Ada", "(c) Ada"}, {"", "(c)"}, {"A", ""}, {"Ada Lovelace", "one\0two"s}};
  for (const Copyright& copyright : cases) {
    EXPECT_EQ(read_copyright(exif_of(copyright)), copyright) << copyright.artist;
  }
  EXPECT_EQ(exif_of({}), "");
  EXPECT_EQ(exif_of({"", "(c) Ada"}),
            "II*\0\x08\0\0\0\x01\0\x98\x82\x02\0\x08\0\0\0\x1A\0\0\0\0\0\0\0(c) Ada\0"s);
}

}  // namespace
}  // namespace miniatura
