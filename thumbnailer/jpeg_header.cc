// JPEG's markers, from the first to the last (ITU-T T.81, annex B).
#include <fmt/core.h>

#include <algorithm>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/header_parts.h"
#include "thumbnailer/icc_name.h"

namespace miniatura {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kSof0 = 0xC0, kSof2 = 0xC2, kSof15 = 0xCF;
constexpr std::uint32_t kDht = 0xC4, kJpg = 0xC8, kDac = 0xCC;
constexpr std::uint32_t kRst0 = 0xD0, kRst7 = 0xD7, kSoi = 0xD8, kEoi = 0xD9, kSos = 0xDA;
constexpr std::uint32_t kApp0 = 0xE0, kApp1 = 0xE1, kApp2 = 0xE2, kApp14 = 0xEE, kApp15 = 0xEF;
constexpr std::uint32_t kTem = 0x01, kCom = 0xFE;
constexpr std::size_t kIccPartHeaderBytes = 14;

bool is_start_of_frame(std::uint32_t marker) {
  return marker >= kSof0 && marker <= kSof15 && marker != kDht && marker != kJpg && marker != kDac;
}
bool stands_alone(std::uint32_t marker) {
  return marker == 0 || marker == kTem || (marker >= kRst0 && marker <= kRst7);
}
bool is_metadata(std::uint32_t marker) {
  return marker == kCom || (marker >= kApp0 && marker <= kApp15);
}

class JpegWalk {
 public:
  JpegWalk(ByteView bytes, ImageExtent extent) : bytes_(bytes), extent_(extent) {}

  Result<ImageHeader> run() {
    header_.format = ImageFormat::jpeg;
    keep(0, 2);
    at_ = 2;
    while (!done_) {
      CHECKED(step());
      if (header_.essential.ranges.size() > kSegmentsMax) return too_many_segments("JPEG");
    }
    return std::move(header_);
  }

 private:
  // One marker and what belongs to it.
  Result<void> step() {
    // Bytes that are no marker are skipped, as libjpeg does.
    at_ = std::min(bytes_.find('\xFF', at_), bytes_.size());
    while (byte_at(bytes_, at_) == 0xFF) ++at_;
    if (at_ >= bytes_.size()) return broken_off();
    const std::size_t begin = at_ - 1;
    const std::uint32_t marker = byte_at(bytes_, at_++);
    if (stands_alone(marker)) return {};
    if (marker == kSoi) return corrupt("JPEG has a second start of image");
    if (marker == kEoi) return finish();

    const std::size_t length = big_endian_16(bytes_, at_);
    if (at_ + 2 > bytes_.size()) return broken_off();
    if (length < 2) return corrupt("JPEG has a segment of no length");
    const std::size_t end = at_ + length;
    if (is_metadata(marker)) header_.metadata_bytes += length;
    if (end > bytes_.size()) return broken_off();
    const ByteView body = slice(bytes_, at_ + 2, length - 2);
    at_ = end;
    if (marker == kSos) return scan(begin, static_cast<int>(byte_at(body, 0)));
    if (++segments_ > kSegmentsMax) return too_many_segments("JPEG");
    if (is_start_of_frame(marker)) CHECKED(frame(marker, body));
    if (marker == kApp1) exif(body);
    if (wanted(marker, body)) keep(begin, end);
    return {};
  }

  bool wanted(std::uint32_t marker, ByteView body) {
    if (!is_metadata(marker)) return true;
    if (marker == kApp0) return body.starts_with("JFIF\0"sv);
    if (marker == kApp14 && body.starts_with("Adobe"sv)) return header_.inverted = true;
    if (marker != kApp2 || !body.starts_with("ICC_PROFILE\0"sv)) return false;
    // Each part tells its number and their count; the name stands in the first.
    if (icc_.empty()) header_.icc_profile = icc_profile_name(slice(body, kIccPartHeaderBytes));
    icc_bytes_ += body.size();
    icc_.push_back({static_cast<std::size_t>(body.data() - bytes_.data()) - 4, at_});
    return false;
  }

  void exif(ByteView body) {
    if (exif_seen_ || !body.starts_with("Exif\0"sv)) return;
    exif_seen_ = true;
    take_exif(header_, slice(body, 6));
  }

  Result<void> frame(std::uint32_t marker, ByteView body) {
    if (header_.width != 0) return corrupt("JPEG has a second frame");
    if (marker > kSof2) {
      return fail(ErrorCode::image_unsupported,
                  fmt::format("JPEG of a kind that is not read (SOF{}: lossless, hierarchical or "
                              "arithmetic)",
                              marker - kSof0));
    }
    header_.bits = static_cast<int>(byte_at(body, 0));
    header_.height = static_cast<int>(big_endian_16(body, 1));
    header_.width = static_cast<int>(big_endian_16(body, 3));
    header_.channels = static_cast<int>(byte_at(body, 5));
    if (body.size() < 6 || body.size() < 6 + 3 * byte_at(body, 5)) {
      return corrupt("JPEG has a frame header that is too short");
    }
    if (header_.width == 0 || header_.height == 0) {
      return corrupt(fmt::format("JPEG of {}x{} pixels", header_.width, header_.height));
    }
    if (header_.bits != 8 ||
        (header_.channels != 1 && header_.channels != 3 && header_.channels != 4)) {
      return fail(ErrorCode::image_unsupported,
                  fmt::format("JPEG of {} channels of {} bits is not read", header_.channels,
                              header_.bits));
    }
    header_.cmyk = header_.channels == 4;
    progressive_ = marker == kSof2;
    return count_coefficients(body);
  }

  // 2 bytes for each sample of each component, at its own resolution.
  Result<void> count_coefficients(ByteView body) {
    std::uint64_t samples = 0;
    std::uint64_t across_max = 1;
    std::uint64_t down_max = 1;
    for (std::size_t i = 0; i < static_cast<std::size_t>(header_.channels); ++i) {
      const std::uint32_t sampling = byte_at(body, 6 + 3 * i + 1);
      const std::uint64_t across = sampling >> 4U;
      const std::uint64_t down = sampling & 15U;
      if (across < 1 || across > 4 || down < 1 || down > 4) {
        return corrupt("JPEG has impossible sampling factors");
      }
      samples += across * down;
      across_max = std::max(across_max, across);
      down_max = std::max(down_max, down);
    }
    const auto pixels =
        static_cast<std::uint64_t>(header_.width) * static_cast<std::uint64_t>(header_.height);
    header_.buffer_bytes = pixels * 2 * samples / (across_max * down_max);
    return {};
  }

  // A scan's header is taken; its data runs to the next marker that is neither stuffing nor a
  // restart.
  Result<void> scan(std::size_t begin, int components) {
    if (header_.width == 0) return corrupt("JPEG has a scan before its frame header");
    ++header_.scans;
    lone_scan_ = header_.scans == 1 && !progressive_ && components == header_.channels;
    header_.buffered = !lone_scan_;
    if (extent_ == ImageExtent::start) {  // what matters is known
      keep(begin, at_);
      if (icc_bytes_ <= kIccBytesMax) insert_icc();
      header_.data_begin = at_;
      done_ = true;
      return {};
    }
    for (;;) {
      at_ = bytes_.find('\xFF', at_);
      if (at_ == ByteView::npos || at_ + 1 >= bytes_.size()) {
        at_ = bytes_.size();
        break;
      }
      const std::uint32_t next = byte_at(bytes_, at_ + 1);
      if (next != 0 && next != 0xFF && (next < kRst0 || next > kRst7)) break;
      at_ += next == 0xFF ? 1 : 2;
    }
    keep(begin, at_);
    return {};
  }

  Result<void> broken_off() {
    if (extent_ == ImageExtent::start) {
      done_ = true;
      return {};
    }
    // A lone scan of everything that only lacks its end of image may be all there: the decoder
    // tells. Where later scans are missing it would decode without complaint, only badly.
    if (!lone_scan_) return truncated("JPEG", bytes_.size());
    return finish();
  }

  // At the end of image. What stands behind it (previews, gain maps) is not ours.
  Result<void> finish() {
    if (header_.scans == 0) return corrupt("JPEG ends before its first scan");
    header_.essential.after = "\xFF\xD9";
    if (icc_bytes_ <= kIccBytesMax) insert_icc();
    done_ = true;
    return {};
  }

  // The decoder takes a profile anywhere before the first scan: here, behind the start of image.
  void insert_icc() {
    auto& ranges = header_.essential.ranges;
    ranges.insert(ranges.begin() + 1, icc_.begin(), icc_.end());
  }

  void keep(std::size_t begin, std::size_t end) {
    // The start of image stays a range of its own: the profile goes behind it.
    if (header_.essential.ranges.size() == 1) {
      header_.essential.ranges.push_back({begin, end});
    } else {
      keep_range(header_.essential.ranges, begin, end);
    }
  }

  ByteView bytes_;
  ImageExtent extent_;
  ImageHeader header_;
  std::size_t at_ = 0;
  std::uint64_t segments_ = 0;
  std::uint64_t icc_bytes_ = 0;
  std::vector<BytePart> icc_;
  bool progressive_ = false;
  bool lone_scan_ = false;  // one scan, of all components
  bool exif_seen_ = false;
  bool done_ = false;
};

}  // namespace

Result<ImageHeader> read_jpeg_header(ByteView bytes, ImageExtent extent) {
  return JpegWalk(bytes, extent).run();
}

}  // namespace miniatura
