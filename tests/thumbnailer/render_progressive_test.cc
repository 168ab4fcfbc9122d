// A progressive JPEG through all of render(): what it takes, and what comes out.
#include <gtest/gtest.h>

#include "tests/support/images.h"
#include "tests/support/jpeg_oracle.h"
#include "thumbnailer/render.h"

namespace miniatura {
namespace {

using oracle::coded_jpeg;
using oracle::JpegKind;

// Announces its size, and counts what is taken.
class CountedSource : public ByteSource {
 public:
  explicit CountedSource(Bytes bytes) : bytes_(std::move(bytes)) {}
  std::optional<std::uint64_t> size_bytes() const override { return bytes_.size(); }
  std::size_t taken() const { return taken_; }
  bool cancelled() const { return cancelled_; }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    const std::size_t count = bytes_.copy(buffer.data(), buffer.size(), taken_);
    taken_ += count;
    return count;
  }
  void stop() override { cancelled_ = true; }

  Bytes bytes_;
  std::size_t taken_ = 0;
  bool cancelled_ = false;
};

JpegKind kind_of(bool progressive) {
  return {.width = 1200,
          .height = 900,
          .factors = {{2, 2}, {1, 1}, {1, 1}},
          .quality = 92,
          .noise = 90,
          .progressive = progressive};
}

const Bytes& progressive_picture() {
  static const Bytes jpeg = coded_jpeg(kind_of(true));
  return jpeg;
}

Result<Rendered> rendered(ByteSource& source, std::string_view preset, const Limits& limits = {}) {
  // JPEG: without losses all scans would be wanted.
  const RenderOrder order{parse_preset(preset).value(), ImageFormat::jpeg};
  return render(source, std::span(&order, 1), limits);
}

Result<Rendered> rendered(const Bytes& image, std::string_view preset, const Limits& limits = {}) {
  MemorySource source(image);
  return rendered(source, preset, limits);
}

TEST(render_progressive, takes_a_small_thumbnail_from_a_part_of_the_file) {
  CountedSource source(progressive_picture());
  ASSERT_GT(progressive_picture().size(), 400'000U);
  const auto result = rendered(source, "a=64x64");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_LT(source.taken(), progressive_picture().size() / 3);
  EXPECT_TRUE(source.cancelled());
  EXPECT_EQ(result->source.bytes, progressive_picture().size());
  CountedSource again(progressive_picture());
  ASSERT_TRUE(rendered(again, "a=800x800"));
  EXPECT_EQ(again.taken(), progressive_picture().size());
}

TEST(render_progressive, looks_like_its_baseline) {
  // Of the best quality that is still lossy: what is rounded there differs by its own steps.
  const auto progressive = rendered(progressive_picture(), "a=64x64:q90");
  const auto baseline = rendered(coded_jpeg(kind_of(false)), "a=64x64:q90");
  ASSERT_TRUE(progressive && baseline);
  const Raster ours = pictures::pixels_of(progressive->thumbnails[0].bytes);
  const Raster theirs = pictures::pixels_of(baseline->thumbnails[0].bytes);
  ASSERT_EQ(ours.size, theirs.size);
  constexpr int kPlaces = 20;
  for (int place = 0; place < kPlaces * kPlaces; ++place) {
    const double x = static_cast<double>(place % kPlaces) / kPlaces;
    const int row = place / kPlaces;
    const double y = static_cast<double>(row) / kPlaces;
    EXPECT_LE(
        pictures::difference(pictures::colour_at(ours, x, y), pictures::colour_at(theirs, x, y)), 8)
        << "a step of brightness and of colour";
  }
}

TEST(render_progressive, takes_memory_for_all_coefficients_only_where_they_are_kept) {
  Limits limits;
  limits.decoded_bytes = 3'000'000;  // the coefficients are 3.2 MB
  ASSERT_TRUE(rendered(progressive_picture(), "a=64x64", limits));
  const auto larger = rendered(progressive_picture(), "a=200x200", limits);
  ASSERT_FALSE(larger);
  EXPECT_EQ(larger.error().code, ErrorCode::image_too_large);
  // libjpeg's, also at 1/8: RGB.
  JpegKind rgb = kind_of(true);
  rgb.coding = JCS_RGB;
  rgb.jfif = false;
  const auto other = rendered(coded_jpeg(rgb), "a=64x64", limits);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::image_too_large);
}

TEST(render_progressive, takes_memory_for_the_file_in_place_of_its_coefficients) {
  JpegKind kind = kind_of(true);
  kind.width = 3000;
  kind.height = 2000;  // the coefficients are 18 MB
  kind.noise = 4;
  Limits limits;
  limits.decoded_bytes = 12'000'000;
  ASSERT_TRUE(rendered(coded_jpeg(kind), "a=600x600", limits));
  kind.coding = JCS_RGB;
  kind.jfif = false;
  const auto other = rendered(coded_jpeg(kind), "a=600x600", limits);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::image_too_large);
}

TEST(render_progressive, misses_what_is_needed_and_nothing_else) {
  const Bytes& whole = progressive_picture();
  const auto half = rendered(whole.substr(0, whole.size() / 2), "a=64x64");
  EXPECT_TRUE(half);
  for (const auto& [size, preset] :
       {std::pair{whole.size() / 2, "a=200x200"}, {whole.size() / 50, "a=64x64"}}) {
    const auto broken = rendered(whole.substr(0, size), preset);
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, ErrorCode::image_corrupt) << broken.error().message;
  }
}

}  // namespace
}  // namespace miniatura
