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
inline constexpr std::array<std::string_view, 5> kFitNames = {"inside", "cover", "contain", "fill",
                                                              "outside"};
std::string_view fit_name(Fit fit);
std::optional<Fit> fit_named(std::string_view name);

// Where the picture is held: what a cover keeps of it, and where in its box a contain puts it.
enum class Gravity {
  center,
  north,
  north_east,
  east,
  south_east,
  south,
  south_west,
  west,
  north_west,
};
inline constexpr std::array<std::string_view, 9> kGravityNames = {
    "center", "north",      "north-east", "east",      "south-east",
    "south",  "south-west", "west",       "north-west"};
std::optional<Gravity> gravity_named(std::string_view name);

// How many samples of colour there are to four of brightness, across and down: a quarter, half,
// all.
enum class Subsampling { s420, s422, s444 };
inline constexpr std::array<std::string_view, 3> kSubsamplingNames = {"4:2:0", "4:2:2", "4:4:4"};
std::optional<Subsampling> subsampling_named(std::string_view name);

// Of what can be written: "jpeg" (or "jpg"), "png", "webp", "avif".
std::optional<ImageFormat> output_format_named(std::string_view name);

using Colour = std::array<std::uint8_t, 3>;  // red, green, blue
inline constexpr Colour kWhite = {255, 255, 255};
// "#ffffff"; letters in either case.
std::optional<Colour> colour_named(std::string_view text);
std::string colour_name(Colour colour);

inline constexpr int kPresetSideMax = 16'384;  // pixels
inline constexpr std::size_t kPresetsMax = 32;
inline constexpr double kSharpenMax = 10;

struct Preset {
  std::string name;  // is_preset_name
  int width = 0;  // of the box, in pixels, 1 to 16384; 0: whatever the height gives. Never both 0
  int height = 0;
  Fit fit = Fit::inside;
  // jpeg, png, webp or avif; nothing is "auto": decided by the source key's suffix.
  std::optional<ImageFormat> format;
  int quality = 80;            // 1 to 100; no matter for PNG
  Colour background = kWhite;  // what contain paints, and where a JPEG was transparent
  Gravity gravity = Gravity::center;
  bool enlarge = false;                         // else nothing becomes larger than the source is
  bool progressive = false;                     // JPEG in scans, PNG interlaced: coarse first
  Subsampling subsampling = Subsampling::s420;  // of JPEG and AVIF; WebP knows no other
  std::uint64_t max_bytes = 0;                  // 0: no limit. Else the quality is lowered to it
  bool linear = false;                          // resized in linear light
  double sharpen = 0;  // sigma, in the thumbnail's pixels, of an unsharp mask; 0: none. 10 at most
  bool animated = false;       // an animation stays one where the format is WebP
  bool keep_copyright = true;  // EXIF's copyright and artist
  bool keep_icc = false;       // the source's colour profile; else the pixels become sRGB

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
