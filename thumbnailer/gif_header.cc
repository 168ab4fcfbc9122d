// GIF's blocks, from the first to the last (GIF89a specification). The decoder is given the first
// frame and nothing of the others.
#include <algorithm>
#include <utility>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/gif_blocks.h"
#include "thumbnailer/header_parts.h"

namespace miniatura {
namespace {

class GifWalk {
 public:
  GifWalk(ByteView bytes, ImageExtent extent) : bytes_(bytes), extent_(extent) {}

  Result<ImageHeader> run() {
    header_.format = ImageFormat::gif;
    header_.palette = true;
    header_.frames = 0;
    at_ = kGifScreenEnd + gif_table_bytes(byte_at(bytes_, kGifScreenEnd - 3));
    if (at_ > bytes_.size()) {
      CHECKED(broken_off());
    } else {
      keep_range(header_.essential.ranges, 0, at_);
    }
    while (!done_) CHECKED(step());
    if (extent_ == ImageExtent::whole && header_.frames == 0) return corrupt("GIF has no image");
    header_.frames = std::max<std::uint64_t>(1, header_.frames);
    header_.essential.after = ";";
    return std::move(header_);
  }

 private:
  // One block.
  Result<void> step() {
    const std::size_t begin = at_;
    if (begin >= bytes_.size()) return broken_off();
    const std::uint32_t block = byte_at(bytes_, at_);
    if (block == kGifImage) return image(begin);
    if (block == kGifExtension) return extension(begin);
    // A trailer, or what no block begins with: nothing that follows is ours.
    if (block != kGifTrailer && header_.frames == 0) return corrupt("GIF has an unknown block");
    done_ = true;
    return {};
  }

  Result<void> extension(std::size_t begin) {
    const bool control = byte_at(bytes_, begin + 1) == kGifGraphicControl;
    at_ = begin + 2;
    if (!skip_gif_sub_blocks(bytes_, at_)) return broken_off();
    if (control && header_.frames == 0) {
      control_ = {begin, at_};
      if ((byte_at(bytes_, begin + 3) & 1U) != 0) header_.channels = 4;
    } else if (!control) {
      header_.metadata_bytes += at_ - begin;
    }
    return {};
  }

  Result<void> image(std::size_t begin) {
    const bool first = header_.frames == 0;
    if (first && begin + kGifDescriptorBytes <= bytes_.size()) {
      CHECKED(first_frame({static_cast<int>(little_endian_16(bytes_, begin + 1)),
                           static_cast<int>(little_endian_16(bytes_, begin + 3)),
                           static_cast<int>(little_endian_16(bytes_, begin + 5)),
                           static_cast<int>(little_endian_16(bytes_, begin + 7))}));
      if (extent_ == ImageExtent::start) {
        done_ = true;  // what matters is known
        return {};
      }
    }
    const std::uint32_t flags = byte_at(bytes_, begin + kGifDescriptorBytes - 1);
    // Behind the table stands the size of the first code.
    at_ = begin + kGifDescriptorBytes + gif_table_bytes(flags) + 1;
    if (!skip_gif_sub_blocks(bytes_, at_)) return broken_off();
    ++header_.frames;
    if (!first) return {};
    if (control_.end != 0) keep_range(header_.essential.ranges, control_.begin, control_.end);
    keep_range(header_.essential.ranges, begin, at_);
    return {};
  }

  // The picture is as large as the screen, and larger where its first frame is, as browsers have
  // it.
  Result<void> first_frame(const Rectangle& frame) {
    if (frame.width == 0 || frame.height == 0) return corrupt("GIF has a frame without pixels");
    header_.width =
        std::max(static_cast<int>(little_endian_16(bytes_, 6)), frame.left + frame.width);
    header_.height =
        std::max(static_cast<int>(little_endian_16(bytes_, 8)), frame.top + frame.height);
    if (frame != Rectangle{0, 0, header_.width, header_.height}) header_.frame = frame;
    return {};
  }

  // What is missing behind the first frame is not missed.
  Result<void> broken_off() {
    done_ = true;
    if (extent_ == ImageExtent::start || header_.frames > 0) return {};
    return truncated("GIF", bytes_.size());
  }

  ByteView bytes_;
  ImageExtent extent_;
  ImageHeader header_;
  std::size_t at_ = 0;
  BytePart control_;
  bool done_ = false;
};

}  // namespace

Result<ImageHeader> read_gif_header(ByteView bytes, ImageExtent extent) {
  return GifWalk(bytes, extent).run();
}

}  // namespace miniatura
