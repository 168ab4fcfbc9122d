#include "thumbnailer/preset.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace miniatura {
namespace {

constexpr std::size_t kNameMax = 64;

struct FormatNames {
  ImageFormat format;
  std::string_view name, extension, content_type;
};
constexpr std::array kFormats = {
    FormatNames{ImageFormat::jpeg, "jpeg", "jpg", "image/jpeg"},
    FormatNames{ImageFormat::png, "png", "png", "image/png"},
    FormatNames{ImageFormat::webp, "webp", "webp", "image/webp"},
    FormatNames{ImageFormat::gif, "gif", "gif", "image/gif"},
    FormatNames{ImageFormat::tiff, "tiff", "tiff", "image/tiff"},
    FormatNames{ImageFormat::bmp, "bmp", "bmp", "image/bmp"},
    FormatNames{ImageFormat::heic, "heic", "heic", "image/heic"},
    FormatNames{ImageFormat::avif, "avif", "avif", "image/avif"},
};

// Names stand in the order of their enumeration.
template <class Enum, std::size_t size>
std::optional<Enum> named(const std::array<std::string_view, size>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}
template <class Enum, std::size_t size>
std::string_view name_in(const std::array<std::string_view, size>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

const FormatNames& names_of(ImageFormat format) {
  return kFormats.at(static_cast<std::size_t>(format));
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// All of `text` as a number in [minimum, maximum].
std::optional<int> number(std::string_view text, int minimum, int maximum) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc() || stopped != end || value < minimum || value > maximum) {
    return std::nullopt;
  }
  return value;
}

tl::unexpected<Error> invalid(std::string_view text, std::string_view why) {
  return fail(ErrorCode::config_invalid, fmt::format("preset \"{}\": {}", text, why));
}

// Takes what stands before the next `separator` (or all) off the front of `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

// "WxH", "Wx" or "xH".
Result<void> parse_box(std::string_view box, std::string_view text, Preset& preset) {
  const std::size_t at = box.find('x');
  if (at == std::string_view::npos || box.size() == 1) {
    return invalid(text, fmt::format("\"{}\" is no size; write WxH, Wx or xH", box));
  }
  const auto side = [&](std::string_view digits, int& out) -> Result<void> {
    if (digits.empty()) return {};
    const auto value = number(digits, 1, kPresetSideMax);
    if (!value)
      return invalid(text, fmt::format("side \"{}\" is not 1 to {}", digits, kPresetSideMax));
    out = *value;
    return {};
  };
  CHECKED(side(box.substr(0, at), preset.width));
  return side(box.substr(at + 1), preset.height);
}

// What may follow the size, each once.
class OptionsSeen {
 public:
  Result<void> take(std::string_view option, std::string_view text, Preset& preset) {
    if (const auto format = output_format_named(option); format || option == "auto") {
      preset.format = format;
      return once(format_, "format", text);
    }
    if (const auto fit = fit_named(option)) {
      preset.fit = *fit;
      return once(fit_, "fit", text);
    }
    if (option.starts_with('q')) {
      const auto quality = number(option.substr(1), 1, 100);
      if (!quality) {
        return invalid(text, fmt::format("\"{}\" is no quality; write q1 to q100", option));
      }
      preset.quality = *quality;
      return once(quality_, "quality", text);
    }
    return invalid(text, fmt::format("\"{}\" is no format (auto, jpeg, png, webp, avif), no fit "
                                     "(inside, cover, contain, fill, outside) and no quality (q80)",
                                     option));
  }

 private:
  static Result<void> once(bool& seen, std::string_view what, std::string_view text) {
    if (seen) return invalid(text, fmt::format("{} given twice", what));
    seen = true;
    return {};
  }
  bool format_ = false, fit_ = false, quality_ = false;
};

bool ends_with_any_case(std::string_view text, std::string_view suffix) {
  if (text.size() < suffix.size()) return false;
  const std::string_view end = text.substr(text.size() - suffix.size());
  return std::equal(end.begin(), end.end(), suffix.begin(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

}  // namespace

std::string_view format_name(ImageFormat format) { return names_of(format).name; }
std::string_view format_extension(ImageFormat format) { return names_of(format).extension; }
std::string_view format_content_type(ImageFormat format) { return names_of(format).content_type; }
std::string_view fit_name(Fit fit) { return name_in(kFitNames, fit); }

std::optional<Fit> fit_named(std::string_view name) { return named<Fit>(kFitNames, name); }
std::optional<Gravity> gravity_named(std::string_view name) {
  return named<Gravity>(kGravityNames, name);
}
std::optional<Subsampling> subsampling_named(std::string_view name) {
  return named<Subsampling>(kSubsamplingNames, name);
}

std::optional<ImageFormat> output_format_named(std::string_view name) {
  if (name == "jpeg" || name == "jpg") return ImageFormat::jpeg;
  if (name == "png") return ImageFormat::png;
  if (name == "webp") return ImageFormat::webp;
  if (name == "avif") return ImageFormat::avif;
  return std::nullopt;
}

std::optional<Colour> colour_named(std::string_view text) {
  constexpr std::size_t kDigits = 6;
  if (text.size() != 1 + kDigits || text[0] != '#') return std::nullopt;
  Colour colour;
  for (std::size_t i = 0; i < colour.size(); ++i) {
    const char* const digits = text.data() + 1 + 2 * i;
    const auto [stopped, failure] = std::from_chars(digits, digits + 2, colour.at(i), 16);
    if (failure != std::errc() || stopped != digits + 2) return std::nullopt;
  }
  return colour;
}

std::string colour_name(Colour colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour[0], colour[1], colour[2]);
}

bool is_preset_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax &&
         std::all_of(name.begin(), name.end(), is_name_character);
}

Result<Preset> parse_preset(std::string_view text) {
  Preset preset;
  std::string_view rest = text;
  if (rest.find('=') == std::string_view::npos) {
    return invalid(text, "no \"=\"; write name=WxH[:format][:fit][:qNN]");
  }
  const std::string_view name = take_until(rest, '=');
  if (!is_preset_name(name)) {
    return invalid(text, fmt::format("a name is 1 to {} of A-Z a-z 0-9 _ -", kNameMax));
  }
  preset.name = name;
  // A ':' at the very end leaves an empty option behind, which must not pass unseen.
  const bool dangling = rest.ends_with(':');
  CHECKED(parse_box(take_until(rest, ':'), text, preset));
  OptionsSeen seen;
  while (!rest.empty()) CHECKED(seen.take(take_until(rest, ':'), text, preset));
  if (dangling) return invalid(text, "nothing after the last \":\"");
  return preset;
}

Result<std::vector<Preset>> parse_presets(std::string_view text) {
  std::vector<Preset> presets;
  std::string_view rest = text;
  do {
    const bool dangling = rest.size() > 1 && rest.find(',') == rest.size() - 1;
    TRY(preset, parse_preset(take_until(rest, ',')));
    if (presets.size() == kPresetsMax) {
      return fail(ErrorCode::config_invalid, fmt::format("more than {} presets", kPresetsMax));
    }
    for (const Preset& other : presets) {
      if (other.name == preset.name) {
        return fail(ErrorCode::config_invalid,
                    fmt::format("preset \"{}\" is there twice", preset.name));
      }
    }
    presets.push_back(std::move(preset));
    if (dangling) return fail(ErrorCode::config_invalid, "nothing after the last \",\" of presets");
  } while (!rest.empty());
  return presets;
}

std::string canonical_text(const Preset& preset) {
  std::string text = fmt::format(
      "width={};height={};fit={};format={};quality={}", preset.width, preset.height,
      fit_name(preset.fit), preset.format ? format_name(*preset.format) : "auto", preset.quality);
  // What came later stands here only where it is not as it was before: thumbnails that are there
  // stay right.
  if (preset.background != kWhite) text += ";background=" + colour_name(preset.background);
  const Preset plain;
  const auto add = [&](std::string_view name, const auto& value, const auto& usual) {
    if (value != usual) text += fmt::format(";{}={}", name, value);
  };
  add("gravity", name_in(kGravityNames, preset.gravity), name_in(kGravityNames, plain.gravity));
  add("enlarge", preset.enlarge, plain.enlarge);
  add("progressive", preset.progressive, plain.progressive);
  add("subsampling", name_in(kSubsamplingNames, preset.subsampling),
      name_in(kSubsamplingNames, plain.subsampling));
  add("max_bytes", preset.max_bytes, plain.max_bytes);
  add("linear", preset.linear, plain.linear);
  add("sharpen", preset.sharpen, plain.sharpen);
  add("animated", preset.animated, plain.animated);
  add("keep_copyright", preset.keep_copyright, plain.keep_copyright);
  add("keep_icc", preset.keep_icc, plain.keep_icc);
  return text;
}

ImageFormat output_format(const Preset& preset, std::string_view source_name) {
  if (preset.format) return *preset.format;
  for (const std::string_view suffix : {".png", ".gif", ".webp"}) {
    if (ends_with_any_case(source_name, suffix)) return ImageFormat::webp;
  }
  return ImageFormat::jpeg;
}

}  // namespace miniatura
