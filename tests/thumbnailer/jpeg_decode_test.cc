#include "thumbnailer/codecs/jpeg/jpeg_decode.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "tests/support/jpeg_oracle.h"

namespace miniatura {
namespace {

using oracle::coded_jpeg;
using oracle::JpegKind;

constexpr std::uint64_t kScansMax = 100;
constexpr int kEighths[] = {1, 2, 4, 8};

// A portion at a time; fails behind the last, where it is told to.
class Portions : public ByteSource {
 public:
  explicit Portions(Bytes bytes, bool fails = false) : bytes_(std::move(bytes)), fails_(fails) {}
  std::size_t pulled() const { return pulled_; }
  std::optional<std::uint64_t> size_bytes() const override { return bytes_.size(); }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    const std::size_t count = bytes_.copy(buffer.data(), std::min<std::size_t>(buffer.size(), 700),
                                          std::min(pulled_, bytes_.size()));
    if (count == 0 && fails_) return fail(ErrorCode::network_timeout, "the network is away");
    pulled_ += count;
    return count;
  }

  Bytes bytes_;
  bool fails_;
  std::size_t pulled_ = 0;
};

Result<DecodedPicture> decoded(const Bytes& jpeg, int eighths,
                               std::uint64_t scans_max = kScansMax) {
  const std::size_t head = oracle::head_bytes(jpeg);
  Portions rest(jpeg.substr(head));
  return decode_jpeg(ByteView(jpeg).substr(0, head), rest, {eighths}, scans_max);
}

jpeg_scan_info scan(const std::vector<int>& components, int first, int last) {
  jpeg_scan_info info{};
  info.comps_in_scan = static_cast<int>(components.size());
  std::copy(components.begin(), components.end(), info.component_index);
  info.Ss = first;
  info.Se = last;
  return info;
}

const std::vector<oracle::Factors> k444 = {{1, 1}, {1, 1}, {1, 1}}, k420 = {{2, 2}, {1, 1}, {1, 1}};
// Grey, 4:4:4, 4:2:2, 4:2:0, 4:4:0, 4:1:1 and 4:1:0.
const std::vector<std::vector<oracle::Factors>> kSamplings = {{{1, 1}},
                                                              k444,
                                                              {{2, 1}, {1, 1}, {1, 1}},
                                                              k420,
                                                              {{1, 2}, {1, 1}, {1, 1}},
                                                              {{4, 1}, {1, 1}, {1, 1}},
                                                              {{4, 2}, {1, 1}, {1, 1}}};

// The ways in which a file says the same: in one scan, in one for each component, progressive.
std::vector<JpegKind> codings_of(const JpegKind& kind) {
  std::vector<JpegKind> kinds = {kind, kind};
  kinds[1].progressive = true;
  if (kind.factors.size() == 3) {
    kinds.push_back(kind);
    kinds[2].scans = {scan({0}, 0, 63), scan({1}, 0, 63), scan({2}, 0, 63)};
    kinds.push_back(kind);
    kinds[3].scans = {scan({2}, 0, 63), scan({0, 1}, 0, 63)};
  }
  return kinds;
}

std::string name_of(const JpegKind& kind, int eighths) {
  std::string name = fmt::format("{}/8 of {}x{}, {}{}", eighths, kind.width, kind.height,
                                 kind.scans.size(), kind.progressive ? " progressive" : "");
  for (const auto& [across, down] : kind.factors) name += fmt::format(" {}x{}", across, down);
  return name;
}

// What libjpeg makes of the whole, as planes.
Planes whole_by_libjpeg(const Bytes& jpeg, const JpegKind& kind) {
  Planes whole{{kind.width, kind.height}, Coding::ycbcr, {}, {}, {}};
  if (kind.factors.size() == 1) whole.coding = Coding::grey;
  if (kind.coding == JCS_RGB) whole.coding = Coding::rgb;
  auto planes = oracle::Libjpeg(jpeg).planes(8);
  for (std::size_t i = 0; i < planes.value().size(); ++i) {
    Plane& plane = (*planes)[i].samples;
    plane.across = 1.0 * kind.factors[i].across / kind.factors[0].across;
    plane.down = 1.0 * kind.factors[i].down / kind.factors[0].down;
    whole.colour.push_back(std::move(plane));
  }
  return whole;
}

// The mean of what of `whole` a sample covers.
double covered(const Plane& whole, const Plane& plane, int x, int y) {
  const auto begin = [](int i, double scale) { return static_cast<int>(std::lround(i * scale)); };
  const double across = whole.across / plane.across;
  const double down = whole.down / plane.down;
  const int right = std::min(begin(x + 1, across), whole.size.width);
  const int bottom = std::min(begin(y + 1, down), whole.size.height);
  double sum = 0;
  int count = 0;
  for (int v = begin(y, down); v < bottom; ++v) {
    for (int u = begin(x, across); u < right; ++u, ++count) sum += whole.row(v)[u];
  }
  return sum / count;
}

// How far planes are from averages of the whole, in the mean of each plane; the largest.
double distance(const Planes& planes, const Planes& whole) {
  double largest = 0;
  for (std::size_t i = 0; i < whole.colour.size(); ++i) {
    const Plane& plane = planes.colour.at(i);
    double sum = 0;
    for (int y = 0; y < plane.size.height; ++y) {
      for (int x = 0; x < plane.size.width; ++x) {
        sum += std::abs(covered(whole.colour[i], plane, x, y) - plane.row(y)[x]);
      }
    }
    largest = std::max(largest, sum / (plane.size.width * plane.size.height));
  }
  return largest;
}

void expect_as_libjpeg(const JpegKind& kind, int eighths) {
  const Bytes jpeg = coded_jpeg(kind);
  const std::string name = name_of(kind, eighths);
  const auto picture = decoded(jpeg, eighths);
  ASSERT_TRUE(picture) << name << ": " << picture.error().message;
  const Planes& planes = picture->planes;
  const Planes whole = whole_by_libjpeg(jpeg, kind);
  EXPECT_EQ(planes.stored, (Size{kind.width, kind.height})) << name;
  EXPECT_EQ(planes.coding, whole.coding) << name;
  EXPECT_EQ(planes.matrix, YcbcrMatrix()) << name;
  EXPECT_TRUE(planes.alpha.empty());
  ASSERT_EQ(planes.colour.size(), kind.factors.size()) << name;
  EXPECT_EQ(planes.colour[0].across, eighths / 8.0) << name;
  EXPECT_EQ(planes.colour[0].down, eighths / 8.0) << name;
  for (const Plane& plane : planes.colour) {
    EXPECT_EQ(plane.bits, 8);
    EXPECT_EQ(plane.size.width, std::ceil(kind.width * plane.across)) << name;
    EXPECT_EQ(plane.size.height, std::ceil(kind.height * plane.down)) << name;
    EXPECT_LE(plane.across, eighths / 8.0) << name;
  }
  // The transform at 2/8 and 4/8 is no box, but near one; at the edges blocks hold more than the
  // picture.
  EXPECT_LE(distance(planes, whole), eighths == 8 ? 0 : eighths == 1 ? 1 : 2.5) << name;
}

TEST(jpeg_decode, gives_what_libjpeg_gives_of_the_whole_for_all_samplings_and_codings) {
  for (const auto& factors : kSamplings) {
    JpegKind kind;
    kind.width = 131;
    kind.height = 77;
    kind.factors = factors;
    kind.noise = 4;
    for (const JpegKind& coding : codings_of(kind)) {
      for (const int eighths : kEighths) expect_as_libjpeg(coding, eighths);
    }
  }
}

TEST(jpeg_decode, gives_the_smallest_pictures_and_those_of_whole_blocks) {
  for (const auto& factors : kSamplings) {
    for (const Size size : {Size{1, 1}, Size{64, 32}, Size{33, 1}, Size{1, 33}, Size{16, 17}}) {
      JpegKind kind;
      kind.width = size.width;
      kind.height = size.height;
      kind.factors = factors;
      const Bytes jpeg = coded_jpeg(kind);
      for (const int eighths : kEighths)
        EXPECT_TRUE(decoded(jpeg, eighths)) << name_of(kind, eighths);
      EXPECT_EQ(distance(decoded(jpeg, 8)->planes, whole_by_libjpeg(jpeg, kind)), 0);
    }
  }
}

TEST(jpeg_decode, leaves_red_green_and_blue_as_they_are) {
  JpegKind kind;
  kind.width = 72;
  kind.height = 48;
  kind.factors = k444;
  kind.noise = 4;
  kind.coding = JCS_RGB;
  kind.jfif = false;  // Adobe's segment says that they are not converted
  for (const JpegKind& coding : codings_of(kind)) {
    for (const int eighths : kEighths) expect_as_libjpeg(coding, eighths);
  }
}

// Rises across, or down; and a little the other way, so that in the mean nothing is rounded.
double slope(double x, double y, bool down) {
  return 20 + 2 * (down ? y : x) + 0.137 * (down ? x : y);
}

// By how much a plane's samples are too bright, in the mean.
double brighter(const Plane& plane, bool down) {
  double sum = 0;
  for (int y = 0; y < plane.size.height; ++y) {
    for (int x = 0; x < plane.size.width; ++x) {
      sum += plane.row(y)[x] - slope((x + 0.5) / plane.across, (y + 0.5) / plane.down, down);
    }
  }
  return sum / (plane.size.width * plane.size.height);
}

void expect_in_place(const JpegKind& kind, bool down) {
  for (const JpegKind& coding : codings_of(kind)) {
    for (const int eighths : kEighths) {
      const auto picture = decoded(coded_jpeg(coding), eighths);
      ASSERT_TRUE(picture);
      for (const Plane& plane : picture->planes.colour) {
        EXPECT_NEAR(brighter(plane, down), 0, 0.12) << name_of(coding, eighths) << " " << down;
      }
    }
  }
}

TEST(jpeg_decode, knows_where_its_samples_lie) {
  for (const auto& factors : kSamplings) {
    for (const bool down : {false, true}) {
      JpegKind kind;
      kind.width = down ? 64 : 96;
      kind.height = down ? 96 : 64;
      kind.factors = factors;
      kind.quality = 100;
      kind.sample = [down](int x, int y, int) {
        return static_cast<std::uint8_t>(std::lround(slope(x + 0.5, y + 0.5, down)));
      };
      expect_in_place(kind, down);
    }
  }
}

TEST(jpeg_decode, hands_over_the_colour_profile_whatever_number_of_parts_it_has) {
  const Bytes profile = read_picture("p3.icc");
  for (const bool progressive : {false, true}) {
    JpegKind kind;
    kind.progressive = progressive;
    const Bytes plain = coded_jpeg(kind);
    EXPECT_EQ(decoded(plain, 1)->icc_profile, "");
    const auto part = [&](char number, char count, ByteView bytes) {
      return (Bytes("ICC_PROFILE\0", 12) + number + count).append(bytes);
    };
    const Bytes one = pictures::with_jpeg_segment(plain, 0xE2, part(1, 1, profile));
    Bytes two = pictures::with_jpeg_segment(plain, 0xE2, part(1, 2, profile.substr(0, 1000)));
    two = pictures::with_jpeg_segment(two, 0xE2, part(2, 2, profile.substr(1000)));
    for (const int eighths : {1, 8}) {
      EXPECT_EQ(decoded(one, eighths)->icc_profile, profile);
      EXPECT_EQ(decoded(two, eighths)->icc_profile, profile);
    }
  }
}

JpegKind large_kind(bool progressive) {
  JpegKind kind;
  kind.width = kind.height = 200;
  kind.factors = k420;
  kind.progressive = progressive;
  return kind;
}

void expect_corrupt(const Bytes& jpeg) {
  for (const int eighths : kEighths) {
    const auto picture = decoded(jpeg, eighths);
    ASSERT_FALSE(picture) << eighths;
    EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt) << picture.error().message;
  }
}

TEST(jpeg_decode, where_data_is_missing_is_corrupt) {
  for (const bool progressive : {false, true}) {
    const Bytes jpeg = coded_jpeg(large_kind(progressive));
    const std::size_t head = oracle::head_bytes(jpeg);
    for (const std::size_t more : {0U, 1U, 300U}) expect_corrupt(jpeg.substr(0, head + more));
    // The last scan of a progressive one is no matter at 1/8, to some decoders.
    const Bytes most = jpeg.substr(0, jpeg.size() - 100);
    if (!progressive) expect_corrupt(most);
    EXPECT_FALSE(decoded(most, 8));
  }
}

TEST(jpeg_decode, of_one_that_breaks_off_between_scans_says_after_how_many) {
  JpegKind kind = large_kind(false);
  kind.scans = {scan({0}, 0, 63), scan({1}, 0, 63), scan({2}, 0, 63)};
  const Bytes jpeg = coded_jpeg(kind);
  const std::size_t third = jpeg.rfind("\xFF\xDA");
  for (const int eighths : kEighths) {
    const auto picture = decoded(jpeg.substr(0, third), eighths);
    ASSERT_FALSE(picture) << eighths;
    EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt);
    EXPECT_NE(picture.error().message.find("breaks off after 2 scans"), std::string::npos)
        << picture.error().message;
  }
}

TEST(jpeg_decode, misses_nothing_but_the_end_of_image) {
  const Bytes jpeg = coded_jpeg(large_kind(false));
  for (const int eighths : kEighths) {
    EXPECT_TRUE(decoded(jpeg.substr(0, jpeg.size() - 2), eighths)) << eighths;
  }
}

TEST(jpeg_decode, damage_is_corrupt) {
  for (const bool progressive : {false, true}) {
    const Bytes jpeg = coded_jpeg(large_kind(progressive));
    const std::size_t head = oracle::head_bytes(jpeg);
    for (const char* damage : {"\xFF\xD9", "\xFF\xD3"}) {
      expect_corrupt(Bytes(jpeg).replace(head + 300, 2, damage));
    }
  }
  // A code that is none: all ones.
  const Bytes jpeg = coded_jpeg(large_kind(false));
  Bytes ones;
  for (int i = 0; i < 8; ++i) ones += Bytes("\xFF\0", 2);
  expect_corrupt(Bytes(jpeg).replace(oracle::head_bytes(jpeg) + 300, ones.size(), ones));
}

TEST(jpeg_decode, a_head_that_is_damaged_is_corrupt) {
  const Bytes jpeg = coded_jpeg({});
  const std::size_t codes = jpeg.find("\xFF\xC4") + 5;
  const Bytes broken =
      Bytes(jpeg).replace(codes, 16, Bytes(16, '\xFF'));  // too many for their lengths
  for (const Bytes& bytes : {broken, Bytes("\xFF\xD8"), Bytes("no picture"), Bytes()}) {
    MemorySource nothing("");
    const auto picture = decode_jpeg(bytes, nothing, {8}, kScansMax);
    ASSERT_FALSE(picture);
    EXPECT_EQ(picture.error().code, ErrorCode::image_corrupt) << picture.error().message;
  }
}

TEST(jpeg_decode, what_the_source_fails_with_is_its_own) {
  for (const bool progressive : {false, true}) {
    const Bytes jpeg = coded_jpeg(large_kind(progressive));
    const std::size_t head = oracle::head_bytes(jpeg);
    for (const int eighths : kEighths) {
      for (const std::size_t count : {std::size_t{0}, std::size_t{300}}) {
        Portions source(jpeg.substr(head, count), true);
        const auto picture =
            decode_jpeg(ByteView(jpeg).substr(0, head), source, {eighths}, kScansMax);
        ASSERT_FALSE(picture);
        EXPECT_EQ(picture.error().code, ErrorCode::network_timeout) << picture.error().message;
        EXPECT_EQ(picture.error().message, "the network is away");
      }
    }
  }
}

// So many scans: of DC, and each frequency's on its own.
JpegKind kind_of_scans(int count) {
  JpegKind kind;
  kind.factors = k444;
  kind.progressive = true;
  kind.scans = {scan({0, 1, 2}, 0, 0)};
  for (int i = 0; i < count - 1; ++i) kind.scans.push_back(scan({i / 63}, i % 63 + 1, i % 63 + 1));
  return kind;
}

TEST(jpeg_decode, more_scans_than_the_limit_are_too_large_and_name_both_numbers) {
  const Bytes most = coded_jpeg(kind_of_scans(100));
  const Bytes over = coded_jpeg(kind_of_scans(101));
  for (const int eighths : {2, 4, 8}) {
    EXPECT_TRUE(decoded(most, eighths, 100)) << eighths;
    const auto refused = decoded(over, eighths, 100);
    ASSERT_FALSE(refused) << eighths;
    EXPECT_EQ(refused.error().code, ErrorCode::image_too_large);
    EXPECT_EQ(refused.error().message, "JPEG of 101 scans, over the limit of 100");
  }
}

TEST(jpeg_decode, leaves_what_stands_behind_the_picture) {
  for (const bool progressive : {false, true}) {
    const Bytes jpeg = coded_jpeg(large_kind(progressive));
    const std::size_t head = oracle::head_bytes(jpeg);
    for (const int eighths : kEighths) {
      Portions source(jpeg.substr(head) + Bytes(2'000'000, 'x'));
      ASSERT_TRUE(decode_jpeg(ByteView(jpeg).substr(0, head), source, {eighths}, kScansMax));
      EXPECT_LE(source.pulled(), jpeg.size() - head + 100'000) << progressive << " " << eighths;
    }
  }
}

TEST(jpeg_decode, inks_are_not_its_business) {
  const auto picture = decoded(read_picture("jpeg-cmyk.jpg"), 8);
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().code, ErrorCode::image_unsupported);
  EXPECT_EQ(picture.error().message, "JPEG of 4 components");
}

}  // namespace
}  // namespace miniatura
