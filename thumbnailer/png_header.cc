// PNG's chunks, from the first to the last (W3C PNG, third edition).
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/header_parts.h"

namespace miniatura {
namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kChunkFrame = 12;  // length, type and CRC around the data
constexpr std::size_t kIccNameBytesMax = 79;
constexpr std::uint32_t kNumberMax = 0x7FFF'FFFF;

bool is_ancillary(ByteView type) { return (byte_at(type, 0) & 0x20U) != 0; }

bool is_animation(ByteView type) { return type == "acTL" || type == "fcTL" || type == "fdAT"; }

class PngWalk {
 public:
  PngWalk(ByteView bytes, ImageExtent extent) : bytes_(bytes), extent_(extent) {}

  Result<ImageHeader> run() {
    header_.format = ImageFormat::png;
    keep_range(header_.essential.ranges, 0, kSignatureBytes);
    while (!done_) {
      CHECKED(step());
      if (header_.essential.ranges.size() > kSegmentsMax) return too_many_segments("PNG");
    }
    return std::move(header_);
  }

 private:
  Result<void> step() {
    if (at_ + kSignatureBytes > bytes_.size()) return broken_off();
    const std::uint32_t length = big_endian_32(bytes_, at_);
    const ByteView type = slice(bytes_, at_ + 4, 4);
    const std::size_t end = at_ + kChunkFrame + length;
    if (length > kNumberMax) return corrupt("PNG has a chunk of an impossible length");
    if (at_ == kSignatureBytes && type != "IHDR") return corrupt("PNG does not begin with IHDR");
    const bool animation = is_animation(type);
    if (is_ancillary(type) && !animation) header_.metadata_bytes += length;
    if (type == "IDAT" && extent_ == ImageExtent::start) {
      done_ = true;  // what matters is known
      return {};
    }
    if (end > bytes_.size()) return broken_off();
    CHECKED(chunk(type, slice(bytes_, at_ + 8, length)));
    if (wanted(type, length)) {
      keep_range(header_.essential.ranges, at_, end);
    } else if (!animation && ++dropped_ > kSegmentsMax) {
      return too_many_segments("PNG");
    }
    at_ = end;
    return {};
  }

  // Everything that is not needed for the pixels stays away from the decoder: a text or a profile
  // of a few bytes may inflate to gigabytes.
  bool wanted(ByteView type, std::uint32_t length) {
    if (type == "iCCP") return length <= kIccBytesMax && !std::exchange(icc_seen_, true);
    return type == "tRNS" || !is_ancillary(type);
  }

  Result<void> chunk(ByteView type, ByteView body) {
    if (type == "IHDR") return image_header(body);
    if (type == "CgBI") {
      return fail(ErrorCode::image_unsupported, "PNG in Apple's own dialect is not read");
    }
    if (type == "eXIf") take_exif(header_, body);
    // The profile is deflated; its name in the file stands before it.
    if (type == "iCCP" && header_.icc_profile.empty()) {
      header_.icc_profile = source_text(slice(body, 0, kIccNameBytesMax));
    }
    if (type == "acTL") header_.frames = std::max<std::uint64_t>(1, big_endian_32(body, 0));
    if (type == "tRNS" && !header_.palette) ++header_.channels;
    if (type == "IDAT") image_data_seen_ = true;
    if (type != "IEND") return {};
    if (!image_data_seen_) return corrupt("PNG has no image data");
    done_ = true;
    return {};
  }

  Result<void> image_header(ByteView body) {
    if (header_.width != 0) return corrupt("PNG has a second IHDR");
    const std::uint32_t width = big_endian_32(body, 0);
    const std::uint32_t height = big_endian_32(body, 4);
    const std::uint32_t bits = byte_at(body, 8);
    const std::uint32_t colour = byte_at(body, 9);
    const std::uint32_t interlace = byte_at(body, 12);
    if (body.size() != 13 || width == 0 || height == 0 || width > kNumberMax ||
        height > kNumberMax) {
      return corrupt(fmt::format("PNG of {}x{} pixels", width, height));
    }
    if (bits == 0 || bits > 16 || (bits & (bits - 1)) != 0 || colour > 6 || colour == 1 ||
        colour == 5 || interlace > 1) {
      return corrupt(fmt::format("PNG of colour type {} and {} bits", colour, bits));
    }
    header_.width = static_cast<int>(width);
    header_.height = static_cast<int>(height);
    header_.bits = static_cast<int>(bits);
    header_.palette = colour == 3;
    header_.channels = 1 + ((colour & 2U) != 0 && !header_.palette ? 2 : 0) + (colour >= 4 ? 1 : 0);
    header_.buffered = interlace == 1;
    return {};
  }

  Result<void> broken_off() {
    if (extent_ == ImageExtent::whole) return truncated("PNG", bytes_.size());
    done_ = true;
    return {};
  }

  ByteView bytes_;
  ImageExtent extent_;
  ImageHeader header_;
  std::size_t at_ = kSignatureBytes;
  std::uint64_t dropped_ = 0;
  bool icc_seen_ = false;
  bool image_data_seen_ = false;
  bool done_ = false;
};

}  // namespace

Result<ImageHeader> read_png_header(ByteView bytes, ImageExtent extent) {
  return PngWalk(bytes, extent).run();
}

}  // namespace miniatura
