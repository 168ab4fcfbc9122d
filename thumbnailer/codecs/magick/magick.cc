#include "thumbnailer/codecs/magick/magick.h"

#include <Magick++.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <utility>

#include "runtime/late_library.h"
#include "thumbnailer/codecs/magick/magick_light.h"
#include "thumbnailer/codecs/magick/magick_parts.h"
#include "thumbnailer/codecs/magick/magick_source.h"
#include "thumbnailer/colour.h"
#include "thumbnailer/source_colours.h"

extern "C" {  // the executable's own, where it loads the library late
[[gnu::weak]] extern const char kLateMagick[];
[[gnu::weak]] extern void* late_magick_slots[];
}

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

}  // namespace

Result<void> initialise_magick() {
  static LateLibrary library(kLateMagick, late_magick_slots);
  CHECKED(library.load());
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
  return {};
}

namespace {

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

Magick::Geometry magick_geometry(Size size) {
  Magick::Geometry geometry(static_cast<unsigned>(size.width), static_cast<unsigned>(size.height));
  geometry.aspect(true);  // exactly so, whatever the ratio
  return geometry;
}

Size size_of(const Magick::Image& image) {
  return {static_cast<int>(image.columns()), static_cast<int>(image.rows())};
}

}  // namespace

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
  image.fileName(magick_coder(header.format) + ":");
  image.subRange(1);  // behind a BMP there may be others, of any size
  if (denominator > 1) {
    // It shrinks by the ratio of the sizes, rounded down, and never below the hint.
    image.size(Magick::Geometry(static_cast<unsigned>(header.width / denominator),
                                static_cast<unsigned>(header.height / denominator)));
  }
  try {
    image.read(Magick::Blob(essential.data(), essential.size()));
  } catch (const std::exception& warning) {
    if (!is_magick("Warning", warning)) throw;
    if (tells_of_damage(warning.what())) {
      return fail(ErrorCode::image_corrupt,
                  fmt::format("{}: {}", format_name(header.format), cropped_line(warning.what())));
    }
  }
  const Magick::Blob profile = image.iccColorProfile();
  return Bytes(static_cast<const char*>(profile.data()), profile.length());
}

Size expected_size(const ImageHeader& header, int denominator) {
  if (header.frame) return {header.frame->width, header.frame->height};
  return shrunk_size({header.width, header.height}, denominator);
}

}  // namespace

Result<MagickImage> MagickImage::decode(ByteView essential, const ImageHeader& header,
                                        int denominator) {
  CHECKED(initialise_magick());
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
      impl->colours = source_colours(header, std::move(icc_profile));
    }
    if (header.frame) image = on_its_canvas(image, header);
    return MagickImage(std::move(impl));
  });
}

Size MagickImage::size() const { return size_of(impl_->image); }

Result<MagickImage> MagickImage::resized(Size size, Light light) const {
  return guarded(ErrorCode::internal, "resize", [&]() -> Result<MagickImage> {
    auto impl = std::make_unique<Impl>(*impl_);
    if (size_of(impl->image) != size) {
      if (light == Light::linear) to_linear_light(impl->image);
      // Unset, the filter depends on whether there is alpha.
      impl->image.resize(magick_geometry(size), MagickLib::LanczosFilter, 1.0);
      if (light == Light::linear) from_linear_light(impl->image);
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

Result<Raster> MagickImage::raster(Colours colours) const {
  return raster_of(impl_->image, impl_->colours.conversion(colours));
}

Bytes MagickImage::icc_profile() const { return impl_->colours.icc_profile; }

Result<MagickImage> MagickImage::frame(const Raster& raster) const {
  return guarded(ErrorCode::internal, "pixels", [&]() -> Result<MagickImage> {
    auto impl = std::make_unique<Impl>();
    impl->image = image_of(raster);
    impl->colours = impl_->colours;
    return MagickImage(std::move(impl));
  });
}

}  // namespace miniatura
