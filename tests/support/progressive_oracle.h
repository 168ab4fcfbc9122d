// Progressive JPEGs of scans in any order, and what ProgressiveDc and ProgressiveJpeg make of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "tests/support/baseline_oracle.h"
#include "thumbnailer/codecs/jpeg/progressive.h"
#include "thumbnailer/codecs/jpeg/progressive_dc.h"

namespace miniatura::oracle {

inline const std::vector<Factors> kGrey = {{1, 1}}, k444 = {{1, 1}, {1, 1}, {1, 1}},
                                  k422 = {{2, 1}, {1, 1}, {1, 1}}, k440 = {{1, 2}, {1, 1}, {1, 1}},
                                  k420 = {{2, 2}, {1, 1}, {1, 1}}, kOdd = {{1, 2}, {2, 1}, {1, 1}},
                                  kUpsideDown = {{1, 1}, {2, 2}, {1, 2}};
inline constexpr std::uint64_t kScansMax = 100;

// ---- How scans follow one another.

using Scans = std::vector<jpeg_scan_info>;

inline jpeg_scan_info dc(const std::vector<int>& components, int high, int low) {
  jpeg_scan_info scan{};
  scan.comps_in_scan = static_cast<int>(components.size());
  std::copy(components.begin(), components.end(), scan.component_index);
  scan.Ah = high;
  scan.Al = low;
  return scan;
}
inline jpeg_scan_info ac(int component, int first, int last, int high, int low) {
  return {1, {component}, first, last, high, low};
}

inline const Scans kWhole = {dc({0, 1, 2}, 0, 0), ac(0, 1, 63, 0, 0), ac(1, 1, 63, 0, 0),
                             ac(2, 1, 63, 0, 0)};
inline const Scans kOneByOne = {dc({0}, 0, 0),      dc({1}, 0, 0),      dc({2}, 0, 0),
                                ac(0, 1, 63, 0, 0), ac(1, 1, 63, 0, 0), ac(2, 1, 63, 0, 0)};
inline const Scans kFarApart = {dc({0}, 0, 0),      ac(0, 1, 5, 0, 0),  dc({1, 2}, 0, 0),
                                ac(0, 6, 63, 0, 0), ac(1, 1, 63, 0, 0), ac(2, 1, 63, 0, 0)};
inline const Scans kRefinedEarly = {dc({0, 1, 2}, 0, 1), dc({0, 1, 2}, 1, 0), ac(0, 1, 63, 0, 0),
                                    ac(1, 1, 63, 0, 0), ac(2, 1, 63, 0, 0)};
inline const Scans kRefinedLate = {dc({0, 1, 2}, 0, 2), ac(0, 1, 63, 0, 0), dc({0, 1, 2}, 2, 1),
                                   ac(1, 1, 63, 0, 1),  ac(1, 1, 63, 1, 0), ac(2, 1, 63, 0, 0),
                                   dc({0}, 1, 0),       dc({1, 2}, 1, 0)};
// Bands that meet within a block, bits in three steps, colours before brightness.
inline const Scans kInSmallSteps = {dc({0, 1, 2}, 0, 2), ac(2, 1, 63, 0, 1),  ac(0, 1, 1, 0, 3),
                                    ac(0, 2, 20, 0, 2),  ac(1, 1, 9, 0, 0),   ac(0, 1, 1, 3, 2),
                                    dc({1, 2}, 2, 1),    ac(0, 21, 63, 0, 2), dc({0}, 2, 1),
                                    ac(0, 1, 63, 2, 1),  dc({0, 1, 2}, 1, 0), ac(2, 1, 63, 1, 0),
                                    ac(0, 1, 31, 1, 0),  ac(0, 32, 63, 1, 0), ac(1, 10, 63, 0, 0)};
inline const Scans kNeverRefined = {dc({0, 1, 2}, 0, 1), ac(0, 1, 63, 0, 0), ac(1, 1, 63, 0, 0),
                                    ac(2, 1, 63, 0, 0)};

// ---- Decoding.

struct Decoded {
  Result<Planes> planes;
  std::size_t pulled = 0;  // behind the head
};

// Gives a portion at a time, and counts what it gave.
class Portions : public ByteSource {
 public:
  Portions(ByteView left, std::size_t portion) : left_(left), portion_(portion) {}
  std::size_t pulled() const { return pulled_; }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    const std::size_t count = std::min({buffer.size(), portion_, left_.size()});
    left_.copy(buffer.data(), count);
    left_.remove_prefix(count);
    pulled_ += count;
    return count;
  }
  ByteView left_;
  std::size_t portion_;
  std::size_t pulled_ = 0;
};

inline std::optional<Decoded> decoded(ByteView jpeg, std::size_t portion = 1000,
                                      std::uint64_t scans_max = kScansMax) {
  const std::size_t head = oracle::head_bytes(jpeg);
  auto decoder = ProgressiveDc::open(jpeg.substr(0, head));
  if (!decoder) return std::nullopt;
  Portions source(jpeg.substr(head), portion);
  auto planes = decoder->decode(source, scans_max);
  return Decoded{std::move(planes), source.pulled()};
}

// By ProgressiveJpeg, its size announced.
inline std::optional<Decoded> decoded_at(int eighths, ByteView jpeg, std::size_t portion = 1000,
                                         std::uint64_t scans_max = kScansMax) {
  const std::size_t head = oracle::head_bytes(jpeg);
  auto decoder = ProgressiveJpeg::open(jpeg.substr(0, head), jpeg.size());
  if (!decoder) return std::nullopt;
  Portions source(jpeg.substr(head), portion);
  auto planes = decoder->decode(eighths, source, scans_max);
  return Decoded{std::move(planes), source.pulled()};
}

// ProgressiveJpeg against libjpeg. What breaks off is corrupt to us alone: libjpeg puts an end of
// image behind it.
inline Comparison compare_at(int eighths, ByteView jpeg) {
  const auto ours = decoded_at(eighths, jpeg);
  if (!ours) return {};
  Comparison result;
  result.taken = true;
  result.decoded = ours->planes.has_value();
  const auto theirs = Libjpeg(jpeg).planes(eighths);
  if (ours->planes && theirs) {
    result.difference = difference(*ours->planes, *theirs, jpeg, eighths);
  } else if (ours->planes) {
    result.difference = "decoded, where libjpeg has damage";
  } else if (theirs) {
    result.difference = ours->planes.error().message;
  }
  return result;
}

inline int largest_difference(const Plane& ours, const Plane& theirs) {
  EXPECT_EQ(ours.size, theirs.size);
  int largest = 0;
  for (int y = 0; y < ours.size.height; ++y) {
    for (int x = 0; x < ours.size.width; ++x) {
      largest = std::max(largest, std::abs(ours.row(y)[x] - theirs.row(y)[x]));
    }
  }
  return largest;
}

// With those of the scans whose components there are.
inline JpegKind with_scans(JpegKind kind, const Scans& scans) {
  kind.progressive = true;
  for (jpeg_scan_info scan : scans) {
    const bool fits =
        *std::max_element(scan.component_index, scan.component_index + scan.comps_in_scan) <
        static_cast<int>(kind.factors.size());
    if (!fits && scan.component_index[0] == 0) scan.comps_in_scan = 1;
    if (scan.component_index[0] < static_cast<int>(kind.factors.size())) kind.scans.push_back(scan);
  }
  return kind;
}

}  // namespace miniatura::oracle
