#include "thumbnailer/codecs/magick.h"

#include <Magick++.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <utility>

#include "thumbnailer/codecs/magick_light.h"
#include "thumbnailer/codecs/magick_parts.h"

namespace miniatura {
namespace {

// The names under which the library knows a format that is read or written here.
constexpr std::array<std::string_view, 3> kCoders = {"JPEG", "PNG", "WEBP"};

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

}  // namespace

void initialise_magick() {
  static std::once_flag once;
  std::call_once(once, [] {
    MagickLib::ExceptionInfo exception;
    MagickLib::GetExceptionInfo(&exception);
    // Its signal handlers are not wanted: they are the program's own matter.
    MagickLib::InitializeMagickEx(nullptr, MAGICK_OPT_NO_SIGNAL_HANDER, &exception);
    MagickLib::DestroyExceptionInfo(&exception);
    remove_other_coders();
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

namespace {

// A decoder's warning after which pixels are missing or wrong, as libjpeg and libpng word it. The
// others (a wrong version, bytes too many) are common in good pictures.
bool tells_of_damage(std::string_view warning) {
  constexpr std::array<std::string_view, 6> kDamage = {"remature end",          "bad Huffman code",
                                                       "found marker",          "CRC error",
                                                       "not enough image data", "Truncated"};
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

struct MagickImage::Impl {
  Magick::Image image;
  bool keeps_profile = true;
};

MagickImage::MagickImage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MagickImage::MagickImage(MagickImage&&) noexcept = default;
MagickImage& MagickImage::operator=(MagickImage&&) noexcept = default;
MagickImage::~MagickImage() = default;

Result<MagickImage> MagickImage::decode(ByteView essential, const ImageHeader& header,
                                        int denominator) {
  initialise_magick();
  const std::string_view name = format_name(header.format);
  return guarded(ErrorCode::image_corrupt, name, [&]() -> Result<MagickImage> {
    auto impl = std::make_unique<Impl>();
    Magick::Image& image = impl->image;
    // The coder as a prefix of a file name is the one way to keep the library from guessing.
    image.fileName(magick_coder(header.format) + ":");
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
                    fmt::format("{}: {}", name, cropped_line(warning.what())));
      }
    }
    const Size expected = shrunk_size({header.width, header.height}, denominator);
    if (size_of(image) != expected) {
      return fail(ErrorCode::image_corrupt,
                  fmt::format("{}: decoded to {}x{} instead of {}x{}", name, image.columns(),
                              image.rows(), expected.width, expected.height));
    }
    if (image.colorSpace() != Magick::RGBColorspace) {
      // Before resizing: that takes the fourth channel for transparency.
      impl->keeps_profile = image.colorSpace() != Magick::CMYKColorspace;
      image.colorSpace(Magick::RGBColorspace);
    }
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

Result<Raster> MagickImage::raster() const {
  return guarded(ErrorCode::internal, "pixels", [&]() -> Result<Raster> {
    Magick::Image image = impl_->image;
    const bool alpha = image.matte();
    Raster raster(size(), alpha ? 4 : 3);
    image.write(0, 0, static_cast<unsigned>(raster.size.width),
                static_cast<unsigned>(raster.size.height), alpha ? "RGBA" : "RGB",
                Magick::CharPixel, raster.pixels.data());
    return raster;
  });
}

Bytes MagickImage::icc_profile() const {
  if (!impl_->keeps_profile) return {};
  const Magick::Blob blob = impl_->image.iccColorProfile();
  const ByteView profile(static_cast<const char*>(blob.data()), blob.length());
  // What a viewer takes for granted anyway need not be stored with every thumbnail.
  if (profile.find("sRGB IEC61966-2.1") != ByteView::npos) return {};
  const ByteView space = profile_space(profile);
  return space == "RGB " || space == "GRAY" ? Bytes(profile) : Bytes();
}

Result<MagickImage> MagickImage::of(const Raster& raster) {
  initialise_magick();
  return guarded(ErrorCode::internal, "pixels", [&]() -> Result<MagickImage> {
    auto impl = std::make_unique<Impl>();
    impl->image = image_of(raster);
    return MagickImage(std::move(impl));
  });
}

}  // namespace miniatura
