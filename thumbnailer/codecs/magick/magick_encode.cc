#include "thumbnailer/codecs/magick/magick_encode.h"

#include <Magick++.h>
#include <fmt/core.h>

#include "thumbnailer/codecs/magick/magick_parts.h"

namespace miniatura {
namespace {

// The library takes JPEG's form of it for PNG, too, and WebP's as it is to stand there.
void attach_exif(Magick::Image& image, ImageFormat format, const Bytes& tiff) {
  using namespace std::string_view_literals;
  const Bytes exif = (format == ImageFormat::webp ? Bytes() : Bytes("Exif\0\0"sv)) + tiff;
  image.profile("EXIF", Magick::Blob(exif.data(), exif.size()));
}

// Of the three components, as the library has it.
const char* sampling_factors(Subsampling subsampling) {
  switch (subsampling) {
    case Subsampling::s420:
      return "2x2,1x1,1x1";
    case Subsampling::s422:
      return "2x1,1x1,1x1";
    case Subsampling::s444:
      return "1x1,1x1,1x1";
  }
  return nullptr;
}

}  // namespace

Result<Bytes> encode_by_magick(const Raster& raster, ImageFormat format, const Encoding& encoding) {
  initialise_magick();
  return guarded(ErrorCode::internal, format_name(format), [&]() -> Result<Bytes> {
    // A fresh image of nothing but pixels: no metadata of the source can be in it.
    Magick::Image image = image_of(raster);
    image.quiet(true);  // a warning about what was written is no reason not to have it
    image.depth(8);
    if (!encoding.icc_profile.empty()) {
      // Else what happens to be grey is written so, which the profile does not describe.
      image.type(raster.channels == 4 ? Magick::TrueColorMatteType : Magick::TrueColorType);
      image.iccColorProfile(Magick::Blob(encoding.icc_profile.data(), encoding.icc_profile.size()));
    }
    if (!encoding.exif.empty()) attach_exif(image, format, encoding.exif);
    constexpr unsigned kPngCompression = 75;  // zlib's level 7, filters chosen a row
    image.quality(format == ImageFormat::png ? kPngCompression
                                             : static_cast<unsigned>(encoding.quality));
    image.interlaceType(encoding.progressive ? Magick::LineInterlace : Magick::NoInterlace);
    if (format == ImageFormat::jpeg) {
      // Unset, it depends on the quality.
      MagickLib::CloneString(&image.imageInfo()->sampling_factor,
                             sampling_factors(encoding.subsampling));
      image.defineValue("JPEG", "optimize-coding", "true");
    }
    Magick::Blob blob;
    image.write(&blob, magick_coder(format));
    if (blob.length() == 0) {
      return fail(ErrorCode::internal, fmt::format("{}: nothing written", format_name(format)));
    }
    return Bytes(static_cast<const char*>(blob.data()), blob.length());
  });
}

}  // namespace miniatura
