#include "thumbnailer/codecs/magick.h"

#include <Magick++.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <utility>

#include "thumbnailer/codecs/magick_source.h"
#include "thumbnailer/colour.h"

namespace miniatura {
namespace {

// The names under which the library knows a format that it reads or writes here.
constexpr std::array<std::string_view, 6> kCoders = {"JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"};

// Beyond what admission lets in: a net for estimates that are wrong, not the limit itself.
constexpr MagickLib::magick_int64_t kMemoryBytesMax = MagickLib::magick_int64_t{4} << 30;

// All other coders go: what is not there cannot be reached by a disguised input.
void remove_other_coders() {
  MagickLib::ExceptionInfo exception;
  MagickLib::GetExceptionInfo(&exception);
  MagickLib::MagickInfo** const coders = MagickLib::GetMagickInfoArray(&exception);
  std::vector<std::string> names;
  for (std::size_t i = 0; coders != nullptr && coders[i] != nullptr; ++i) {
    names.emplace_back(coders[i]->name);
  }
  MagickLib::MagickFree(coders);
  for (const std::string& name : names) {
    if (std::find(kCoders.begin(), kCoders.end(), name) == kCoders.end()) {
      MagickLib::UnregisterMagickInfo(name.c_str());
    }
  }
  MagickLib::DestroyExceptionInfo(&exception);
}

// Formats that the library leaves to foreign programs are listed in a file of its configuration,
// which it reads when it first asks for the list and finds it empty: so it never reads it.
void forget_foreign_programs() {
  char nothing[] = "";
  MagickLib::DelegateInfo none = {};
  none.decode = none.encode = none.commands = nothing;
  none.stealth = MagickTrue;
  none.signature = MagickSignature;
  MagickLib::SetDelegateInfo(&none)->path = nullptr;
}

void initialise() {
  static std::once_flag once;
  std::call_once(once, [] {
    MagickLib::ExceptionInfo exception;
    MagickLib::GetExceptionInfo(&exception);
    // Its signal handlers are not wanted: they are the program's own matter.
    MagickLib::InitializeMagickEx(nullptr, MAGICK_OPT_NO_SIGNAL_HANDER, &exception);
    MagickLib::DestroyExceptionInfo(&exception);
    remove_other_coders();
    forget_foreign_programs();
    // Pixels live in memory or nowhere: no temporary files.
    MagickLib::SetMagickResourceLimit(MagickLib::MapResource, 0);
    MagickLib::SetMagickResourceLimit(MagickLib::DiskResource, 0);
    MagickLib::SetMagickResourceLimit(MagickLib::MemoryResource, kMemoryBytesMax);
  });
  // OpenMP keeps its number of threads a thread: said to each that comes here.
  static thread_local const bool one_thread =
      MagickLib::SetMagickResourceLimit(MagickLib::ThreadsResource, 1) != MagickFail;
  (void)one_thread;
}

std::string one_line(std::string text) {
  constexpr std::size_t kLengthMax = 200;
  text.resize(std::min(text.size(), kLengthMax));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

// Runs `work`, whose exceptions become errors: `otherwise` for those that are not about memory.
template <class Work>
auto guarded(ErrorCode otherwise, std::string_view what, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::memory_exhausted, fmt::format("{}: out of memory", what));
  } catch (const Magick::ErrorResourceLimit& e) {
    return fail(ErrorCode::memory_exhausted, fmt::format("{}: {}", what, one_line(e.what())));
  } catch (const Magick::ErrorCache& e) {
    return fail(ErrorCode::memory_exhausted, fmt::format("{}: {}", what, one_line(e.what())));
  } catch (const Magick::Exception& e) {
    return fail(otherwise, fmt::format("{}: {}", what, one_line(e.what())));
  }
}

// A decoder's warning after which pixels are missing or wrong, as libjpeg, libpng and libtiff word
// it. The others (a wrong version, bytes too many) are common in good pictures.
bool tells_of_damage(std::string_view warning) {
  constexpr std::array<std::string_view, 8> kDamage = {
      "remature end",          "bad Huffman code", "found marker",    "CRC error",
      "not enough image data", "Truncated",        "Not enough data", "Read error"};
  return std::any_of(kDamage.begin(), kDamage.end(), [&](std::string_view text) {
    return warning.find(text) != std::string_view::npos;
  });
}

std::string coder_of(ImageFormat format) {
  std::string name(format_name(format));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return name;
}

Magick::Geometry magick_geometry(Size size) {
  Magick::Geometry geometry(static_cast<unsigned>(size.width), static_cast<unsigned>(size.height));
  geometry.aspect(true);  // exactly so, whatever the ratio
  return geometry;
}

Size size_of(const Magick::Image& image) {
  return {static_cast<int>(image.columns()), static_cast<int>(image.rows())};
}

// The colour space that an ICC profile is for: "RGB ", "GRAY", …
ByteView profile_space(ByteView icc_profile) {
  return icc_profile.size() >= 128 ? icc_profile.substr(16, 4) : ByteView();
}

bool is_grey(const Raster& raster) {
  const auto step = static_cast<std::size_t>(raster.channels);
  for (std::size_t i = 0; i < raster.pixels.size(); i += step) {
    if (raster.pixels[i] != raster.pixels[i + 1] || raster.pixels[i] != raster.pixels[i + 2]) {
      return false;
    }
  }
  return true;
}

// Gives the encoded picture the profile if it goes with the channels that will be written.
void attach_profile(Magick::Image& image, const Raster& raster, ImageFormat format,
                    ByteView icc_profile) {
  const bool alpha = raster.channels == 4;
  if (profile_space(icc_profile) == "GRAY") {
    // WebP has no grey; a grey profile on RGB is refused by viewers.
    if (format == ImageFormat::webp || !is_grey(raster)) return;
    image.type(alpha ? Magick::GrayscaleMatteType : Magick::GrayscaleType);
  } else {
    image.type(alpha ? Magick::TrueColorMatteType : Magick::TrueColorType);
  }
  image.iccColorProfile(Magick::Blob(icc_profile.data(), icc_profile.size()));
}

int side_max(ImageFormat format) {
  constexpr int kJpegSideMax = 65'500;  // libjpeg's
  constexpr int kWebpSideMax = 16'383;
  return format == ImageFormat::webp ? kWebpSideMax : kJpegSideMax;
}

Result<Bytes> encode_with_profile(const Raster& raster, ImageFormat format, int quality,
                                  ByteView icc_profile) {
  return guarded(ErrorCode::internal, format_name(format), [&]() -> Result<Bytes> {
    // A fresh image of nothing but pixels: no metadata of the source can be in it.
    Magick::Image image(
        static_cast<unsigned>(raster.size.width), static_cast<unsigned>(raster.size.height),
        raster.channels == 4 ? "RGBA" : "RGB", Magick::CharPixel, raster.pixels.data());
    image.quiet(true);  // a warning about what was written is no reason not to have it
    image.matte(raster.channels == 4);
    image.depth(8);
    if (!icc_profile.empty()) attach_profile(image, raster, format, icc_profile);
    constexpr unsigned kPngCompression = 75;  // zlib's level 7, filters chosen a row
    image.quality(format == ImageFormat::png ? kPngCompression : static_cast<unsigned>(quality));
    image.interlaceType(Magick::NoInterlace);
    if (format == ImageFormat::jpeg) {
      // Unset, it depends on the quality.
      MagickLib::CloneString(&image.imageInfo()->sampling_factor, "2x2,1x1,1x1");
      image.defineValue("JPEG", "optimize-coding", "true");
    }
    Magick::Blob blob;
    image.write(&blob, coder_of(format));
    if (blob.length() == 0) {
      return fail(ErrorCode::internal, fmt::format("{}: nothing written", format_name(format)));
    }
    return Bytes(static_cast<const char*>(blob.data()), blob.length());
  });
}

}  // namespace

struct MagickImage::Impl {
  Magick::Image image;
  Bytes icc_profile;                      // which the numbers follow; empty: they are sRGB
  std::shared_ptr<const ToSrgb> to_srgb;  // nothing where they are it, or no one can say
};

MagickImage::MagickImage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MagickImage::MagickImage(MagickImage&&) noexcept = default;
MagickImage& MagickImage::operator=(MagickImage&&) noexcept = default;
MagickImage::~MagickImage() = default;

namespace {

// The picture by one of the library's own coders, which is told and never guesses. Gives its colour
// profile.
Result<Bytes> read_by_coder(ByteView essential, const ImageHeader& header, int denominator,
                            Magick::Image& image) {
  // The coder as a prefix of a file name is the one way to keep the library from guessing.
  image.fileName(coder_of(header.format) + ":");
  image.subRange(1);  // behind a BMP there may be others, of any size
  if (denominator > 1) {
    // It shrinks by the ratio of the sizes, rounded down, and never below the hint.
    image.size(Magick::Geometry(static_cast<unsigned>(header.width / denominator),
                                static_cast<unsigned>(header.height / denominator)));
  }
  try {
    image.read(Magick::Blob(essential.data(), essential.size()));
  } catch (const Magick::Warning& warning) {
    if (tells_of_damage(warning.what())) {
      return fail(ErrorCode::image_corrupt,
                  fmt::format("{}: {}", format_name(header.format), one_line(warning.what())));
    }
  }
  const Magick::Blob profile = image.iccColorProfile();
  return Bytes(static_cast<const char*>(profile.data()), profile.length());
}

Size expected_size(const ImageHeader& header, int denominator) {
  if (header.frame) return {header.frame->width, header.frame->height};
  return shrunk_size({header.width, header.height}, denominator);
}

// How the numbers become sRGB: nothing where they are it already.
std::shared_ptr<const ToSrgb> conversion_of(const ImageHeader& header, ByteView icc_profile) {
  const bool grey = profile_space(icc_profile) == "GRAY";
  if (grey && (header.channels > 2 || header.palette)) return nullptr;
  return ToSrgb::by(icc_profile, grey ? ColourModel::grey : ColourModel::rgb);
}

}  // namespace

Result<MagickImage> MagickImage::decode(ByteView essential, const ImageHeader& header,
                                        int denominator) {
  initialise();
  const std::string_view name = format_name(header.format);
  return guarded(ErrorCode::image_corrupt, name, [&]() -> Result<MagickImage> {
    auto impl = std::make_unique<Impl>();
    Magick::Image& image = impl->image;
    TRY(icc_profile, header.format == ImageFormat::heic || header.format == ImageFormat::avif
                         ? read_heif(essential, image)
                         : read_by_coder(essential, header, denominator, image));
    const Size expected = expected_size(header, denominator);
    if (size_of(image) != expected) {
      return fail(ErrorCode::image_corrupt,
                  fmt::format("{}: decoded to {}x{} instead of {}x{}", name, image.columns(),
                              image.rows(), expected.width, expected.height));
    }
    if (image.colorSpace() == Magick::CMYKColorspace) {
      convert_inks(image, header, icc_profile);
    } else {
      if (image.colorSpace() != Magick::RGBColorspace) image.colorSpace(Magick::RGBColorspace);
      impl->to_srgb = conversion_of(header, icc_profile);
      if (impl->to_srgb) impl->icc_profile = std::move(icc_profile);
    }
    if (header.frame) image = on_its_canvas(image, header);
    return MagickImage(std::move(impl));
  });
}

Size MagickImage::size() const { return size_of(impl_->image); }

Result<MagickImage> MagickImage::resized(Size size) const {
  return guarded(ErrorCode::internal, "resize", [&]() -> Result<MagickImage> {
    auto impl = std::make_unique<Impl>(*impl_);
    if (size_of(impl->image) != size) {
      // Unset, the filter depends on whether there is alpha.
      impl->image.resize(magick_geometry(size), MagickLib::LanczosFilter, 1.0);
    }
    return MagickImage(std::move(impl));
  });
}

namespace {

// A row's numbers, of so many channels, as sRGB.
void convert_row(const ToSrgb& to_srgb, std::size_t channels, std::vector<std::uint16_t>& row) {
  const std::size_t width = row.size() / channels;
  // Of grey, red, green and blue are all the same.
  const auto numbers = static_cast<std::size_t>(to_srgb.model());
  std::vector<std::uint16_t> stored(width * numbers);
  std::vector<std::uint16_t> rgb(width * 3);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    stored[i] = row[i / numbers * channels + i % numbers];
  }
  to_srgb.convert(stored.data(), rgb.data(), width);
  for (std::size_t i = 0; i < rgb.size(); ++i) row[i / 3 * channels + i % 3] = rgb[i];
}

Result<Raster> raster_of(Magick::Image image, const ToSrgb* to_srgb) {
  return guarded(ErrorCode::internal, "pixels", [&]() -> Result<Raster> {
    constexpr unsigned kFull = 65'535;
    const bool alpha = image.matte();
    const std::size_t channels = alpha ? 4 : 3;
    Raster raster(size_of(image), static_cast<int>(channels));
    std::vector<std::uint16_t> row(image.columns() * channels);
    for (int y = 0; y < raster.size.height; ++y) {
      image.write(0, y, image.columns(), 1, alpha ? "RGBA" : "RGB", Magick::ShortPixel, row.data());
      if (to_srgb != nullptr) convert_row(*to_srgb, channels, row);
      // Rounded: the library's own way to 8 bits cuts off.
      std::transform(row.begin(), row.end(), raster.at(0, y), [](unsigned number) {
        return static_cast<std::uint8_t>((number * 255 + kFull / 2) / kFull);
      });
    }
    return raster;
  });
}

}  // namespace

Result<Raster> MagickImage::raster() const { return raster_of(impl_->image, nullptr); }

Result<Raster> MagickImage::srgb_raster() const {
  return raster_of(impl_->image, impl_->to_srgb.get());
}

Bytes MagickImage::icc_profile() const { return impl_->icc_profile; }

Result<Bytes> encode(const Raster& raster, ImageFormat format, int quality, ByteView icc_profile) {
  initialise();
  const std::string coder = coder_of(format);
  if (!output_format_named(format_name(format))) {
    return fail(ErrorCode::image_unsupported, fmt::format("{} is not written", coder));
  }
  const int side = std::max(raster.size.width, raster.size.height);
  if (side > side_max(format)) {
    return fail(ErrorCode::image_too_large,
                fmt::format("a thumbnail of {}x{}: {} holds {} at most", raster.size.width,
                            raster.size.height, format_name(format), side_max(format)));
  }
  auto encoded = encode_with_profile(raster, format, quality, icc_profile);
  if (!encoded && encoded.error().code == ErrorCode::internal && !icc_profile.empty()) {
    return encode_with_profile(raster, format, quality, {});  // libpng refuses some profiles
  }
  return encoded;
}

}  // namespace miniatura
