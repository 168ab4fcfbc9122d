#include "thumbnailer/render.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <new>
#include <thread>

#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "thumbnailer/admission.h"

namespace miniatura {
namespace {

using namespace pictures;

constexpr ImageFormat kFormats[] = {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp};

Result<Rendered> rendered_from(ByteSource& source, std::string_view presets, ImageFormat format,
                               const Limits& limits = {}) {
  std::vector<RenderOrder> orders;
  const std::vector<Preset> parsed = parse_presets(presets).value();
  for (const Preset& preset : parsed) {
    orders.push_back({preset, preset.format.value_or(format)});
  }
  return render(source, orders, limits);
}

Result<Rendered> rendered(const Bytes& image, std::string_view presets,
                          ImageFormat format = ImageFormat::png, const Limits& limits = {}) {
  MemorySource source(image);
  return rendered_from(source, presets, format, limits);
}

Raster only_thumbnail(const Result<Rendered>& result) {
  if (!result) throw std::runtime_error(result.error().message);
  const Thumbnail& thumbnail = result->thumbnails.at(0);
  Raster raster = pixels_of(thumbnail.bytes);
  EXPECT_EQ(raster.size, (Size{thumbnail.width, thumbnail.height}));
  return raster;
}

void expect_quarters(const Raster& raster, int tolerance, const std::string& what) {
  EXPECT_LE(difference(colour_at(raster, 0.25, 0.25), kRed), tolerance) << what;
  EXPECT_LE(difference(colour_at(raster, 0.75, 0.25), kGreen), tolerance) << what;
  EXPECT_LE(difference(colour_at(raster, 0.25, 0.75), kBlue), tolerance) << what;
  EXPECT_LE(difference(colour_at(raster, 0.75, 0.75), kYellow), tolerance) << what;
}

TEST(render, reads_and_writes_every_format) {
  for (const auto in : kFormats) {
    for (const auto out : kFormats) {
      const auto result = rendered(picture(in, 640, 480), "small=64x64", out);
      const std::string what = fmt::format("{} to {}", format_name(in), format_name(out));
      ASSERT_TRUE(result) << what << ": " << result.error().message;
      EXPECT_EQ(result->thumbnails[0].format, out);
      EXPECT_EQ(result->thumbnails[0].preset, "small");
      const Raster raster = only_thumbnail(result);
      EXPECT_EQ(raster.size, (Size{64, 48})) << what;
      expect_quarters(raster, 9, what);
    }
  }
}

TEST(render, tells_about_the_source) {
  const Bytes image = with_orientation(ImageFormat::jpeg, picture(ImageFormat::jpeg, 640, 480), 6);
  const auto result = rendered(image, "small=64x64");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->source.format, ImageFormat::jpeg);
  EXPECT_EQ(result->source.width, 640);
  EXPECT_EQ(result->source.height, 480);
  EXPECT_EQ(result->source.bytes, image.size());
  EXPECT_EQ(result->source.orientation, 6);
  EXPECT_EQ(result->source.colour_space, "rgb");
  EXPECT_EQ(result->source.capture.time, "");
}

TEST(render, tells_what_took_the_source) {
  const Bytes exif = exif_texts({{0x010F, "Leica"}, {0x0110, "M11 mono"}},
                                {{0x9003, "2026:07:04 12:30:59"}, {0x9011, "+02:00"}});
  const Bytes image = with_exif(ImageFormat::png, picture(ImageFormat::png, 64, 48), exif);
  const auto result = rendered(with_png_chunk(image, "iCCP", std::string("P3\0\0", 4)), "a=8x8");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->source.icc_profile, "P3");
  EXPECT_EQ(result->source.capture.camera_make, "Leica");
  EXPECT_EQ(result->source.capture.camera_model, "M11 mono");
  EXPECT_EQ(result->source.capture.time, "2026-07-04T12:30:59+02:00");
}

// The quarters of a picture that is stored turned, as they must come out.
TEST(render, turns_every_orientation_upright) {
  const std::array<Colour, 4> upright[] = {
      {kRed, kGreen, kBlue, kYellow}, {kGreen, kRed, kYellow, kBlue},
      {kYellow, kBlue, kGreen, kRed}, {kBlue, kYellow, kRed, kGreen},
      {kRed, kBlue, kGreen, kYellow}, {kBlue, kRed, kYellow, kGreen},
      {kYellow, kGreen, kBlue, kRed}, {kGreen, kYellow, kRed, kBlue},
  };
  for (const auto format : kFormats) {
    const Bytes stored = picture(format, 640, 480);
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const auto result = rendered(with_orientation(format, stored, orientation), "a=96x96");
      const Raster raster = only_thumbnail(result);
      const std::string what = fmt::format("{} {}", format_name(format), orientation);
      EXPECT_EQ(raster.size, orientation < 5 ? (Size{96, 72}) : (Size{72, 96})) << what;
      const auto& colours = upright[orientation - 1];
      EXPECT_LE(difference(colour_at(raster, 0.25, 0.25), colours[0]), 9) << what;
      EXPECT_LE(difference(colour_at(raster, 0.75, 0.25), colours[1]), 9) << what;
      EXPECT_LE(difference(colour_at(raster, 0.25, 0.75), colours[2]), 9) << what;
      EXPECT_LE(difference(colour_at(raster, 0.75, 0.75), colours[3]), 9) << what;
    }
  }
}

TEST(render, fits_a_turned_picture_into_the_box_as_it_is_seen) {
  const Bytes image = with_orientation(ImageFormat::png, picture(ImageFormat::png, 300, 100), 8);
  EXPECT_EQ(only_thumbnail(rendered(image, "a=30x60")).size, (Size{20, 60}));
  EXPECT_EQ(only_thumbnail(rendered(image, "a=50x")).size, (Size{50, 150}));
}

TEST(render, follows_each_fit) {
  const Bytes image = picture(ImageFormat::png, 400, 200);
  expect_quarters(only_thumbnail(rendered(image, "a=100x100:cover")), 2, "cover");
  EXPECT_EQ(only_thumbnail(rendered(image, "a=100x100:cover")).size, (Size{100, 100}));
  EXPECT_EQ(only_thumbnail(rendered(image, "a=100x100:fill")).size, (Size{100, 100}));
  expect_quarters(only_thumbnail(rendered(image, "a=100x100:fill")), 2, "fill");
  EXPECT_EQ(only_thumbnail(rendered(image, "a=100x100:outside")).size, (Size{200, 100}));
  EXPECT_EQ(only_thumbnail(rendered(image, "a=100x100:inside")).size, (Size{100, 50}));
  const Raster contained = only_thumbnail(rendered(image, "a=100x100:contain"));
  EXPECT_EQ(contained.size, (Size{100, 100}));
  EXPECT_EQ(colour_at(contained, 0.5, 0.1), kWhite);
  EXPECT_EQ(colour_at(contained, 0.5, 0.9), kWhite);
  EXPECT_LE(difference(colour_at(contained, 0.25, 0.4), kRed), 2);
  EXPECT_LE(difference(colour_at(contained, 0.75, 0.6), kYellow), 2);
}

TEST(render, cuts_the_middle_out_of_a_cover) {
  // Red only in the outer fifths: a square from the middle has none of it.
  Raster raster({500, 100}, 3);
  for (int y = 0; y < 100; ++y) {
    for (int x = 0; x < 500; ++x) {
      const Colour colour = x < 100 || x >= 400 ? kRed : kGreen;
      std::copy(colour.begin(), colour.end(), raster.at(x, y));
    }
  }
  const Raster square =
      only_thumbnail(rendered(picture(ImageFormat::png, raster), "a=50x50:cover"));
  for (const double x : {0.01, 0.5, 0.99}) {
    EXPECT_LE(difference(colour_at(square, x, 0.5), kGreen), 2);
  }
}

TEST(render, enlarges_nothing) {
  const auto result = rendered(picture(ImageFormat::png, 20, 10), "a=100x100,b=100x100:cover");
  ASSERT_TRUE(result);
  EXPECT_EQ(pixels_of(result->thumbnails[0].bytes).pixels, quarters(20, 10).pixels);
  EXPECT_EQ(pixels_of(result->thumbnails[1].bytes).size, (Size{10, 10}));
}

TEST(render, makes_all_orders_in_their_order_from_one_decode) {
  const auto result = rendered(picture(ImageFormat::jpeg, 2000, 1500),
                               "a=64x64,b=800x800:webp,c=300x100:cover,d=800x600:contain");
  ASSERT_TRUE(result);
  const std::pair<std::string, Size> expected[] = {
      {"a", {64, 48}}, {"b", {800, 600}}, {"c", {300, 100}}, {"d", {800, 600}}};
  ASSERT_EQ(result->thumbnails.size(), std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    const Thumbnail& thumbnail = result->thumbnails[i];
    EXPECT_EQ(thumbnail.preset, expected[i].first);
    const Raster raster = pixels_of(thumbnail.bytes);
    EXPECT_EQ(raster.size, expected[i].second);
    expect_quarters(raster, 9, thumbnail.preset);
  }
}

TEST(render, keeps_alpha_where_the_format_has_it_and_else_paints_white_behind) {
  for (const auto in : {ImageFormat::png, ImageFormat::webp}) {
    const Bytes image = picture(in, quarters_with_alpha(200, 200, 0));
    for (const auto out : {ImageFormat::png, ImageFormat::webp}) {
      const Raster raster = only_thumbnail(rendered(image, "a=50x50", out));
      ASSERT_EQ(raster.channels, 4) << format_name(in) << " to " << format_name(out);
      EXPECT_LE(raster.at(10, 10)[3], 2);
      EXPECT_GE(raster.at(40, 10)[3], 253);
      EXPECT_LE(difference(colour_at(raster, 0.75, 0.25), kGreen), 9);
    }
    const Raster flat = only_thumbnail(rendered(image, "a=50x50", ImageFormat::jpeg));
    EXPECT_LE(difference(colour_at(flat, 0.2, 0.2), kWhite), 3);
    EXPECT_LE(difference(colour_at(flat, 0.75, 0.25), kGreen), 9);
  }
}

TEST(render, paints_the_background_that_the_preset_says) {
  const Bytes image = picture(ImageFormat::png, quarters_with_alpha(400, 200, 0));
  MemorySource source(image);
  const RenderOrder order{{"a", 100, 100, Fit::contain, {}, 80, kGreen}, ImageFormat::jpeg};
  const auto result = render(source, std::span(&order, 1), {});
  ASSERT_TRUE(result);
  const Raster raster = pixels_of(result->thumbnails.front().bytes);
  EXPECT_LE(difference(colour_at(raster, 0.5, 0.1), kGreen), 4) << "beside the picture";
  EXPECT_LE(difference(colour_at(raster, 0.2, 0.4), kGreen), 4) << "where it is transparent";
}

TEST(render, leaves_no_metadata_in_any_thumbnail) {
  for (const auto in : kFormats) {
    Bytes image = with_exif(in, picture(in, 64, 64), exif_block(1, "GPS-IS-HERE"));
    if (in == ImageFormat::jpeg) {
      image = with_jpeg_segment(image, 0xFE, "a comment: GPS-IS-HERE");
      image = with_jpeg_segment(image, 0xED, "Photoshop 3.0 GPS-IS-HERE");
    } else if (in == ImageFormat::png) {
      image = with_png_chunk(image, "tEXt", std::string("Comment\0GPS-IS-HERE", 19));
    } else {
      image = with_webp_chunk(image, "XMP ", "<x:xmpmeta>GPS-IS-HERE</x:xmpmeta>");
    }
    for (const auto out : kFormats) {
      const auto result = rendered(image, "a=32x32", out);
      ASSERT_TRUE(result) << result.error().message;
      const Bytes& bytes = result->thumbnails[0].bytes;
      EXPECT_EQ(bytes.find("GPS-IS-HERE"), Bytes::npos);
      for (const auto* mark :
           {"Exif", "EXIF", "eXIf", "tEXt", "zTXt", "iTXt", "xmp", "XMP", "tIME"}) {
        EXPECT_EQ(bytes.find(mark), Bytes::npos) << mark << " in " << format_name(out);
      }
    }
  }
}

TEST(render, gives_the_same_bytes_for_the_same_input) {
  for (const auto out : kFormats) {
    const Bytes image = picture(ImageFormat::jpeg, 500, 400);
    const auto first = rendered(image, "a=100x100,b=30x30:cover", out);
    const auto second = rendered(image, "a=100x100,b=30x30:cover", out);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->thumbnails[0].bytes, second->thumbnails[0].bytes);
    EXPECT_EQ(first->thumbnails[1].bytes, second->thumbnails[1].bytes);
  }
}

std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

TEST(render, runs_on_several_threads_at_once_and_starts_none_of_its_own) {
  const Bytes image = picture(ImageFormat::jpeg, 1200, 900);
  const Bytes expected = rendered(image, "a=200x200")->thumbnails[0].bytes;
  std::thread([] {}).join();  // ThreadSanitizer starts one of its own with the first
  const std::size_t threads_before = threads_of_this_process();
  std::vector<std::thread> threads;
  std::array<int, 4> right{};
  std::array<std::size_t, 4> threads_seen{};
  for (std::size_t i = 0; i < right.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 5; ++round) {
        const auto result = rendered(image, "a=200x200");
        if (result && result->thumbnails[0].bytes == expected) ++right.at(i);
      }
      threads_seen.at(i) = threads_of_this_process();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < right.size(); ++i) {
    EXPECT_EQ(right.at(i), 5);
    EXPECT_LE(threads_seen.at(i), threads_before + right.size());
  }
}

// A source that counts what is taken from it, and whether it was given up.
class CountingSource : public ByteSource {
 public:
  explicit CountingSource(Bytes start) : start_(std::move(start)) {}
  std::uint64_t taken() const { return taken_; }
  bool cancelled() const { return cancelled_; }

 private:
  void stop() override { cancelled_ = true; }
  Result<std::size_t> pull(std::span<char> buffer) override {
    for (char& c : buffer) {
      c = taken_ < start_.size() ? start_[taken_] : 'x';
      ++taken_;
    }
    return buffer.size();
  }

  Bytes start_;
  std::size_t taken_ = 0;
  bool cancelled_ = false;
};

TEST(render, stops_the_download_of_what_is_no_image_or_over_a_limit) {
  const std::pair<Bytes, ErrorCode> cases[] = {
      {"%!PS-Adobe", ErrorCode::image_unsupported},
      {"8BPS", ErrorCode::image_unsupported},
      {gif(65'535, 65'535, {{0, 0, 8, 8}}), ErrorCode::image_too_large},
      {jpeg_start(0xC0, 65'500, 65'500), ErrorCode::image_too_large},
      {png_start(20'000, 20'000, 1, 0), ErrorCode::image_too_large},
      {jpeg_start(0xC3, 8, 8), ErrorCode::image_unsupported},
  };
  for (const auto& [start, code] : cases) {
    CountingSource source(start);
    const auto result = rendered_from(source, "a=10x10", ImageFormat::jpeg);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_TRUE(source.cancelled());
    EXPECT_LE(source.taken(), 65'536U);
  }
}

TEST(render, takes_no_more_than_the_limit_of_bytes) {
  Limits limits;
  limits.source_bytes = 1 << 20;
  CountingSource source(picture(ImageFormat::jpeg, 64, 64));
  const auto result = rendered_from(source, "a=10x10", ImageFormat::jpeg, limits);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::source_too_large);
  EXPECT_TRUE(source.cancelled());
  EXPECT_LE(source.taken(), std::uint64_t{4} << 20);
}

TEST(render, fails_for_good_what_cannot_fit_and_puts_off_what_does_not_fit_now) {
  const Bytes image = picture(ImageFormat::png, 1000, 1000);
  Limits limits;
  limits.decoded_bytes = 4'000'000;
  const auto never = rendered(image, "a=900x900", ImageFormat::png, limits);
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().code, ErrorCode::image_too_large);
  EXPECT_NE(never.error().message.find("4000000"), std::string::npos);

  limits.decoded_bytes = 60'000'000;
  const auto other = Admission::request(59'000'000, limits, std::chrono::milliseconds(0));
  ASSERT_TRUE(other);
  MemorySource source(image);
  const RenderOrder order[] = {{parse_preset("a=900x900").value(), ImageFormat::png}};
  const auto later = render(source, order, limits, Deadline(Clock::Time()));
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, ErrorCode::memory_exhausted);
}

TEST(render, admits_the_canvas_that_a_small_picture_is_put_on) {
  const auto result = rendered(picture(ImageFormat::png, 8, 8), "huge=16384x16384:contain");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::image_too_large);
}

TEST(render, running_out_of_memory_is_an_error_not_an_exception) {
  class Overwhelming : public ByteSource {
    Result<std::size_t> pull(std::span<char>) override { throw std::bad_alloc(); }
  };
  Overwhelming source;
  const auto result = rendered_from(source, "small=8x8", ImageFormat::png);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::memory_exhausted);
}

}  // namespace
}  // namespace miniatura
