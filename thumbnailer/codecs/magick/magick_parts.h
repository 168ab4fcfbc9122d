// Shared by the files that name GraphicsMagick (magick*.cc); nobody else's.
#pragma once

#include <Magick++.h>
#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <typeinfo>

#include "runtime/bytes.h"
#include "runtime/result.h"
#include "runtime/text.h"
#include "thumbnailer/codecs/magick/magick.h"
#include "thumbnailer/colour.h"
#include "thumbnailer/preset.h"
#include "thumbnailer/raster.h"

namespace miniatura {

// Before anything else of the library, on each thread that comes to it; does its work once. Error:
// internal.
Result<void> initialise_magick();

inline std::string cropped_line(std::string_view text) {
  constexpr std::size_t kLengthMax = 200;
  return one_line(cropped(text, kLengthMax));
}

// Is it one of the library's of that name (ErrorCache) or, in short, kind (Warning)? Its types
// cannot be caught: they would have to be there before it is loaded (runtime/late_library.h).
inline bool is_magick(std::string_view name, const std::exception& exception) {
  const std::string_view type = typeid(exception).name();
  return type.find("6Magick") != type.npos && type.find(name) != type.npos;
}

// Runs `work`, whose exceptions become errors: `otherwise` for those that are not about memory.
template <class Work>
auto guarded(ErrorCode otherwise, std::string_view what, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::memory_exhausted, fmt::format("{}: out of memory", what));
  } catch (const std::exception& e) {
    const bool of_memory = is_magick("ErrorResourceLimit", e) || is_magick("ErrorCache", e);
    return fail(of_memory ? ErrorCode::memory_exhausted : otherwise,
                fmt::format("{}: {}", what, cropped_line(e.what())));
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
