#include "thumbnailer/codecs/jpeg/progressive.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "tests/support/progressive_oracle.h"
#include "thumbnailer/codecs/jpeg/jpeg_decode.h"
#include "thumbnailer/codecs/jpeg/scan_bytes.h"

namespace miniatura {
namespace {

using namespace oracle;

constexpr int kEighths[] = {2, 4};
const Scans kUsual = {};
const Scans* const kScripts[] = {&kUsual,        &kWhole,       &kOneByOne,    &kFarApart,
                                 &kRefinedEarly, &kRefinedLate, &kInSmallSteps};

void expect_like_libjpeg(const JpegKind& kind) {
  const Bytes jpeg = coded_jpeg(kind);
  for (const int eighths : kEighths) {
    const Comparison comparison = compare_at(eighths, jpeg);
    EXPECT_TRUE(comparison.taken && comparison.decoded);
    EXPECT_EQ(comparison.difference, "") << fmt::format(
        "{}/8 of {}x{}, {} components, first {}x{}, restarts {}, quality {}, {} scans", eighths,
        kind.width, kind.height, kind.factors.size(), kind.factors[0].across, kind.factors[0].down,
        kind.restart_interval, kind.quality, kind.scans.size());
  }
}

TEST(Progressive, gives_libjpegs_samples_for_each_sampling_size_and_order_of_scans) {
  for (const auto& factors : {kGrey, {{2, 2}}, k444, k422, k440, k420, kOdd, kUpsideDown}) {
    for (const auto& [width, height] :
         {std::pair{1, 1}, {1, 40}, {40, 1}, {8, 8}, {15, 17}, {16, 16}, {131, 77}, {1100, 30}}) {
      for (const Scans* scans : kScripts) {
        expect_like_libjpeg(
            with_scans({.width = width, .height = height, .factors = factors}, *scans));
      }
    }
  }
}

TEST(Progressive, gives_libjpegs_samples_at_each_quality) {
  for (const auto& factors : {kGrey, k420}) {
    for (const int quality : {1, 30, 75, 95, 100}) {
      for (const double noise : {4.0, 90.0}) {
        for (const bool own_codes : {false, true}) {
          for (const Scans* scans : kScripts) {
            expect_like_libjpeg(with_scans({.width = 133,
                                            .height = 75,
                                            .factors = factors,
                                            .quality = quality,
                                            .own_codes = own_codes,
                                            .noise = noise},
                                           *scans));
          }
        }
      }
    }
  }
}

TEST(Progressive, gives_libjpegs_samples_with_restarts) {
  for (const auto& factors : {kGrey, k444, k422, k420}) {
    for (const int interval : {1, 2, 3, 8, 64, 1000}) {
      for (const Scans* scans : kScripts) {
        expect_like_libjpeg(with_scans(
            {.width = 1033, .height = 75, .factors = factors, .restart_interval = interval},
            *scans));
      }
    }
  }
}

// Many blocks in a row that have nothing, and runs of them that lead over rows.
TEST(Progressive, gives_libjpegs_samples_of_what_is_mostly_empty) {
  for (const int every : {1, 50, 700, 5000}) {
    for (const Scans* scans : kScripts) {
      JpegKind kind{.width = 1500, .height = 300, .factors = k420, .quality = 90};
      kind.sample = [every](int x, int y, int i) {
        return static_cast<std::uint8_t>((y * 1500 + x) % every == 0 ? 255 : 100 + 20 * i);
      };
      expect_like_libjpeg(with_scans(kind, *scans));
    }
  }
}

TEST(Progressive, leaves_untold_bits_at_that) {
  const Scans lacking[] = {
      kNeverRefined,
      {dc({0, 1, 2}, 0, 0)},
      {dc({0, 1, 2}, 0, 0), ac(0, 1, 5, 0, 2), ac(1, 1, 63, 0, 1)},
  };
  for (const Scans& scans : lacking) {
    expect_like_libjpeg(with_scans({.width = 131, .height = 77, .factors = k420}, scans));
  }
  // Without a colour's means, and with their last bits alone.
  const Scans refined = {dc({0}, 0, 1), dc({1}, 0, 1),      dc({2}, 0, 1),
                         dc({2}, 1, 0), ac(0, 1, 63, 0, 0), ac(2, 1, 63, 0, 0)};
  for (const Scans& scans : {kOneByOne, refined}) {
    Bytes jpeg = coded_jpeg(with_scans({.width = 131, .height = 77, .factors = k420}, scans));
    const std::size_t second = jpeg.find("\xFF\xDA", head_bytes(jpeg));
    const std::size_t third = jpeg.find("\xFF\xDA", second + 1);
    jpeg.erase(third,
               std::min(jpeg.find("\xFF\xC4", third), jpeg.find("\xFF\xDA", third + 1)) - third);
    const Comparison comparison = compare_at(4, jpeg);
    EXPECT_TRUE(comparison.decoded);
    EXPECT_EQ(comparison.difference, "");
  }
}

TEST(Progressive, says_where_the_planes_lie) {
  const auto ours =
      decoded_at(4, coded_jpeg({.width = 131, .height = 77, .factors = k420, .progressive = true}));
  ASSERT_TRUE(ours && ours->planes);
  const Planes& planes = *ours->planes;
  EXPECT_EQ(planes.stored, (Size{131, 77}));
  EXPECT_EQ(planes.coding, Coding::ycbcr);
  ASSERT_EQ(planes.colour.size(), 3U);
  EXPECT_EQ(planes.colour[0].size, (Size{66, 39}));
  EXPECT_EQ(planes.colour[1].size, (Size{33, 20}));
  EXPECT_EQ(planes.colour[0].across, 0.5);
  EXPECT_EQ(planes.colour[1].down, 0.25);
}

TEST(Progressive, pulls_whatever_portions_there_are_and_little_behind_the_end_of_image) {
  const Bytes jpeg =
      coded_jpeg({.width = 300, .height = 200, .factors = k420, .progressive = true});
  const auto usual = decoded_at(4, jpeg);
  ASSERT_TRUE(usual && usual->planes);
  for (const std::size_t portion : {1U, 7U, 1'000'000U}) {
    const auto ours = decoded_at(4, jpeg + Bytes(100'000, 'x'), portion);
    ASSERT_TRUE(ours && ours->planes);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(difference(ours->planes->colour[i], usual->planes->colour[i]), "");
    }
    EXPECT_LE(ours->pulled, jpeg.size() + baseline::ScanBytes::kBufferBytes);
  }
}

TEST(Progressive, leaves_other_kinds_to_libjpeg) {
  const auto is_taken = [](const JpegKind& kind) {
    return decoded_at(4, coded_jpeg(kind)).has_value();
  };
  EXPECT_TRUE(is_taken({.factors = k420, .progressive = true}));
  EXPECT_TRUE(is_taken({.factors = kGrey, .progressive = true}));
  EXPECT_FALSE(is_taken({.factors = k420}));
  EXPECT_FALSE(is_taken({.factors = {{4, 1}, {1, 1}, {1, 1}}, .progressive = true}));
  EXPECT_FALSE(is_taken({.factors = k444, .jfif = false, .progressive = true, .coding = JCS_RGB}));
}

TEST(Progressive, is_not_for_files_of_unknown_length_or_larger_than_coefficients) {
  const Bytes jpeg = coded_jpeg({.width = 800, .height = 800, .progressive = true});
  const ByteView head = ByteView(jpeg).substr(0, head_bytes(jpeg));
  constexpr std::uint64_t kMost = 10'000 * 64 * 2 + 65'536;
  EXPECT_FALSE(ProgressiveJpeg::open(head, std::nullopt));
  EXPECT_FALSE(ProgressiveJpeg::open(head, kMost + 1));
  EXPECT_TRUE(ProgressiveJpeg::open(head, kMost));
}

// libjpeg would enlarge 4:2:0's colours.
TEST(Progressive, is_asked_by_decode_jpeg_where_the_length_is_announced) {
  const Bytes jpeg = coded_jpeg({.width = 131, .height = 77, .factors = k420, .progressive = true});
  const std::size_t head = head_bytes(jpeg);
  const auto across = [&](ByteSource& source, int eighths) {
    const auto picture = decode_jpeg(ByteView(jpeg).substr(0, head), source, {eighths}, kScansMax);
    return picture ? picture->planes.colour.at(1).across * 8 : 0;
  };
  for (const int eighths : kEighths) {
    MemorySource announced{jpeg.substr(head)};
    EXPECT_EQ(across(announced, eighths), eighths / 2.0);
    Portions silent(ByteView(jpeg).substr(head), 1000);
    EXPECT_EQ(across(silent, eighths), eighths);
  }
}

TEST(Progressive, tells_what_it_takes) {
  const auto taken = [](int width, int height, std::uint64_t bytes, std::uint64_t scans) {
    const Bytes jpeg =
        coded_jpeg({.width = width, .height = height, .factors = k420, .progressive = true});
    const auto decoder = ProgressiveJpeg::open(ByteView(jpeg).substr(0, head_bytes(jpeg)), bytes);
    return decoder ? decoder->working_bytes(scans) : 0;
  };
  const std::uint64_t one = taken(6400, 16, 100'000, 1);
  EXPECT_GE(one, 100'000 + 16 * 1024 + 400 * 6 * 2U) << "the file, a scan, and means";
  EXPECT_LE(one, 300'000U);
  EXPECT_EQ(taken(6400, 16, 150'000, 1), one + 50'000);
  EXPECT_EQ(taken(6400, 160, 100'000, 1), one) << "a row of MCUs at a time";
  EXPECT_EQ(taken(6400, 16, 100'000, 11) - one, 10 * (taken(6400, 16, 100'000, 2) - one));
  EXPECT_EQ(taken(6400, 16, 1000, 1'000'000), taken(6400, 16, 1000, 101)) << "each has a header";
}

}  // namespace
}  // namespace miniatura
