#include "thumbnailer/codecs/heif/avif_encode.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "tests/support/images.h"
#include "tests/support/thumbnail_planes.h"

namespace miniatura {
namespace {

using namespace pictures;

// AV1's own configuration (AV1-ISOBMFF, 2.3): monochrome, subsampling across, down.
int chroma_bits_of(const Bytes& avif) {
  const std::size_t box = avif.find("av1C");
  return box == Bytes::npos ? -1 : avif[box + 6] >> 2 & 3;
}

TEST(avif_encode, keeps_the_pixels_of_any_size) {
  for (const Size size : {Size{1, 1}, {2, 3}, {33, 17}, {256, 100}}) {
    const Raster raster = quarters(size.width, size.height);
    const auto avif = encode_avif(raster, {95, false, Subsampling::s444, {}});
    ASSERT_TRUE(avif) << avif.error().message;
    const Raster back = pixels_of(*avif);
    ASSERT_EQ(back.size, size);
    EXPECT_EQ(back.channels, 3);
    EXPECT_LE(difference(colour_at(back, 0, 0), kRed), 12);
    if (size.width > 32) {
      EXPECT_LE(difference(colour_at(back, 0.99, 0), kGreen), 12);
      EXPECT_LE(difference(colour_at(back, 0, 0.99), kBlue), 12);
    }
  }
}

TEST(avif_encode, takes_planes_of_either_range_for_the_same_pixels) {
  for (const Size size : {Size{1, 1}, {2, 3}, {33, 17}, {200, 100}}) {
    const Raster raster = smooth_picture(size);
    for (const auto subsampling : {Subsampling::s420, Subsampling::s422, Subsampling::s444}) {
      for (const bool full_range : {true, false}) {
        Encoding encoding{95, false, subsampling, {}};
        const Planes planes = planes_of(raster, subsampling, full_range);
        const auto avif = encode_avif(planes, encoding);
        ASSERT_TRUE(avif) << avif.error().message;
        const Raster back = pixels_of(*avif);
        ASSERT_EQ(back.size, size);
        EXPECT_LE(differences(back, raster).mean, size.width < 5 ? 25 : 3) << full_range;
        // With a profile the range is said in another place.
        encoding.icc_profile = profile_of(500);
        EXPECT_EQ(pixels_of(encode_avif(planes, encoding).value()).pixels, back.pixels);
      }
    }
  }
  EXPECT_FALSE(encode_avif(planes_of(quarters(8, 8), Subsampling::s444), {}));
}

TEST(avif_encode, writes_grey_planes_without_colour) {
  const Planes planes = grey_ramp({61, 30});
  const Raster back = pixels_of(encode_avif(planes, {95, false, Subsampling::s420, {}}).value());
  for (const int x : {0, 30, 60}) {
    const auto wanted = planes.colour[0].row(0)[x];
    EXPECT_LE(
        difference({*back.at(x, 9), back.at(x, 9)[1], back.at(x, 9)[2]}, {wanted, wanted, wanted}),
        6);
  }
}

TEST(avif_encode, says_what_its_numbers_mean) {
  const Bytes avif = encode_avif(quarters(16, 16), {}).value();
  EXPECT_EQ(avif.substr(4, 8), "ftypavif");
  const std::size_t colours = avif.find("colrnclx");
  ASSERT_NE(colours, Bytes::npos);
  // BT.709's primaries, sRGB's curve, BT.601's matrix, the full range.
  EXPECT_EQ(avif.substr(colours + 8, 7), Bytes("\0\1\0\x0D\0\6\x80", 7));
}

TEST(avif_encode, follows_quality_and_subsampling) {
  const Raster raster = noisy_quarters(128, 128);
  EXPECT_LT(encode_avif(raster, {30, false, Subsampling::s420, {}})->size(),
            encode_avif(raster, {80, false, Subsampling::s420, {}})->size());
  const std::pair<Subsampling, int> cases[] = {
      {Subsampling::s420, 3}, {Subsampling::s422, 2}, {Subsampling::s444, 0}};
  for (const auto& [subsampling, bits] : cases) {
    EXPECT_EQ(chroma_bits_of(encode_avif(raster, {80, false, subsampling, {}}).value()), bits);
  }
}

TEST(avif_encode, keeps_the_profile) {
  const Bytes profile = Bytes(128, '\0') + "MY-SPACE";
  const Bytes avif = encode_avif(quarters(16, 16), {80, false, Subsampling::s420, profile}).value();
  EXPECT_NE(avif.find("colrprof"), Bytes::npos);
  EXPECT_NE(avif.find("MY-SPACE"), Bytes::npos);
}

std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

TEST(avif_encode, gives_the_same_bytes_on_any_thread_and_leaves_none_behind) {
  const Raster raster = noisy_quarters(300, 200);
  const Bytes expected = encode_avif(raster, {}).value();
  std::thread([] {}).join();  // ThreadSanitizer starts one of its own with the first
  const std::size_t before = threads_of_this_process();
  std::vector<Bytes> made(2);
  std::thread other([&] { made[0] = encode_avif(raster, {}).value(); });
  made[1] = encode_avif(raster, {}).value();
  other.join();
  EXPECT_EQ(made[0], expected);
  EXPECT_EQ(made[1], expected);
  EXPECT_EQ(threads_of_this_process(), before);
}

}  // namespace
}  // namespace miniatura
