#include "thumbnailer/decode.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/decoded.h"
#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "tests/support/jpeg_oracle.h"
#include "thumbnailer/codecs/jpeg/jpeg_decode.h"
#include "thumbnailer/metered_source.h"

namespace miniatura {
namespace {

using namespace pictures;

// Counts what was pulled of it, and never gives more than a portion; behind the last, zeros without
// end or an error, where it is told to.
class CountedSource : public ByteSource {
 public:
  enum class Behind { end, zeros, error };
  explicit CountedSource(Bytes bytes, Behind behind = Behind::end)
      : bytes_(std::move(bytes)), behind_(behind) {}
  std::size_t pulled() const { return pulled_; }
  bool is_cancelled() const { return cancelled_; }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    constexpr std::size_t kPortionBytes = 5000;
    std::size_t count = bytes_.copy(buffer.data(), std::min(buffer.size(), kPortionBytes),
                                    std::min(pulled_, bytes_.size()));
    if (count == 0 && behind_ == Behind::error) {
      return fail(ErrorCode::network_timeout, "the network is away");
    }
    if (count == 0 && behind_ == Behind::zeros) {
      count = std::min(buffer.size(), kPortionBytes);
      std::fill_n(buffer.begin(), count, '\0');
    }
    pulled_ += count;
    return count;
  }
  void stop() override { cancelled_ = true; }

  Bytes bytes_;
  Behind behind_;
  std::size_t pulled_ = 0;
  bool cancelled_ = false;
};

constexpr std::size_t kStartBytes = std::size_t{64} << 10;

// Several times the bytes that are looked at first.
Bytes large_jpeg() {
  oracle::JpegKind kind;
  kind.width = 900;
  kind.height = 700;
  kind.factors = {{2, 2}, {1, 1}, {1, 1}};
  kind.quality = 95;
  kind.noise = 60;
  return oracle::coded_jpeg(kind);
}

// The picture behind four segments of previews and notes, of 200 KB together.
Bytes with_much_metadata(Bytes jpeg) {
  for (int i = 0; i < 4; ++i) jpeg = with_jpeg_segment(jpeg, 0xE1, Bytes(50'000, 'm'));
  return jpeg;
}

bool are_equal(const Planes& a, const Planes& b) {
  if (a.stored != b.stored || a.coding != b.coding || a.colour.size() != b.colour.size())
    return false;
  for (std::size_t i = 0; i < a.colour.size(); ++i) {
    if (!oracle::difference(a.colour[i], b.colour[i]).empty()) return false;
  }
  return true;
}

TEST(open_picture, begins_to_decode_a_jpeg_before_the_most_of_it_is_there) {
  const Bytes jpeg = large_jpeg();
  ASSERT_GT(jpeg.size(), 4 * kStartBytes);
  CountedSource source(jpeg);
  const auto picture = open_picture(source, {}, Reading::as_it_arrives);
  ASSERT_TRUE(picture) << picture.error().message;
  EXPECT_TRUE(picture->arrives);
  EXPECT_EQ(picture->header.width, 900);
  EXPECT_LE(source.pulled(), kStartBytes + 5000);
  EXPECT_EQ(picture->bytes, jpeg.substr(0, oracle::head_bytes(jpeg)));
  for (const int denominator : {8, 4, 2, 1}) {
    CountedSource again(jpeg);
    const auto opened = open_picture(again, {}, Reading::as_it_arrives);
    const auto decoded = decode(*opened, again, {denominator}, {});
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(again.pulled(), jpeg.size());
    EXPECT_EQ(decoded->planes.colour[0].size, shrunk_size({900, 700}, denominator));
    const std::size_t head = oracle::head_bytes(jpeg);
    MemorySource rest(jpeg.substr(head));
    const auto direct = decode_jpeg(ByteView(jpeg).substr(0, head), rest, {8 / denominator}, 100);
    EXPECT_TRUE(are_equal(decoded->planes, direct->planes)) << denominator;
  }
}

TEST(open_picture, finds_a_jpegs_picture_behind_much_metadata) {
  const Bytes plain = large_jpeg();
  const Bytes jpeg = with_much_metadata(plain);
  CountedSource source(jpeg);
  const auto picture = open_picture(source, {}, Reading::as_it_arrives);
  ASSERT_TRUE(picture) << picture.error().message;
  EXPECT_TRUE(picture->arrives);
  EXPECT_EQ(picture->header.metadata_bytes, 200'008U + 16);
  EXPECT_LE(source.pulled(), 4 * kStartBytes + 5000);
  EXPECT_EQ(picture->bytes, plain.substr(0, oracle::head_bytes(plain))) << "none of it is decoded";
  const auto decoded = decode(*picture, source, {4}, {});
  ASSERT_TRUE(decoded) << decoded.error().message;
  CountedSource bare(plain);
  const auto bare_picture = open_picture(bare, {}, Reading::as_it_arrives);
  EXPECT_TRUE(are_equal(decoded->planes, decode(*bare_picture, bare, {4}, {})->planes));
}

TEST(open_picture, looks_for_a_jpegs_picture_no_farther_than_the_limit_of_metadata) {
  Limits limits;
  limits.metadata_bytes = 120'000;
  CountedSource source(with_much_metadata(large_jpeg()), CountedSource::Behind::zeros);
  const auto picture = open_picture(source, limits, Reading::as_it_arrives);
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().code, ErrorCode::image_too_large);
  EXPECT_LE(source.pulled(), 4 * kStartBytes + 5000);
  EXPECT_TRUE(source.is_cancelled());
}

TEST(open_picture, does_not_look_for_ever_for_a_jpegs_picture) {
  Limits limits;
  limits.metadata_bytes = 100'000;
  limits.source_bytes = 1'000'000;
  CountedSource source(Bytes("\xFF\xD8\xFF\xE0\0\2", 6) + Bytes(4'000'000, '\0'),
                       CountedSource::Behind::error);
  const auto picture = open_picture(source, limits, Reading::as_it_arrives);
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().code, ErrorCode::source_too_large) << picture.error().message;
}

TEST(open_picture, of_what_is_refused_by_its_start_cancels_the_rest) {
  struct Refused {
    Bytes start;
    ErrorCode code;
  };
  const Refused all[] = {
      {"no picture, and more than a few bytes of that", ErrorCode::image_unsupported},
      {png_start(60'000, 60'000, 8, 2), ErrorCode::image_too_large},
      {jpeg_start(0xC0, 60'000, 60'000), ErrorCode::image_too_large},
      {jpeg_start(0xC0, 100, 0), ErrorCode::image_corrupt},
      {jpeg_start(0xC3, 100, 100), ErrorCode::image_unsupported},
  };
  for (const Refused& refused : all) {
    for (const Reading reading : {Reading::as_it_arrives, Reading::whole}) {
      CountedSource source(refused.start, CountedSource::Behind::zeros);
      const auto picture = open_picture(source, {}, reading);
      ASSERT_FALSE(picture);
      EXPECT_EQ(picture.error().code, refused.code) << picture.error().message;
      EXPECT_TRUE(source.is_cancelled());
      EXPECT_LE(source.pulled(), kStartBytes + 5000);
    }
  }
}

TEST(open_picture, of_what_is_refused_by_its_whole_cancels_too) {
  Bytes png = png_start(64, 64, 8, 2);
  png += png_chunk("IDAT", Bytes(100'000, 'x'));  // and no IEND
  CountedSource source(png);
  const auto picture = open_picture(source, {}, Reading::as_it_arrives);
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt);
  EXPECT_TRUE(source.is_cancelled());
}

TEST(open_picture, holds_the_whole_to_the_limits_again) {
  Raster noise({200, 200}, 3);
  std::mt19937 random(1);
  for (std::uint8_t& number : noise.pixels) number = static_cast<std::uint8_t>(random());
  Bytes png = picture(ImageFormat::png, noise);
  ASSERT_GT(png.size(), kStartBytes + 5000);
  png.insert(png.size() - 12, png_chunk("tEXt", Bytes(2000, 't')));  // before IEND
  Limits limits;
  for (const std::uint64_t most : {3000U, 1000U}) {
    limits.metadata_bytes = most;
    CountedSource source(png);
    const auto picture = open_picture(source, limits, Reading::as_it_arrives);
    EXPECT_EQ(picture.has_value(), most == 3000);
    EXPECT_TRUE(picture || picture.error().code == ErrorCode::image_too_large);
  }
}

TEST(open_picture, reads_whole_what_cannot_be_decoded_as_it_arrives) {
  for (const char* name :
       {"png-palette-8.png", "webp-lossy.webp", "gif-plain.gif", "tiff-lzw.tiff", "bmp-24.bmp",
        "heic-plain.heic", "avif-plain.avif", "jpeg-cmyk.jpg", "jpeg-ycck.jpg"}) {
    const Bytes bytes = read_picture(name);
    CountedSource source(bytes);
    const auto picture = open_picture(source, {}, Reading::as_it_arrives);
    ASSERT_TRUE(picture) << name << picture.error().message;
    EXPECT_FALSE(picture->arrives) << name;
    EXPECT_EQ(picture->bytes, bytes) << name;
    EXPECT_EQ(picture->header.data_begin, 0U) << name << ": of the whole";
  }
  const Bytes jpeg = large_jpeg();
  CountedSource source(jpeg);
  const auto picture = open_picture(source, {}, Reading::whole);
  ASSERT_TRUE(picture);
  EXPECT_FALSE(picture->arrives);
  EXPECT_EQ(picture->bytes, jpeg);
}

TEST(open_picture, reads_no_more_than_the_limit_of_bytes) {
  Limits limits;
  limits.source_bytes = 200'000;
  CountedSource silent(picture(ImageFormat::png, noisy_quarters(64, 64)),
                       CountedSource::Behind::zeros);
  const auto refused = open_picture(silent, limits, Reading::as_it_arrives);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::source_too_large);
  EXPECT_TRUE(silent.is_cancelled());
  EXPECT_LE(silent.pulled(), 300'000U);

  // What arrives is counted on its way.
  CountedSource arriving(large_jpeg());
  MeteredSource metered(arriving, limits.source_bytes);
  const auto opened = open_picture(metered, limits, Reading::as_it_arrives);
  ASSERT_TRUE(opened);
  const auto decoded = decode(*opened, metered, {8}, limits);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::source_too_large) << decoded.error().message;
  EXPECT_TRUE(arriving.is_cancelled());
}

TEST(open_picture, fails_with_what_the_source_fails_with) {
  const Bytes jpeg = large_jpeg();
  const Bytes png = picture(ImageFormat::png, 64, 64);
  for (const Bytes& start :
       {Bytes(), jpeg.substr(0, 1000), png, with_much_metadata(jpeg).substr(0, 150'000)}) {
    CountedSource source(start, CountedSource::Behind::error);
    const auto picture = open_picture(source, {}, Reading::as_it_arrives);
    ASSERT_FALSE(picture);
    EXPECT_EQ(picture.error().code, ErrorCode::network_timeout) << picture.error().message;
  }
  CountedSource later(jpeg.substr(0, 2 * kStartBytes), CountedSource::Behind::error);
  const auto opened = open_picture(later, {}, Reading::as_it_arrives);
  ASSERT_TRUE(opened);
  const auto decoded = decode(*opened, later, {8}, {});
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::network_timeout) << decoded.error().message;
}

TEST(open_picture, of_an_empty_or_very_short_source_is_an_error) {
  for (const Bytes& start : {Bytes(), Bytes("\xFF\xD8"), Bytes("\xFF\xD8\xFF\xE0")}) {
    CountedSource source(start);
    const auto picture = open_picture(source, {}, Reading::as_it_arrives);
    ASSERT_FALSE(picture) << start.size();
    EXPECT_FALSE(picture.error().retryable()) << picture.error().message;
  }
}

TEST(decode, gives_every_format_at_every_fraction) {
  for (const char* name :
       {"jpeg-420.jpg", "jpeg-progressive.jpg", "jpeg-grey.jpg", "jpeg-cmyk.jpg",
        "png-palette-8.png", "png-16-slope.png", "webp-alpha.webp", "gif-plain.gif",
        "tiff-lzw.tiff", "bmp-24.bmp", "heic-plain.heic", "avif-plain.avif"}) {
    const Bytes bytes = read_picture(name);
    for (const int denominator : {1, 2, 4, 8}) {
      CountedSource source(bytes);
      const auto picture = open_picture(source, {}, Reading::as_it_arrives);
      ASSERT_TRUE(picture) << name;
      const auto decoded = decode(*picture, source, {denominator}, {});
      ASSERT_TRUE(decoded) << name << ": " << decoded.error().message;
      const Size stored{picture->header.width, picture->header.height};
      EXPECT_EQ(decoded->planes.stored, stored) << name;
      EXPECT_EQ(decoded->planes.colour[0].size, shrunk_size(stored, denominator)) << name;
      const Distance far = distance(raster_of(decoded->planes), by_magick(bytes, denominator));
      EXPECT_LE(far.mean, 9) << name << " " << denominator;
    }
  }
}

TEST(decode, hands_over_the_colour_profile) {
  const Bytes profile = read_picture("p3.icc");
  for (const char* name : {"p3.jpg", "p3.png", "p3.webp", "p3.tiff", "p3.heic"}) {
    CountedSource source(read_picture(name));
    const auto picture = open_picture(source, {}, Reading::as_it_arrives);
    ASSERT_TRUE(picture) << name;
    EXPECT_EQ(decode(*picture, source, {1}, {})->icc_profile, profile) << name;
  }
}

TEST(decode, allows_as_many_scans_as_the_limit_says) {
  oracle::JpegKind kind;
  kind.factors = {{1, 1}, {1, 1}, {1, 1}};
  kind.progressive = true;  // of ten scans
  const Bytes jpeg = oracle::coded_jpeg(kind);
  Limits limits;
  for (const std::uint64_t scans : {9U, 10U}) {
    limits.scans = scans;
    CountedSource source(jpeg);
    const auto picture = open_picture(source, limits, Reading::as_it_arrives);
    ASSERT_TRUE(picture);
    const auto decoded = decode(*picture, source, {4}, limits);
    ASSERT_EQ(decoded.has_value(), scans == 10);
    EXPECT_TRUE(decoded || decoded.error().code == ErrorCode::image_too_large);
  }
}

}  // namespace
}  // namespace miniatura
