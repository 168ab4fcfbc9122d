#include "thumbnailer/gif_frames.h"

#include <algorithm>
#include <array>
#include <memory>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/gif_blocks.h"
#include "thumbnailer/lzw.h"

namespace miniatura {
namespace {

using namespace std::string_view_literals;

constexpr int kUsualMs = 100;  // browsers' for what asks for no time at all
constexpr std::uint32_t kInterlaceFlag = 0x40, kTransparencyFlag = 1;

tl::unexpected<Error> corrupt(std::string_view why) {
  return fail(ErrorCode::image_corrupt, "GIF: " + std::string(why));
}

// What a frame's control says of it, or the default.
struct Control {
  enum Disposal : std::uint32_t { keep = 1, clear = 2, restore = 3 };
  std::uint32_t disposal = keep;
  int transparent = -1;
  int duration_ms = kUsualMs;
};

// The rows of a frame in the order in which they are stored: all, or every eighth and so on.
class RowOrder {
 public:
  RowOrder(int height, bool interlaced) : height_(height), interlaced_(interlaced) {}
  int row() const { return row_; }
  void next() {
    constexpr std::array<int, 4> kStarts = {0, 4, 2, 1};
    constexpr std::array<int, 4> kSteps = {8, 8, 4, 2};
    row_ += interlaced_ ? kSteps.at(pass_) : 1;
    while (interlaced_ && row_ >= height_ && pass_ < 3) row_ = kStarts.at(++pass_);
  }

 private:
  int height_;
  bool interlaced_;
  int row_ = 0;
  std::size_t pass_ = 0;
};

class GifReader {
 public:
  GifReader(ByteView bytes, Size size) : bytes_(bytes), canvas_(size, 4) {
    const std::uint32_t flags = byte_at(bytes_, kGifScreenEnd - 3);
    global_table_ = slice(bytes_, kGifScreenEnd, gif_table_bytes(flags));
    at_ = kGifScreenEnd + global_table_.size();
  }

  // How often it is shown: a count is of repetitions, none is once.
  int loops() const {
    const std::size_t block = bytes_.find("\x21\xFF\x0BNETSCAPE2.0\x03\x01"sv);
    if (block == ByteView::npos) return 1;
    constexpr std::size_t kCountAt = 16;
    constexpr int kLoopsMax = 65'535;  // that WebP holds
    const int count = static_cast<int>(little_endian_16(bytes_, block + kCountAt));
    return count == 0 ? 0 : std::min(count + 1, kLoopsMax);
  }

  Result<std::optional<Frame>> next() {
    dispose();
    Control control;
    for (;;) {
      const std::size_t begin = at_;
      const std::uint32_t block = byte_at(bytes_, begin);
      if (block == kGifExtension) {
        if (byte_at(bytes_, begin + 1) == kGifGraphicControl) control = control_at(begin + 3);
        at_ = begin + 2;
      } else if (block == kGifImage) {
        at_ = begin + kGifDescriptorBytes + gif_table_bytes(byte_at(bytes_, begin + 9)) + 1;
      } else {
        return std::nullopt;  // the trailer, or the end of the bytes
      }
      if (!skip_gif_sub_blocks(bytes_, at_)) return std::nullopt;
      if (block == kGifImage) return frame(begin, control);
    }
  }

 private:
  Control control_at(std::size_t at) const {
    constexpr int kHundredthMs = 10;
    Control control;
    const std::uint32_t flags = byte_at(bytes_, at);
    control.disposal = flags >> 2U & 7U;
    control.duration_ms = static_cast<int>(little_endian_16(bytes_, at + 1)) * kHundredthMs;
    if (control.duration_ms <= kHundredthMs) control.duration_ms = kUsualMs;
    if ((flags & kTransparencyFlag) != 0) {
      control.transparent = static_cast<int>(byte_at(bytes_, at + 3));
    }
    return control;
  }

  Result<std::optional<Frame>> frame(std::size_t descriptor, const Control& control) {
    const auto number = [&](std::size_t at) {
      return static_cast<int>(little_endian_16(bytes_, descriptor + at));
    };
    const Rectangle place{number(1), number(3), number(5), number(7)};
    // Else a few bytes could ask for any amount of work.
    if (place.width > canvas_.size.width || place.height > canvas_.size.height) {
      return corrupt("a frame is larger than the picture");
    }
    if (control.disposal == Control::restore) before_ = canvas_;
    disposal_ = control.disposal;
    drawn_ = place;
    const std::uint32_t flags = byte_at(bytes_, descriptor + 9);
    const ByteView local_table =
        slice(bytes_, descriptor + kGifDescriptorBytes, gif_table_bytes(flags));
    CHECKED(draw(descriptor + kGifDescriptorBytes + local_table.size(), place,
                 RowOrder(place.height, (flags & kInterlaceFlag) != 0),
                 local_table.empty() ? global_table_ : local_table, control.transparent));
    return Frame{canvas_, control.duration_ms};
  }

  Result<void> draw(std::size_t data, const Rectangle& place, RowOrder rows, ByteView table,
                    int transparent) {
    LzwReader indices(bytes_, data);
    for (int i = 0; i < place.height; ++i, rows.next()) {
      for (int x = 0; x < place.width; ++x) {
        const auto index = indices.next();
        if (!index) {
          if (indices.is_broken()) return corrupt("a frame is broken");
          return {};  // what is missing of a frame stays as it was
        }
        if (*index != transparent) paint(place.left + x, place.top + rows.row(), *index, table);
      }
    }
    return {};
  }

  void paint(int x, int y, int index, ByteView table) {
    if (x >= canvas_.size.width || y >= canvas_.size.height) return;
    std::uint8_t* const pixel = canvas_.at(x, y);
    for (std::size_t channel = 0; channel < 3; ++channel) {
      pixel[channel] =
          static_cast<std::uint8_t>(byte_at(table, 3 * static_cast<std::size_t>(index) + channel));
    }
    pixel[3] = 255;
  }

  // What the last frame asked for when its time is over.
  void dispose() {
    if (disposal_ == Control::restore) canvas_ = before_;
    if (disposal_ == Control::clear) {
      const int right = std::min(drawn_.left + drawn_.width, canvas_.size.width);
      const int bottom = std::min(drawn_.top + drawn_.height, canvas_.size.height);
      for (int y = drawn_.top; y < bottom; ++y) {
        for (int x = drawn_.left; x < right; ++x) std::fill_n(canvas_.at(x, y), 4, std::uint8_t{0});
      }
    }
    disposal_ = Control::keep;
  }

  ByteView bytes_;
  ByteView global_table_;
  std::size_t at_ = 0;
  Raster canvas_;
  Raster before_;  // as the canvas was before a frame that is to be undone
  std::uint32_t disposal_ = Control::keep;
  Rectangle drawn_;
};

}  // namespace

Result<FrameReader> read_gif_frames(ByteView whole, Size size) {
  // Shared, for a std::function can be copied.
  const auto reader = std::make_shared<GifReader>(whole, size);
  return FrameReader{reader->loops(), [reader] { return reader->next(); }};
}

}  // namespace miniatura
