// A preset: what a thumbnail is to look like. Plain values; the same preset and the same source
// bytes give the same thumbnail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.h"

namespace miniatura {

enum class ImageFormat { jpeg, png, webp, gif, tiff, bmp, heic, avif };
std::string_view format_name(ImageFormat format);          // "jpeg"
std::string_view format_extension(ImageFormat format);     // "jpg"
std::string_view format_content_type(ImageFormat format);  // "image/jpeg"

// How the picture meets the box, in the words of sharp.
enum class Fit {
  inside,   // all of it within the box, the ratio kept
  cover,    // the box filled, what is over cut off at the edges, the middle kept
  contain,  // all of it within the box, the rest of the box painted with the background
  fill,     // the box filled, the ratio not kept
  outside,  // the ratio kept, at least as large as the box
};
std::string_view fit_name(Fit fit);

struct Preset {
  std::string name;  // [A-Za-z0-9_-]{1,64}
  int width = 0;  // of the box, in pixels, 1 to 16384; 0: whatever the height gives. Never both 0
  int height = 0;
  Fit fit = Fit::inside;
  // jpeg, png or webp; nothing is "auto": decided by the source key's suffix.
  std::optional<ImageFormat> format;
  int quality = 80;  // 1 to 100

  bool operator==(const Preset&) const = default;
};

// "name=WxH[:format][:fit][:qNN]", W or H may be left out; what follows the size comes in any
// order, each once. Errors: config_invalid, naming the text and what is wrong in it.
Result<Preset> parse_preset(std::string_view text);

// Several, separated by commas; at least one, 32 at most, names unique.
Result<std::vector<Preset>> parse_presets(std::string_view text);

// One line that is equal for equal presets and different for different ones, whatever the version
// of the program; the name is not part of it. Its hash is kept beside each thumbnail.
std::string canonical_text(const Preset& preset);

// What "auto" means for a source of this name: .png, .gif and .webp (any case) give webp, all else
// jpeg. Pure, so that a destination key never depends on the bytes.
ImageFormat output_format(const Preset& preset, std::string_view source_name);

}  // namespace miniatura
