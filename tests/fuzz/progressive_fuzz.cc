// A progressive JPEG at 1/8 by ProgressiveDc, and at 2/8 and 4/8 by ProgressiveJpeg. Where libjpeg
// decodes it without complaint, too, the samples are the same; at 1/8, where no bits are missing.
#include <algorithm>

#include "tests/fuzz/fuzz.h"
#include "tests/support/baseline_oracle.h"
#include "thumbnailer/codecs/jpeg/progressive.h"
#include "thumbnailer/codecs/jpeg/progressive_dc.h"

namespace miniatura {
namespace {

constexpr std::size_t kPixelsMax = 1'000'000;
constexpr std::uint64_t kScansMax = 30;

// A header may claim a picture of any size: what takes long teaches nothing.
bool is_small(ByteView jpeg) {
  for (std::size_t at = 2; at < jpeg.size(); at += 2 + big_endian_16(jpeg, at + 2)) {
    if (byte_at(jpeg, at + 1) != 0xC2) continue;
    return std::size_t{big_endian_16(jpeg, at + 5)} * big_endian_16(jpeg, at + 7) <= kPixelsMax;
  }
  return false;
}

// All bits of DC, once for each component: libjpeg would go by the last of several. And it takes
// its time for many scans.
bool has_few_plain_scans(ByteView jpeg, std::size_t components) {
  int scans = 0;
  std::size_t with_dc = 0;
  constexpr std::string_view kScan = "\xFF\xDA";
  for (std::size_t at = jpeg.find(kScan); at != ByteView::npos; at = jpeg.find(kScan, at + 1)) {
    const std::size_t count = byte_at(jpeg, at + 4);
    const std::size_t first = at + 5 + 2 * count;
    if (byte_at(jpeg, first) == 0) with_dc += count;
    if ((byte_at(jpeg, first + 2) & 15U) != 0 || ++scans > 10) return false;
  }
  return with_dc == components;
}

int scans_in(ByteView jpeg) {
  int scans = 0;
  for (std::size_t at = jpeg.find("\xFF\xDA"); at != ByteView::npos; ++scans) {
    at = jpeg.find("\xFF\xDA", at + 1);
  }
  return scans;
}

void check_scans(ByteView jpeg, int eighths) {
  const std::size_t head = oracle::head_bytes(jpeg);
  auto decoder = ProgressiveJpeg::open(jpeg.substr(0, head), jpeg.size());
  if (!decoder) return;
  MemorySource source{Bytes(jpeg.substr(head))};
  const auto ours = decoder->decode(eighths, source, kScansMax);
  if (!ours || scans_in(jpeg) > 10) return;
  const auto theirs = oracle::Libjpeg(jpeg).planes(eighths);
  if (theirs) must(oracle::difference(*ours, *theirs, jpeg, eighths).empty());
}

void check(ByteView jpeg) {
  if (!is_small(jpeg)) return;
  for (const int eighths : {2, 4}) check_scans(jpeg, eighths);
  const std::size_t head = oracle::head_bytes(jpeg);
  auto decoder = ProgressiveDc::open(jpeg.substr(0, head));
  if (!decoder) return;
  MemorySource source{Bytes(jpeg.substr(head))};
  const auto ours = decoder->decode(source, kScansMax);
  if (!ours || !has_few_plain_scans(jpeg, ours->colour.size())) return;
  const auto theirs = oracle::Libjpeg(jpeg).means();
  if (!theirs) return;
  for (std::size_t i = 0; i < ours->colour.size(); ++i) {
    must(oracle::difference(ours->colour[i], (*theirs)[i].samples).empty());
  }
}

}  // namespace
}  // namespace miniatura

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  miniatura::check(miniatura::view_of(data, size));
  return 0;
}
