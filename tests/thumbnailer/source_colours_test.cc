#include "thumbnailer/source_colours.h"

#include <gtest/gtest.h>

#include "tests/support/fixture.h"

namespace miniatura {
namespace {

ImageHeader header_of(int channels, bool palette = false) {
  ImageHeader header;
  header.channels = channels;
  header.palette = palette;
  return header;
}

SourceColours colours_by(const char* profile, int channels, bool palette = false) {
  return source_colours(header_of(channels, palette), read_picture(profile));
}

TEST(source_colours, without_a_profile_are_srgb) {
  const SourceColours colours = source_colours(header_of(3), "");
  EXPECT_EQ(colours.to_srgb, nullptr);
  EXPECT_TRUE(colours.icc_profile.empty());
  EXPECT_EQ(colours.conversion(Colours::srgb), nullptr);
  EXPECT_EQ(colours.conversion(Colours::own), nullptr);
}

TEST(source_colours, by_a_profile_are_converted_or_carry_it) {
  // Alpha, and a palette or grey in a profile of colours, change nothing in that.
  for (const int channels : {1, 2, 3, 4}) {
    const SourceColours colours = colours_by("p3.icc", channels, channels == 1);
    ASSERT_NE(colours.to_srgb, nullptr) << channels;
    EXPECT_EQ(colours.to_srgb->model(), ColourModel::rgb);
    EXPECT_EQ(colours.icc_profile, read_picture("p3.icc"));
    EXPECT_EQ(colours.conversion(Colours::srgb), colours.to_srgb.get());
    EXPECT_EQ(colours.conversion(Colours::own), nullptr);
  }
}

TEST(source_colours, by_a_profile_that_is_srgb_stay_and_carry_none) {
  const SourceColours colours = colours_by("srgb.icc", 3);
  EXPECT_EQ(colours.to_srgb, nullptr);
  EXPECT_TRUE(colours.icc_profile.empty());
}

TEST(source_colours, by_a_profile_of_grey_are_converted_whatever_is_wanted) {
  for (const int channels : {1, 2}) {
    const SourceColours colours = colours_by("grey.icc", channels);
    ASSERT_NE(colours.to_srgb, nullptr);
    EXPECT_EQ(colours.to_srgb->model(), ColourModel::grey);
    EXPECT_TRUE(colours.icc_profile.empty()) << "no thumbnail is of grey numbers";
    EXPECT_EQ(colours.conversion(Colours::srgb), colours.to_srgb.get());
    EXPECT_EQ(colours.conversion(Colours::own), colours.to_srgb.get());
  }
}

TEST(source_colours, a_profile_of_grey_is_not_heeded_where_there_are_colours) {
  EXPECT_EQ(colours_by("grey.icc", 3).to_srgb, nullptr);
  EXPECT_EQ(colours_by("grey.icc", 4).to_srgb, nullptr);
  EXPECT_EQ(colours_by("grey.icc", 1, true).to_srgb, nullptr) << "a palette";
}

TEST(source_colours, a_profile_of_inks_is_not_heeded) {
  for (const int channels : {1, 3, 4}) {
    const SourceColours colours = colours_by("press.icc", channels);
    EXPECT_EQ(colours.to_srgb, nullptr);
    EXPECT_TRUE(colours.icc_profile.empty());
  }
}

TEST(source_colours, a_broken_profile_is_as_none) {
  const Bytes profile = read_picture("p3.icc");
  for (const Bytes& broken : {profile.substr(0, 100), profile.substr(0, 128), Bytes(5000, 'x')}) {
    const SourceColours colours = source_colours(header_of(3), broken);
    EXPECT_EQ(colours.to_srgb, nullptr);
    EXPECT_TRUE(colours.icc_profile.empty());
  }
}

TEST(colours_of, are_the_pictures_own_where_the_profile_is_kept) {
  Preset preset;
  EXPECT_EQ(colours_of(preset), Colours::srgb);
  preset.keep_icc = true;
  EXPECT_EQ(colours_of(preset), Colours::own);
}

TEST(profile_space, stands_in_the_profiles_header) {
  EXPECT_EQ(profile_space(read_picture("p3.icc")), "RGB ");
  EXPECT_EQ(profile_space(read_picture("grey.icc")), "GRAY");
  EXPECT_EQ(profile_space(read_picture("press.icc")), "CMYK");
  const Bytes profile = read_picture("grey.icc");
  EXPECT_EQ(profile_space(ByteView(profile).substr(0, 128)), "GRAY");
  for (const unsigned size : {0U, 15U, 16U, 19U, 20U, 127U}) {
    EXPECT_EQ(profile_space(ByteView(profile).substr(0, size)), "") << size;
  }
}

}  // namespace
}  // namespace miniatura
