// WebP's chunks (RFC 9649). What the decoder is given is always a still image: of an animation, its
// first frame.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/header_parts.h"
#include "thumbnailer/icc_name.h"

namespace miniatura {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kFileHeaderBytes = 12;
constexpr std::size_t kChunkHeaderBytes = 8;
constexpr std::size_t kFrameHeaderBytes = 16;  // of ANMF, before its own chunks
constexpr unsigned kIccFlag = 0x20, kAlphaFlag = 0x10;

struct Dimensions {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool operator==(const Dimensions&) const = default;
};

class WebpWalk {
 public:
  WebpWalk(ByteView bytes, ImageExtent extent) : bytes_(bytes), extent_(extent) {}

  Result<ImageHeader> run() {
    header_.format = ImageFormat::webp;
    const std::size_t announced = std::size_t{8} + little_endian_32(bytes_, 4);
    if (extent_ == ImageExtent::whole && announced > bytes_.size()) {
      return truncated("WebP", bytes_.size());
    }
    end_ = std::min(announced, bytes_.size());
    CHECKED(walk(kFileHeaderBytes, end_, false));
    const Dimensions size = canvas_.width != 0 ? canvas_ : image_;
    if (extent_ == ImageExtent::whole && (!image_seen_ || size.width == 0)) {
      return corrupt("WebP has no image");
    }
    header_.width = static_cast<int>(size.width);
    header_.height = static_cast<int>(size.height);
    if (image_seen_) CHECKED(place(size));
    if (extent_ == ImageExtent::whole) build_still();
    return std::move(header_);
  }

 private:
  Result<void> walk(std::size_t at, std::size_t end, bool in_frame) {
    while (at + kChunkHeaderBytes <= end) {
      const ByteView type = slice(bytes_, at, 4);
      const std::size_t length = little_endian_32(bytes_, at + 4);
      const std::size_t body = at + kChunkHeaderBytes;
      const std::size_t next = body + length + (length & 1U);
      const bool complete = body + length <= end;
      if (!complete && extent_ == ImageExtent::whole) return truncated("WebP", bytes_.size());
      CHECKED(chunk(type, body, std::min(body + length, end), in_frame));
      if (++chunks_ > kSegmentsMax) return too_many_segments("WebP");
      if (!complete || (image_seen_ && extent_ == ImageExtent::start)) break;
      at = next;
    }
    return {};
  }

  Result<void> chunk(ByteView type, std::size_t begin, std::size_t end, bool in_frame) {
    const ByteView body = slice(bytes_, begin, end - begin);
    if (type == "VP8 " || type == "VP8L") return picture(type == "VP8L", body, begin, end);
    if (type == "ALPH" && !image_seen_) {
      alpha_ = {begin - kChunkHeaderBytes, end};
      header_.channels = 4;
    }
    if (in_frame) return {};
    if (type == "VP8X") {
      canvas_ = {little_endian_24(body, 4) + 1, little_endian_24(body, 7) + 1};
    } else if (type == "ANMF") {
      return frame(body, begin, end);
    } else if (type == "EXIF") {
      take_exif(header_, body.starts_with("Exif\0\0"sv) ? slice(body, 6) : body);
    } else if (type == "ICCP") {
      header_.icc_profile = icc_profile_name(body);
      if (body.size() <= kIccBytesMax) icc_ = {begin - kChunkHeaderBytes, end};
    }
    if (type != "VP8X" && type != "ANIM" && type != "ALPH") header_.metadata_bytes += body.size();
    return {};
  }

  Result<void> frame(ByteView body, std::size_t begin, std::size_t end) {
    header_.frames = animated_ ? header_.frames + 1 : 1;
    if (std::exchange(animated_, true)) return {};
    // Places are stored halved.
    frame_ = {static_cast<int>(2 * little_endian_24(body, 0)),
              static_cast<int>(2 * little_endian_24(body, 3)),
              static_cast<int>(little_endian_24(body, 6) + 1),
              static_cast<int>(little_endian_24(body, 9) + 1)};
    return walk(std::min(begin + kFrameHeaderBytes, end), end, true);
  }

  // A still fills its canvas; the first frame of an animation lies somewhere on it.
  Result<void> place(Dimensions canvas) {
    const Rectangle all = {0, 0, header_.width, header_.height};
    if (!animated_) frame_ = all;
    if (frame_.width != static_cast<int>(image_.width) ||
        frame_.height != static_cast<int>(image_.height) ||
        frame_.left + frame_.width > all.width || frame_.top + frame_.height > all.height ||
        canvas.width == 0) {
      return corrupt("WebP whose picture and canvas differ in size");
    }
    if (frame_ != all) header_.frame = frame_;
    return {};
  }

  Result<void> picture(bool lossless, ByteView body, std::size_t begin, std::size_t end) {
    if (image_seen_) return {};
    if (lossless) {
      const std::uint32_t packed = little_endian_32(body, 1);
      image_ = {(packed & 0x3FFFU) + 1, (packed >> 14U & 0x3FFFU) + 1};
      if (body.size() < 5 || byte_at(body, 0) != 0x2F) return bad_picture();
      if ((packed >> 28U & 1U) != 0) header_.channels = 4;
    } else {
      image_ = {little_endian_16(body, 6) & 0x3FFFU, little_endian_16(body, 8) & 0x3FFFU};
      if (body.size() < 10 || slice(body, 3, 3) != "\x9D\x01\x2A"sv || image_.width == 0 ||
          image_.height == 0) {
        return bad_picture();
      }
    }
    image_seen_ = true;
    header_.lossless = lossless;
    picture_ = {begin - kChunkHeaderBytes, end};
    return {};
  }

  Result<void> bad_picture() {
    image_ = {};
    if (extent_ == ImageExtent::start) return {};
    return corrupt("WebP with a broken frame header");
  }

  void build_still() {
    std::vector<BytePart>& ranges = header_.essential.ranges;
    Bytes chunks;
    if (icc_.end != 0 || alpha_.end != 0) {
      chunks += "VP8X";
      append_little_endian(chunks, 10, 4);
      append_little_endian(
          chunks, (icc_.end != 0 ? kIccFlag : 0) | (header_.channels == 4 ? kAlphaFlag : 0), 4);
      append_little_endian(chunks, image_.width - 1, 3);
      append_little_endian(chunks, image_.height - 1, 3);
    }
    std::uint64_t size = 4 + chunks.size();
    for (const BytePart& range : {icc_, alpha_, picture_}) {
      if (range.end == 0) continue;
      // The padding byte, where a chunk has one, is part of the range.
      const std::size_t end = range.end + ((range.end - range.begin) & 1U);
      ranges.push_back({range.begin, std::min(end, bytes_.size())});
      size += end - range.begin;
      if (end > bytes_.size()) header_.essential.after.push_back('\0');
    }
    header_.essential.before = "RIFF";
    append_little_endian(header_.essential.before, size, 4);
    header_.essential.before += "WEBP" + chunks;
  }

  ByteView bytes_;
  ImageExtent extent_;
  ImageHeader header_;
  std::size_t end_ = 0;
  std::uint64_t chunks_ = 0;
  Dimensions canvas_;
  Dimensions image_;
  BytePart icc_, alpha_, picture_;
  Rectangle frame_;  // of the first frame
  bool animated_ = false;
  bool image_seen_ = false;
};

}  // namespace

Result<ImageHeader> read_webp_header(ByteView bytes, ImageExtent extent) {
  return WebpWalk(bytes, extent).run();
}

}  // namespace miniatura
