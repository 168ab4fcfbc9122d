#include "thumbnailer/codecs/heif/heif_file.h"

#include <gtest/gtest.h>

#include "tests/support/fixture.h"

namespace miniatura {
namespace {

TEST(check_heif, tells_memory_from_limits_and_kinds_from_damage) {
  const auto code = [](heif_error_code error, heif_suberror_code sub) {
    return check_heif({error, sub, "two\nlines"}).error();
  };
  EXPECT_TRUE(check_heif({heif_error_Ok, heif_suberror_Unspecified, "fine"}));
  EXPECT_EQ(code(heif_error_Memory_allocation_error, heif_suberror_Unspecified).code,
            ErrorCode::memory_exhausted);
  EXPECT_EQ(code(heif_error_Memory_allocation_error, heif_suberror_Security_limit_exceeded).code,
            ErrorCode::image_too_large);
  EXPECT_EQ(code(heif_error_Unsupported_feature, heif_suberror_Unspecified).code,
            ErrorCode::image_unsupported);
  EXPECT_EQ(code(heif_error_Invalid_input, heif_suberror_Unspecified).code,
            ErrorCode::image_corrupt);
  EXPECT_EQ(code(heif_error_Invalid_input, heif_suberror_Unspecified).message, "HEIF: two lines");
  EXPECT_FALSE(check_heif({heif_error_Invalid_input, heif_suberror_Unspecified, nullptr}));
}

TEST(heif_file, decodes_into_planes_as_it_makes_them) {
  const Bytes heic = read_picture("heic-plain.heic");
  const auto file = HeifFile::open(heic);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_FALSE(file->alpha());
  EXPECT_EQ(file->bits(), 8);
  const auto image = file->decode(heif_colorspace_undefined, heif_chroma_undefined);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(heif_image_get_colorspace(image->get()), heif_colorspace_RGB);
  EXPECT_EQ(heif_image_get_width(image->get(), heif_channel_G), 96);
}

TEST(heif_file, is_corrupt_where_there_is_none) {
  const auto file = HeifFile::open("nothing of the kind");
  ASSERT_FALSE(file);
  EXPECT_FALSE(file.error().retryable());
}

}  // namespace
}  // namespace miniatura
