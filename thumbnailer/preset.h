// A preset: what a thumbnail is to look like. Plain values; the same preset and the same source
// bytes give the same thumbnail.
#pragma once

#include <array>
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
std::optional<Fit> fit_named(std::string_view name);

// Of what can be written: "jpeg" (or "jpg"), "png", "webp".
std::optional<ImageFormat> output_format_named(std::string_view name);

using Colour = std::array<std::uint8_t, 3>;  // red, green, blue
inline constexpr Colour kWhite = {255, 255, 255};
// "#ffffff"; letters in either case.
std::optional<Colour> colour_named(std::string_view text);
std::string colour_name(Colour colour);

inline constexpr int kPresetSideMax = 16'384;  // pixels
inline constexpr std::size_t kPresetsMax = 32;

struct Preset {
  std::string name;  // is_preset_name
  int width = 0;  // of the box, in pixels, 1 to 16384; 0: whatever the height gives. Never both 0
  int height = 0;
  Fit fit = Fit::inside;
  // jpeg, png or webp; nothing is "auto": decided by the source key's suffix.
  std::optional<ImageFormat> format;
  int quality = 80;            // 1 to 100
  Colour background = kWhite;  // what contain paints, and where a JPEG was transparent

  bool operator==(const Preset&) const = default;
};

// [A-Za-z0-9_-]{1,64}: a name becomes a part of keys and of files' names.
bool is_preset_name(std::string_view name);

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
