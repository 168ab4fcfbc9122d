#include "thumbnailer/codecs/magick/magick_decode.h"

#include <Magick++.h>

#include <vector>

#include "thumbnailer/codecs/magick/magick.h"
#include "thumbnailer/codecs/magick/magick_parts.h"
#include "thumbnailer/plane_writer.h"

namespace miniatura {
namespace {

constexpr unsigned kFull = 65'535;

bool is_grey(const ImageHeader& header) {
  return header.channels <= 2 && !header.palette && !header.cmyk;
}

void take_row(const Magick::PixelPacket* pixels, bool grey, bool alpha,
              std::vector<std::uint16_t>& row) {
  auto to = row.begin();
  while (to != row.end()) {
    *to++ = pixels->red;
    if (!grey) {
      *to++ = pixels->green;
      *to++ = pixels->blue;
    }
    if (alpha) *to++ = static_cast<std::uint16_t>(kFull - pixels->opacity);
    ++pixels;
  }
}

}  // namespace

Result<Planes> MagickImage::planes(const ImageHeader& header, int denominator) const {
  return guarded(ErrorCode::internal, "pixels", [&]() -> Result<Planes> {
    const Magick::Image& image = impl_->image;
    const bool grey = is_grey(header);
    const bool alpha = image.matte();
    const int channels = (grey ? 1 : 3) + (alpha ? 1 : 0);
    const bool shrunk = header.format == ImageFormat::jpeg && denominator > 1;
    // It lies on its canvas already.
    ImageHeader as_it_is;
    as_it_is.width = size().width;
    as_it_is.height = size().height;
    PlaneWriter writer(as_it_is, {channels, 16}, shrunk ? 1 : denominator);
    std::vector<std::uint16_t> row(static_cast<std::size_t>(size().width) *
                                   static_cast<std::size_t>(channels));
    for (int y = 0; y < size().height; ++y) {
      take_row(image.getConstPixels(0, y, image.columns(), 1), grey, alpha, row);
      writer.add(static_cast<const std::uint16_t*>(row.data()));
    }
    Planes planes = writer.planes();
    planes.stored = {header.width, header.height};
    if (!shrunk) return planes;
    for (std::vector<Plane>* some : {&planes.colour, &planes.alpha}) {
      for (Plane& plane : *some) plane.across = plane.down = 1.0 / denominator;
    }
    return planes;
  });
}

Bytes MagickImage::profile_of_planes(const ImageHeader& header) const {
  if (header.cmyk) return {};
  const Magick::Blob profile = impl_->image.iccColorProfile();
  Bytes bytes(static_cast<const char*>(profile.data()), profile.length());
  if (profile_space(bytes) == "GRAY" && !is_grey(header)) return {};
  return bytes;
}

Result<DecodedPicture> decode_by_magick(ByteView essential, const ImageHeader& header,
                                        int denominator) {
  const int in_decoding = header.format == ImageFormat::jpeg ? denominator : 1;
  TRY(image, MagickImage::decode(essential, header, in_decoding));
  TRY(planes, image.planes(header, denominator));
  return DecodedPicture{std::move(planes), image.profile_of_planes(header)};
}

}  // namespace miniatura
