// Shared by the files that name GraphicsMagick (magick*.cc); nobody else's.
#pragma once

#include <Magick++.h>
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>

#include "runtime/bytes.h"
#include "runtime/result.h"
#include "runtime/text.h"
#include "thumbnailer/codecs/magick/magick.h"
#include "thumbnailer/colour.h"
#include "thumbnailer/preset.h"
#include "thumbnailer/raster.h"

namespace miniatura {

// Before anything else of the library, on each thread that comes to it; does its work once.
void initialise_magick();

inline std::string cropped_line(std::string_view text) {
  constexpr std::size_t kLengthMax = 200;
  return one_line(cropped(text, kLengthMax));
}

// Runs `work`, whose exceptions become errors: `otherwise` for those that are not about memory.
template <class Work>
auto guarded(ErrorCode otherwise, std::string_view what, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::memory_exhausted, fmt::format("{}: out of memory", what));
  } catch (const Magick::ErrorResourceLimit& e) {
    return fail(ErrorCode::memory_exhausted, fmt::format("{}: {}", what, cropped_line(e.what())));
  } catch (const Magick::ErrorCache& e) {
    return fail(ErrorCode::memory_exhausted, fmt::format("{}: {}", what, cropped_line(e.what())));
  } catch (const Magick::Exception& e) {
    return fail(otherwise, fmt::format("{}: {}", what, cropped_line(e.what())));
  }
}

// The name under which the library knows a format: "JPEG".
inline std::string magick_coder(ImageFormat format) {
  std::string name(format_name(format));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return name;
}

struct MagickImage::Impl {
  Magick::Image image;
  SourceColours colours;
};

inline Magick::Image image_of(const Raster& raster) {
  const bool alpha = raster.channels == 4;
  Magick::Image image(static_cast<unsigned>(raster.size.width),
                      static_cast<unsigned>(raster.size.height), alpha ? "RGBA" : "RGB",
                      Magick::CharPixel, raster.pixels.data());
  image.matte(alpha);
  return image;
}

}  // namespace miniatura
