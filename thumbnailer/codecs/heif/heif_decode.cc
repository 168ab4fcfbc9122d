#include "thumbnailer/codecs/heif/heif_decode.h"

#include <fmt/core.h>

#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/late_library.h"
#include "thumbnailer/box_shrink.h"
#include "thumbnailer/codecs/heif/heif.h"
#include "thumbnailer/codecs/heif/heif_file.h"
#include "thumbnailer/plane_writer.h"

extern "C" {  // the executable's own, where it loads the library late
[[gnu::weak]] extern const char kLateHeif[];
[[gnu::weak]] extern void* late_heif_slots[];
}

namespace miniatura {
namespace {

// What of the decoded picture is shown.
Rectangle shown(const ImageHeader& header) {
  const Rectangle frame = header.frame.value_or(Rectangle{0, 0, header.width, header.height});
  return {-frame.left, -frame.top, header.width, header.height};
}

Size decoded_size(const ImageHeader& header) {
  if (header.frame) return {header.frame->width, header.frame->height};
  return {header.width, header.height};
}

Result<void> check_size(Size size, const ImageHeader& header) {
  const Size expected = decoded_size(header);
  if (size == expected) return {};
  return fail(ErrorCode::image_corrupt,
              fmt::format("HEIF: decoded to {}x{} instead of {}x{}", size.width, size.height,
                          expected.width, expected.height));
}

// The part of a channel that is shown, where all of it is there in a form that can be taken.
std::optional<Plane> plane_of(const heif_image* image, heif_channel channel, const Rectangle& part,
                              int denominator) {
  int stride_bytes = 0;
  const std::uint8_t* const bytes = heif_image_get_plane_readonly(image, channel, &stride_bytes);
  const int bits = heif_image_get_bits_per_pixel_range(image, channel);
  if (bytes == nullptr || bits < 8 || bits > 16 ||
      heif_image_get_width(image, channel) < part.left + part.width ||
      heif_image_get_height(image, channel) < part.top + part.height) {
    return std::nullopt;
  }
  const std::uint8_t* const first = bytes + static_cast<std::ptrdiff_t>(part.top) * stride_bytes;
  BoxInput input;
  input.size = {part.width, part.height};
  input.bits = bits > 8 ? 16 : 8;
  input.gain = 65'535.0 / ((1U << static_cast<unsigned>(bits)) - 1);
  if (bits == 8) return shrunk_plane(first + part.left, stride_bytes, input, denominator);
  return shrunk_plane(reinterpret_cast<const std::uint16_t*>(first) + part.left, stride_bytes / 2,
                      input, denominator);
}

// Nothing: these are no planes that can be taken as they are.
std::optional<Planes> planes_of(const heif_image* image, const ImageHeader& header,
                                int denominator) {
  Planes planes;
  planes.stored = {header.width, header.height};
  const bool grey = heif_image_get_colorspace(image) == heif_colorspace_monochrome;
  planes.coding = grey ? Coding::grey : Coding::rgb;
  const std::vector<heif_channel> channels =
      grey ? std::vector{heif_channel_Y}
           : std::vector{heif_channel_R, heif_channel_G, heif_channel_B};
  for (const heif_channel channel : channels) {
    auto plane = plane_of(image, channel, shown(header), denominator);
    if (!plane) return std::nullopt;
    planes.colour.push_back(std::move(*plane));
  }
  return planes;
}

Result<DecodedPicture> decode_by_rgb(ByteView essential, const ImageHeader& header,
                                     int denominator) {
  TRY(picture, HeifPicture::decode(essential));
  CHECKED(check_size(picture.size(), header));
  PlaneWriter writer(header, {4, 16}, denominator);
  std::vector<std::uint16_t> row(static_cast<std::size_t>(picture.size().width) * 4);
  for (int y = 0; y < picture.size().height; ++y) {
    picture.row(y, row);
    writer.add(static_cast<const std::uint16_t*>(row.data()));
  }
  return DecodedPicture{writer.planes(), picture.icc_profile()};
}

// Laid on a larger canvas it would need alpha; the containers' boxes can only cut.
bool is_cut_alone(const ImageHeader& header) {
  const Rectangle part = shown(header);
  const Size size = decoded_size(header);
  return part.left >= 0 && part.top >= 0 && part.left + part.width <= size.width &&
         part.top + part.height <= size.height;
}

Result<DecodedPicture> decode(ByteView essential, const ImageHeader& header, int denominator) {
  TRY(file, HeifFile::open(essential));
  if (file.alpha() || !is_cut_alone(header)) return decode_by_rgb(essential, header, denominator);
  TRY(image, file.decode(heif_colorspace_undefined, heif_chroma_undefined));
  CHECKED(check_size(
      {heif_image_get_primary_width(image.get()), heif_image_get_primary_height(image.get())},
      header));
  auto planes = planes_of(image.get(), header, denominator);
  if (!planes) {
    image.reset();  // not beside another
    return decode_by_rgb(essential, header, denominator);
  }
  return DecodedPicture{std::move(*planes), file.icc_profile()};
}

}  // namespace

Result<void> load_heif() {
  static LateLibrary library(kLateHeif, late_heif_slots);
  return library.load();
}

Result<DecodedPicture> decode_heif(ByteView essential, const ImageHeader& header, int denominator) {
  try {
    return decode(essential, header, denominator);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::memory_exhausted, "HEIF: out of memory");
  }
}

}  // namespace miniatura
