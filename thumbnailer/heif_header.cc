// The boxes of HEIC and AVIF (ISO/IEC 14496-12 and 23008-12): what the primary picture is like. Its
// pixels, tiles and other items are the decoder's to find.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/header_parts.h"
#include "thumbnailer/heif_coded.h"
#include "thumbnailer/heif_derived.h"
#include "thumbnailer/heif_exif.h"
#include "thumbnailer/icc_name.h"
#include "thumbnailer/iso_box.h"
#include "thumbnailer/iso_items.h"

namespace miniatura {
namespace {

// How a picture is turned: mirrored first, if at all, then turned clockwise by quarters.
struct Turn {
  int quarters = 0;
  bool mirrored = false;

  int orientation() const {  // EXIF's
    constexpr std::array<int, 4> kTurned = {1, 6, 3, 8}, kMirrored = {2, 7, 4, 5};
    const auto index = static_cast<std::size_t>(quarters & 3);
    return mirrored ? kMirrored.at(index) : kTurned.at(index);
  }
};

class HeifWalk {
 public:
  HeifWalk(ByteView bytes, ImageFormat format, ImageExtent extent)
      : bytes_(bytes), extent_(extent) {
    header_.format = format;
  }

  Result<ImageHeader> run() {
    ByteView rest = bytes_;
    while (const auto box = next_box(rest)) {
      if (++boxes_ > kSegmentsMax) return too_many_segments("HEIF");
      if (box->type != "meta") continue;
      if (!box->complete) break;
      const ByteView inside = slice(box->body, kFullBoxBytes);
      CHECKED(meta(inside));
      CHECKED(check_derivations(inside));
      if (extent_ == ImageExtent::whole) CHECKED(reckon_memory(inside));
      // Its orientation does not count: the boxes say how to turn.
      if (extent_ == ImageExtent::whole) {
        header_.capture = read_exif(heif_exif(bytes_, inside)).capture;
      }
      header_.essential.ranges.push_back({0, bytes_.size()});
      return std::move(header_);
    }
    if (extent_ == ImageExtent::whole) return truncated("HEIF", bytes_.size());
    return ImageHeader{.format = header_.format};
  }

 private:
  Result<void> meta(ByteView rest) {
    ByteView properties_box;
    while (const auto box = next_box(rest)) {
      if (++boxes_ > kSegmentsMax) return too_many_segments("HEIF");
      if (box->type == "pitm") {
        const bool wide = byte_at(box->body, 0) != 0;
        primary_ = wide ? big_endian_32(box->body, 4) : big_endian_16(box->body, 4);
      } else if (box->type == "iprp") {
        properties_box = box->body;
      }
    }
    CHECKED(properties(properties_box));
    for (const std::uint32_t index : associated_) CHECKED(apply(index));
    if (stored_.width == 0) return corrupt("HEIF does not say how large its picture is");
    header_.orientation = turn_.orientation();
    return {};
  }

  // The decoder's own memory: the planes as decoded, and the picture as it hands it over. It
  // allocates by what the bitstreams say, of whatever item.
  Result<void> reckon_memory(ByteView inside) {
    Size coded = stored_;
    for (const IsoBox& property : properties_) {
      if (property.type == "hvcC") coded = larger(coded, hvcc_coded_size(property.body));
    }
    for (const IsoItem& item : iso_items(bytes_, inside)) {
      const bool av1 = item.type == "av01";
      if (!av1 && item.type != "hvc1") continue;
      if (!item.whole) return corrupt("HEIF whose picture is not there, or is in pieces");
      coded = larger(coded, av1 ? av1_coded_size(item.bytes) : hevc_coded_size(item.bytes));
    }
    // Numbers a pixel, measured: so many while it decodes; some are gone again before the picture
    // is taken over, which is reckoned elsewhere.
    constexpr double kDecoding = 11, kGone = 4, kMax = 9e18;
    const double bytes =
        kDecoding * coded.width * coded.height - kGone * stored_.width * stored_.height;
    header_.buffered = true;
    header_.buffer_bytes =
        static_cast<std::uint64_t>(std::min(bytes * (header_.bits > 8 ? 2 : 1), kMax));
    return {};
  }

  static Result<void> check_derivations(ByteView inside) {
    if (derives_in_circles(inside)) return corrupt("HEIF whose picture is made of itself");
    // A grid of 512 x 512 for as many pixels as any limit allows has fewer; each of them is a
    // decoder's start, however small the picture is that they make up.
    constexpr std::uint64_t kDerivedItemsMax = 4000;
    const std::uint64_t items = derived_items(inside);
    if (items <= kDerivedItemsMax) return {};
    return fail(
        ErrorCode::image_too_large,
        fmt::format("HEIF made of {} pictures, over the limit of {}", items, kDerivedItemsMax));
  }

  Result<void> properties(ByteView rest) {
    while (const auto box = next_box(rest)) {
      if (++boxes_ > kSegmentsMax) return too_many_segments("HEIF");
      if (box->type == "ipma") associations(box->body);
      if (box->type != "ipco") continue;
      ByteView all = box->body;
      while (const auto property = next_box(all)) {
        if (++boxes_ > kSegmentsMax) return too_many_segments("HEIF");
        properties_.push_back(*property);
        look_at(*property);
      }
    }
    return {};
  }

  // What any item tells of depth and alpha, as tiles tell it of the picture that they make up.
  void look_at(const IsoBox& property) {
    int bits = 8;
    if (property.type == "hvcC") bits = 8 + static_cast<int>(byte_at(property.body, 17) & 7U);
    if (property.type == "av1C") {
      const std::uint32_t flags = byte_at(property.body, 2);
      bits = (flags & 0x40U) == 0 ? 8 : (flags & 0x20U) != 0 ? 12 : 10;
    }
    header_.bits = std::max(header_.bits, bits);
    const bool alpha = property.body.find("alpha") != ByteView::npos ||
                       property.body.find("hevc:2015:auxid:1") != ByteView::npos;
    if (property.type == "auxC" && alpha) header_.channels = 4;
  }

  // Which properties the primary item has, in their order.
  void associations(ByteView body) {
    const bool wide_item = byte_at(body, 0) != 0;
    const bool wide_index = (byte_at(body, 3) & 1U) != 0;
    const std::size_t item_bytes = wide_item ? 4 : 2;
    const std::size_t index_bytes = wide_index ? 2 : 1;
    const std::uint32_t items = big_endian_32(body, kFullBoxBytes);
    std::size_t at = kFullBoxBytes + 4;
    for (std::uint32_t i = 0; i < items && at < body.size(); ++i) {
      const std::uint32_t item = wide_item ? big_endian_32(body, at) : big_endian_16(body, at);
      const std::uint32_t count = byte_at(body, at + item_bytes);
      at += item_bytes + 1;
      for (std::uint32_t j = 0; j < count && at < body.size(); ++j, at += index_bytes) {
        // The highest bit says that the property is essential.
        const std::uint32_t index =
            wide_index ? big_endian_16(body, at) & 0x7FFFU : byte_at(body, at) & 0x7FU;
        if (item == primary_) associated_.push_back(index);
      }
    }
  }

  Result<void> apply(std::uint32_t index) {
    if (index == 0 || index > properties_.size()) return {};
    const IsoBox& property = properties_[index - 1];
    if (property.type == "ispe") return size(property.body);
    if (property.type == "clap") return clean_aperture(property.body);
    if (property.type == "colr") {
      const ByteView kind = slice(property.body, 0, 4);
      const bool is_icc = kind == "prof" || kind == "rICC";
      if (is_icc) header_.icc_profile = icc_profile_name(slice(property.body, 4));
    } else if (property.type == "irot") {  // counter-clockwise
      turn_.quarters -= static_cast<int>(byte_at(property.body, 0) & 3U);
    } else if (property.type == "imir") {  // 0: top and bottom change places, 1: left and right
      const bool left_right = (byte_at(property.body, 0) & 1U) != 0;
      turn_.quarters = (left_right ? 0 : 2) - turn_.quarters;
      turn_.mirrored = !turn_.mirrored;
    }
    return {};
  }

  Result<void> size(ByteView body) {
    const std::uint32_t width = big_endian_32(body, kFullBoxBytes);
    const std::uint32_t height = big_endian_32(body, kFullBoxBytes + 4);
    constexpr std::uint32_t kSideMax = 0x7FFF'FFFF;
    if (width == 0 || height == 0 || width > kSideMax || height > kSideMax) {
      return corrupt(fmt::format("HEIF of {}x{} pixels", width, height));
    }
    stored_ = {static_cast<int>(width), static_cast<int>(height)};
    header_.width = stored_.width;
    header_.height = stored_.height;
    return {};
  }

  // The part that is shown: its size, and where its middle lies beside the whole's.
  Result<void> clean_aperture(ByteView body) {
    if (turn_.quarters != 0 || turn_.mirrored || stored_.width == 0) {
      return fail(ErrorCode::image_unsupported, "HEIF that is cut after it is turned is not read");
    }
    const auto fraction = [&](std::size_t at) {
      const std::uint32_t below = big_endian_32(body, at + 4);
      return static_cast<double>(static_cast<std::int32_t>(big_endian_32(body, at))) /
             (below == 0 ? 1 : below);
    };
    const double width = fraction(0);
    const double height = fraction(8);
    const double left = fraction(16) + (stored_.width - width) / 2;
    const double top = fraction(24) + (stored_.height - height) / 2;
    if (width < 1 || height < 1 || left < 0 || top < 0 || left + width > stored_.width ||
        top + height > stored_.height) {
      return corrupt("HEIF with a clean aperture that is not within the picture");
    }
    header_.width = static_cast<int>(width);
    header_.height = static_cast<int>(height);
    header_.frame = {-static_cast<int>(left), -static_cast<int>(top), stored_.width,
                     stored_.height};
    return {};
  }

  ByteView bytes_;
  ImageExtent extent_;
  ImageHeader header_;
  std::uint64_t boxes_ = 0;
  std::uint32_t primary_ = 0;
  std::vector<IsoBox> properties_;
  std::vector<std::uint32_t> associated_;
  Size stored_;
  Turn turn_;
};

}  // namespace

Result<ImageHeader> read_heif_header(ByteView bytes, ImageFormat format, ImageExtent extent) {
  return HeifWalk(bytes, format, extent).run();
}

}  // namespace miniatura
