#include "thumbnailer/sniff.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

#include "thumbnailer/byte_order.h"

namespace miniatura {
namespace {

using namespace std::string_view_literals;

bool is_jpeg(ByteView bytes) {
  return bytes.starts_with("\xFF\xD8"sv) && (bytes.size() == 2 || bytes[2] == '\xFF');
}

// An ISO base media file: "ftyp", a major brand, a version and compatible brands. HEIF's "mif1" is
// only a container: what is in it, its other brands tell.
std::optional<ImageFormat> heif_format(ByteView bytes) {
  if (slice(bytes, 4, 4) != "ftyp") return std::nullopt;
  const std::size_t end = std::min<std::size_t>(big_endian_32(bytes, 0), bytes.size());
  const auto is_any_of = [](ByteView brand, std::initializer_list<ByteView> brands) {
    return std::find(brands.begin(), brands.end(), brand) != brands.end();
  };
  for (std::size_t at = 8; at + 4 <= end; at += 4) {
    const ByteView brand = slice(bytes, at, 4);
    if (is_any_of(brand, {"avif", "avis"})) return ImageFormat::avif;
    if (is_any_of(brand, {"heic", "heix", "hevc", "hevx", "heim", "heis"})) {
      return ImageFormat::heic;
    }
  }
  return std::nullopt;
}

std::optional<ImageFormat> known_format(ByteView bytes) {
  if (is_jpeg(bytes)) return ImageFormat::jpeg;
  if (bytes.starts_with("\x89PNG\r\n\x1A\n"sv)) return ImageFormat::png;
  if (bytes.starts_with("RIFF"sv) && slice(bytes, 8, 4) == "WEBP") return ImageFormat::webp;
  if (bytes.starts_with("GIF87a"sv) || bytes.starts_with("GIF89a"sv)) return ImageFormat::gif;
  if (bytes.starts_with("II*\0"sv) || bytes.starts_with("MM\0*"sv)) return ImageFormat::tiff;
  // "BM" is also how a text may begin: the two reserved numbers of the header must be 0.
  if (bytes.starts_with("BM"sv) && bytes.size() >= 14 && big_endian_32(bytes, 6) == 0) {
    return ImageFormat::bmp;
  }
  return heif_format(bytes);
}

std::string lower_case_text(ByteView bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF"sv)) bytes.remove_prefix(3);
  const std::size_t start = bytes.find_first_not_of(" \t\r\n"sv);
  std::string text(slice(bytes, start));
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string_view looks_like(ByteView bytes) {
  if (bytes.empty()) return "nothing: the object is empty";
  const std::string text = lower_case_text(bytes);
  struct Look {
    std::string_view start, name;
  };
  constexpr std::array kLooks = {
      Look{"%!ps", "PostScript"},
      Look{"\xC5\xD0\xD3\xC6", "PostScript"},
      Look{"%pdf", "PDF"},
      Look{"push graphic-context", "MVG"},
      Look{"viewbox ", "MVG"},
      Look{"<?php", "a PHP script"},
      Look{"<!doctype html", "HTML"},
      Look{"<html", "HTML"},
      Look{"#!", "a script"},
      Look{"url:", "text"},
      Look{"{", "JSON or text"},
      Look{"pk\x03\x04", "a ZIP archive"},
      Look{"\x1F\x8B", "gzip"},
      Look{"8bps", "Photoshop"},
      Look{"\xFF\x0A", "JPEG XL"},
      Look{"ii+", "BigTIFF"},
      Look{"mm\0+"sv, "BigTIFF"},
      Look{"riff", "a RIFF file that is no WebP"},
  };
  const auto* look = std::find_if(kLooks.begin(), kLooks.end(), [&](const Look& candidate) {
    return std::string_view(text).starts_with(candidate.start);
  });
  if (look != kLooks.end()) return look->name;
  if (text.find("<svg") != std::string::npos) return "SVG";
  if (text.find("<msl") != std::string::npos || text.find("<image") != std::string::npos) {
    return "MSL";
  }
  if (text.starts_with('<')) return "XML or HTML";
  const bool printable = std::all_of(bytes.begin(), bytes.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
  return printable ? "text" : "no format that is known here";
}

}  // namespace

Result<ImageFormat> sniff(ByteView first_bytes) {
  const ByteView bytes = first_bytes.substr(0, kSniffBytes);
  if (const auto format = known_format(bytes)) return *format;
  return fail(ErrorCode::image_unsupported,
              fmt::format("no image that can be read; it looks like {}", looks_like(bytes)));
}

}  // namespace miniatura
