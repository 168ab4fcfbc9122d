#include "thumbnailer/codecs/png/png_decode.h"

#include <fmt/core.h>
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <memory>
#include <new>

#include "runtime/text.h"
#include "thumbnailer/codecs/png/png_inflate.h"
#include "thumbnailer/codecs/png/png_rows.h"
#include "thumbnailer/codecs/png/png_unfilter.h"

namespace miniatura {
namespace {

// libpng and what it is given. It leaves by longjmp: only what `guarded` calls may call it, and
// nothing there has a destructor.
class Reader {
 public:
  explicit Reader(ByteView bytes)
      : bytes_(bytes),
        png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning)) {
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
    png_set_read_fn(png_, this, read);
    // A wrong checksum is damage, wherever it is.
    png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  png_structp png() { return png_; }
  png_infop info() { return info_; }
  std::size_t position() const { return position_; }
  ByteView bytes() const { return bytes_; }

  // Whether `work`, which must keep nothing that is to be destroyed, ran to its end.
  template <class Work>
  bool guarded(Work work) {
    if (setjmp(jump_) != 0) return false;  // NOLINT(cert-err52-cpp): the library's way to fail
    work(png_, info_);
    return true;
  }

  tl::unexpected<Error> failure() const {
    constexpr std::string_view kMemory = "emory";  // "Out of memory", "Insufficient memory …"
    const std::string_view text = message_;
    const bool memory = text.find(kMemory) != std::string_view::npos;
    return fail(memory ? ErrorCode::memory_exhausted : ErrorCode::image_corrupt,
                fmt::format("png: {}", one_line(text)));
  }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    auto* const self = static_cast<Reader*>(png_get_error_ptr(png));
    std::strncpy(self->message_, message, sizeof(self->message_) - 1);
    std::longjmp(self->jump_, 1);  // NOLINT(cert-err52-cpp)
  }
  static void on_warning(png_structp, png_const_charp) {}  // common in good pictures

  static void read(png_structp png, png_bytep to, std::size_t count) {
    auto* const self = static_cast<Reader*>(png_get_io_ptr(png));
    if (count > self->bytes_.size() - self->position_) png_error(png, "Truncated");
    std::memcpy(to, self->bytes_.data() + self->position_, count);
    self->position_ += count;
  }

  ByteView bytes_;
  std::size_t position_ = 0;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf jump_{};
  char message_[160] = {};
};

// What is said before the pixels.
struct Start {
  Size size;
  PngKind kind;
  bool interlaced = false;
  Bytes icc_profile;
};

void take_palette(Reader& reader, PngKind& kind) {
  png_colorp colours = nullptr;
  int count = 0;
  png_get_PLTE(reader.png(), reader.info(), &colours, &count);
  for (auto& colour : kind.colours) colour = {0, 0, 0, 255};
  for (int i = 0; i < std::min(count, 256); ++i) {
    kind.colours.at(static_cast<std::size_t>(i)) = {colours[i].red, colours[i].green,
                                                    colours[i].blue, 255};
  }
}

void take_transparency(Reader& reader, PngKind& kind) {
  png_bytep alphas = nullptr;
  int count = 0;
  png_color_16p colour = nullptr;
  if (png_get_tRNS(reader.png(), reader.info(), &alphas, &count, &colour) == 0) return;
  if (kind.palette) {
    kind.transparent_colours = alphas != nullptr && count > 0;
    for (int i = 0; i < std::min(count, 256) && alphas != nullptr; ++i) {
      kind.colours.at(static_cast<std::size_t>(i))[3] = alphas[i];
    }
  } else if (colour != nullptr) {
    const auto mask = static_cast<std::uint16_t>((1U << static_cast<unsigned>(kind.bits)) - 1);
    const auto number = [&](png_uint_16 stored) {
      return static_cast<std::uint16_t>(stored & mask);
    };
    if (kind.channels == 1) {
      kind.transparent = {number(colour->gray), 0, 0};
    } else {
      kind.transparent = {number(colour->red), number(colour->green), number(colour->blue)};
    }
  }
}

// libpng has vetted it: it is of the picture's own kind of colours.
Bytes profile_of(Reader& reader) {
  png_charp name = nullptr;
  int compression = 0;
  png_bytep profile = nullptr;
  png_uint_32 size = 0;
  if (png_get_iCCP(reader.png(), reader.info(), &name, &compression, &profile, &size) == 0) {
    return {};
  }
  return Bytes(reinterpret_cast<const char*>(profile), size);
}

Result<Start> read_start(Reader& reader) {
  if (!reader.guarded([](png_structp png, png_infop info) { png_read_info(png, info); })) {
    return reader.failure();
  }
  png_structp const png = reader.png();
  png_infop const info = reader.info();
  Start start;
  start.size = {static_cast<int>(png_get_image_width(png, info)),
                static_cast<int>(png_get_image_height(png, info))};
  start.interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
  start.kind.bits = png_get_bit_depth(png, info);
  start.kind.channels = png_get_channels(png, info);
  start.kind.palette = png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE;
  if (start.kind.palette) take_palette(reader, start.kind);
  take_transparency(reader, start.kind);
  start.icc_profile = profile_of(reader);
  return start;
}

// False: it is not that sound. `rows` then got none, or all before one of a filter that there is
// not.
Result<bool> read_fast(Reader& reader, const Start& start, PngRows& rows) {
  constexpr std::size_t kChunkStart = 8;  // of the first IDAT, which libpng has read
  const std::size_t row_bytes = start.kind.row_bytes(start.size.width);
  const auto height = static_cast<std::size_t>(start.size.height);
  const auto filtered = inflated_image_data(reader.bytes(), reader.position() - kChunkStart,
                                            (row_bytes + 1) * height, kUnfilterSlackBytes);
  if (filtered == nullptr) return false;
  const std::vector<std::uint8_t> zeros(row_bytes + kUnfilterSlackBytes);
  const std::uint8_t* above = zeros.data();
  for (std::size_t y = 0; y < height; ++y) {
    std::uint8_t* const row = filtered.get() + y * (row_bytes + 1) + 1;
    if (!unfilter(row[-1], row, above, row_bytes, start.kind.pixel_bytes())) {
      return fail(ErrorCode::image_corrupt, fmt::format("png: there is no filter {}", row[-1]));
    }
    rows.add(row);
    above = row;
  }
  return true;
}

// Row by row; all at once where they come interlaced.
Result<void> read_slowly(Reader& reader, const Start& start, PngRows& rows) {
  const auto height = static_cast<std::size_t>(start.size.height);
  const std::size_t row_bytes = start.kind.row_bytes(start.size.width);
  // Zeros: of an interlaced picture libpng leaves bits that are not of a pixel.
  std::vector<std::uint8_t> pixels(row_bytes * (start.interlaced ? height : 1));
  std::uint8_t* const first = pixels.data();
  const bool interlaced = start.interlaced;
  const auto read = [=](png_structp png, png_infop) {
    const int passes = interlaced ? png_set_interlace_handling(png) : 1;
    for (int pass = 0; pass < passes; ++pass) {
      for (std::size_t y = 0; y < (interlaced ? height : 1); ++y) {
        png_read_row(png, first + y * row_bytes, nullptr);
      }
    }
  };
  if (interlaced && !reader.guarded(read)) return reader.failure();
  for (std::size_t y = 0; y < height; ++y) {
    if (!interlaced && !reader.guarded(read)) return reader.failure();
    rows.add(first + (interlaced ? y * row_bytes : 0));
  }
  const auto read_end = [](png_structp png, png_infop) { png_read_end(png, nullptr); };
  if (!reader.guarded(read_end)) return reader.failure();
  return {};
}

Result<DecodedPicture> decode(ByteView essential, const ImageHeader& header, int denominator) {
  Reader reader(essential);
  TRY(start, read_start(reader));
  if (start.size != (header.frame ? Size{header.frame->width, header.frame->height}
                                  : Size{header.width, header.height})) {
    return fail(ErrorCode::image_corrupt,
                fmt::format("png: {}x{} pixels instead of {}x{}", start.size.width,
                            start.size.height, header.width, header.height));
  }
  PngRows rows(start.kind, header, denominator);
  bool done = false;
  if (!start.interlaced) {
    TRY(fast, read_fast(reader, start, rows));
    done = fast;
  }
  if (!done) CHECKED(read_slowly(reader, start, rows));
  return DecodedPicture{rows.planes(), std::move(start.icc_profile)};
}

}  // namespace

Result<DecodedPicture> decode_png(ByteView essential, const ImageHeader& header, int denominator) {
  try {
    return decode(essential, header, denominator);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::memory_exhausted, "png: out of memory");
  }
}

}  // namespace miniatura
