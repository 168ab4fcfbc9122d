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
#include "thumbnailer/colour.h"

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

Bytes profile_of(const Magick::Image& image) {
  const Magick::Blob blob = image.iccColorProfile();
  return {static_cast<const char*>(blob.data()), blob.length()};
}

void convert(Raster& raster, const ToSrgb& to_srgb) {
  constexpr unsigned kWiden = 257;  // 8 bits to 16
  const auto step = static_cast<std::size_t>(raster.channels);
  const auto numbers = static_cast<std::size_t>(to_srgb.model());
  const auto width = static_cast<std::size_t>(raster.size.width);
  std::vector<std::uint16_t> stored(width * numbers);
  std::vector<std::uint16_t> rgb(width * 3);
  for (int y = 0; y < raster.size.height; ++y) {
    std::uint8_t* const row = raster.at(0, y);
    for (std::size_t i = 0; i < stored.size(); ++i) {
      stored[i] = static_cast<std::uint16_t>(row[i / numbers * step + i % numbers] * kWiden);
    }
    to_srgb.convert(stored.data(), rgb.data(), width);
    for (std::size_t i = 0; i < rgb.size(); ++i) {
      row[i / 3 * step + i % 3] = static_cast<std::uint8_t>((rgb[i] + kWiden / 2) / kWiden);
    }
  }
}

Size size_of(const Magick::Image& image) {
  return {static_cast<int>(image.columns()), static_cast<int>(image.rows())};
}

}  // namespace

struct MagickImage::Impl {
  Magick::Image image;
  std::shared_ptr<const ToSrgb> to_srgb;  // nothing: the pixels are sRGB
  Bytes icc_profile;                      // of red, green and blue that are not

  void take_profile() {
    const Bytes profile = profile_of(image);
    if (profile.empty()) return;
    to_srgb = ToSrgb::by(profile, ColourModel::rgb);
    if (to_srgb) {
      icc_profile = profile;
    } else {
      to_srgb = ToSrgb::by(profile, ColourModel::grey);
    }
  }
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
    // What was made RGB of inks is no longer what its profile is for.
    if (image.colorSpace() != Magick::CMYKColorspace) impl->take_profile();
    // Before resizing: that takes the fourth channel for transparency.
    if (image.colorSpace() != Magick::RGBColorspace) image.colorSpace(Magick::RGBColorspace);
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

Result<Raster> MagickImage::raster(Colours colours) const {
  return guarded(ErrorCode::internal, "pixels", [&]() -> Result<Raster> {
    Magick::Image image = impl_->image;
    const bool alpha = image.matte();
    Raster raster(size(), alpha ? 4 : 3);
    image.write(0, 0, static_cast<unsigned>(raster.size.width),
                static_cast<unsigned>(raster.size.height), alpha ? "RGBA" : "RGB",
                Magick::CharPixel, raster.pixels.data());
    const bool stays = colours == Colours::own && !impl_->icc_profile.empty();
    if (impl_->to_srgb && !stays) convert(raster, *impl_->to_srgb);
    return raster;
  });
}

Bytes MagickImage::icc_profile() const { return impl_->icc_profile; }

Result<MagickImage> MagickImage::frame(const Raster& raster) const {
  return guarded(ErrorCode::internal, "pixels", [&]() -> Result<MagickImage> {
    auto impl = std::make_unique<Impl>();
    impl->image = image_of(raster);
    impl->to_srgb = impl_->to_srgb;
    impl->icc_profile = impl_->icc_profile;
    return MagickImage(std::move(impl));
  });
}

}  // namespace miniatura
