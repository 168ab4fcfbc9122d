#include "thumbnailer/colour.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/support/colours.h"
#include "tests/support/fixture.h"
#include "tests/support/images.h"

namespace miniatura {
namespace {

using namespace pictures;

Bytes profile(const std::string& name) { return read_picture(name + ".icc"); }

Colour converted(const ToSrgb& conversion, std::span<const std::uint8_t> numbers) {
  std::vector<std::uint16_t> from;
  for (const std::uint8_t number : numbers)
    from.push_back(static_cast<std::uint16_t>(number * 257));
  std::array<std::uint16_t, 3> rgb{};
  conversion.convert(from.data(), rgb.data(), 1);
  Colour colour;
  for (std::size_t i = 0; i < 3; ++i) {
    colour.at(i) = static_cast<std::uint8_t>((rgb.at(i) + 128) / 257);
  }
  return colour;
}

TEST(to_srgb, is_within_two_delta_e_of_lcms_all_over) {
  const std::pair<std::string, ColourModel> cases[] = {{"p3", ColourModel::rgb},
                                                       {"adobe", ColourModel::rgb},
                                                       {"grey", ColourModel::grey},
                                                       {"press", ColourModel::cmyk}};
  for (const auto& [name, model] : cases) {
    const Bytes icc = profile(name);
    const auto conversion = ToSrgb::by(icc, model);
    ASSERT_NE(conversion, nullptr) << name;
    double largest = 0;
    for (unsigned i = 0; i < 400; ++i) {
      std::array<std::uint8_t, 4> all{};
      for (unsigned channel = 0; channel < 4; ++channel) {
        all.at(channel) = static_cast<std::uint8_t>((i * 2'654'435'761U) >> 8 * channel);
      }
      const std::span numbers = std::span(all).first(static_cast<std::size_t>(model));
      largest =
          std::max(largest, delta_e(converted(*conversion, numbers), srgb_by_lcms(icc, numbers)));
    }
    EXPECT_LT(largest, 2) << name;
  }
}

TEST(to_srgb, is_nothing_where_nothing_would_change) {
  EXPECT_EQ(ToSrgb::by(profile("srgb"), ColourModel::rgb), nullptr);
}

TEST(to_srgb, is_nothing_for_profiles_that_are_broken_or_of_another_model) {
  EXPECT_EQ(ToSrgb::by("", ColourModel::rgb), nullptr);
  EXPECT_EQ(ToSrgb::by("no profile", ColourModel::rgb), nullptr);
  EXPECT_EQ(ToSrgb::by(profile("press"), ColourModel::rgb), nullptr);
  EXPECT_EQ(ToSrgb::by(profile("grey"), ColourModel::rgb), nullptr);
  EXPECT_EQ(ToSrgb::by(profile("p3"), ColourModel::grey), nullptr);
  EXPECT_EQ(ToSrgb::by(profile("p3"), ColourModel::cmyk), nullptr);
}

TEST(to_srgb, survives_profiles_that_break_off_or_are_damaged_anywhere) {
  for (const auto* name : {"p3", "press"}) {
    const Bytes whole = profile(name);
    const auto model = whole.find("CMYK") == 16 ? ColourModel::cmyk : ColourModel::rgb;
    for (std::size_t i = 0; i < 40; ++i) {
      (void)ToSrgb::by(ByteView(whole).substr(0, whole.size() * i / 40), model);
      Bytes damaged = whole;
      damaged[5 * i] = static_cast<char>(~damaged[5 * i]);
      (void)ToSrgb::by(damaged, model);
    }
  }
}

TEST(icc_profile_of, tells_of_what_is_not_srgb) {
  constexpr unsigned kBt709 = 1, kDisplayP3 = 12, kBt2020 = 9, kSrgbCurve = 13, kLinear = 8;
  EXPECT_TRUE(icc_profile_of(kBt709, kSrgbCurve).empty());
  EXPECT_TRUE(icc_profile_of(2, 2).empty());
  for (const std::array<std::uint8_t, 3> numbers : {kRed, kGreen, kBlue, kYellow}) {
    EXPECT_LT(delta_e(srgb_by_lcms(icc_profile_of(kDisplayP3, kSrgbCurve), numbers),
                      srgb_by_lcms(profile("p3"), numbers)),
              1);
  }
  constexpr std::array<std::uint8_t, 3> kGrey = {128, 128, 128};
  EXPECT_LE(difference(srgb_by_lcms(icc_profile_of(kBt2020, kSrgbCurve), kGrey), kGrey), 1);
  EXPECT_LE(difference(srgb_by_lcms(icc_profile_of(kBt2020, kLinear), kGrey), {188, 188, 188}), 1);
}

// The whole way: stored by another profile, seen in the thumbnail's sRGB.
constexpr std::array<Colour, 4> kColours = {kRed, kGreen, kBlue, kYellow};
constexpr std::array<std::pair<double, double>, 4> kPlaces = {
    {{0.25, 0.25}, {0.75, 0.25}, {0.25, 0.75}, {0.75, 0.75}}};

TEST(thumbnail, of_display_p3_and_adobe_rgb_shows_their_colours_from_every_format) {
  for (const std::string name : {"p3", "adobe"}) {
    for (const auto* suffix : {"jpg", "png", "webp", "tiff", "heic", "avif"}) {
      const Raster raster = thumbnail_of(read_picture(name + "." + suffix), 48, 48);
      for (std::size_t i = 0; i < 4; ++i) {
        const Colour colour = colour_at(raster, kPlaces.at(i).first, kPlaces.at(i).second);
        EXPECT_LT(delta_e(colour, srgb_by_lcms(profile(name), kColours.at(i))), 2)
            << name << "." << suffix << " " << i << ": " << colour_name(colour);
        // What it would be if the profile were merely left out.
        EXPECT_TRUE(i == 2 || delta_e(colour, kColours.at(i)) > 3) << name << "." << suffix;
      }
    }
  }
}

TEST(thumbnail, of_an_avif_whose_primaries_are_told_by_numbers_shows_its_colours) {
  const Raster raster = thumbnail_of(read_picture("p3-numbers.avif"), 48, 48);
  for (std::size_t i = 0; i < 4; ++i) {
    const Colour colour = colour_at(raster, kPlaces.at(i).first, kPlaces.at(i).second);
    EXPECT_LT(delta_e(colour, srgb_by_lcms(profile("p3"), kColours.at(i))), 2) << i;
  }
}

TEST(thumbnail, of_grey_with_a_profile_of_its_own_is_as_light_as_it_says) {
  constexpr std::array<std::uint8_t, 4> kShades = {87, 130, 52, 202};
  for (const auto* name : {"grey.jpg", "grey.png"}) {
    const Raster raster = thumbnail_of(read_picture(name), 48, 48);
    for (std::size_t i = 0; i < 4; ++i) {
      const Colour colour = colour_at(raster, kPlaces.at(i).first, kPlaces.at(i).second);
      const Colour expected = srgb_by_lcms(profile("grey"), std::span(&kShades.at(i), 1));
      EXPECT_LE(difference(colour, expected), 3) << name << " " << i;
    }
  }
}

TEST(thumbnail, of_colours_with_a_profile_of_grey_keeps_its_colours) {
  const Bytes jpeg = read_picture("jpeg-444.jpg");
  const Raster raster = thumbnail_of(
      with_jpeg_segment(jpeg, 0xE2, std::string("ICC_PROFILE\0\x01\x01", 14) + profile("grey")), 48,
      48);
  EXPECT_LE(difference(colour_at(raster, 0.25, 0.25), kRed), 4);
  EXPECT_LE(difference(colour_at(raster, 0.75, 0.25), kGreen), 4);
}

TEST(thumbnail, of_cmyk_with_a_profile_shows_what_the_press_would_print) {
  for (const auto* name : {"press.jpg", "press.tiff"}) {
    for (const int side : {1000, 48}) {
      const Raster raster = thumbnail_of(read_picture(name), side, side);
      EXPECT_EQ(raster.channels, 3);
      for (std::size_t i = 0; i < 4; ++i) {
        std::array<std::uint8_t, 4> inks{};
        for (std::size_t ink = 0; ink < 3; ++ink) {
          inks.at(ink) = static_cast<std::uint8_t>(255 - kColours.at(i).at(ink));
        }
        const Colour colour = colour_at(raster, kPlaces.at(i).first, kPlaces.at(i).second);
        EXPECT_LT(delta_e(colour, srgb_by_lcms(profile("press"), inks)), 2)
            << name << " " << i << ": " << colour_name(colour);
        EXPECT_GT(delta_e(colour, kColours.at(i)), 5) << name;
      }
    }
  }
}

}  // namespace
}  // namespace miniatura
