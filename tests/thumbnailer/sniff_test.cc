#include "thumbnailer/sniff.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

using namespace std::string_literals;

TEST(sniff, knows_the_allowed_formats) {
  const std::pair<Bytes, ImageFormat> cases[] = {
      {"\xFF\xD8\xFF\xE0"s, ImageFormat::jpeg},
      {"\xFF\xD8"s, ImageFormat::jpeg},
      {"\x89PNG\r\n\x1A\n"s, ImageFormat::png},
      {"RIFF\x10\0\0\0WEBPVP8 "s, ImageFormat::webp},
      {"GIF89a"s, ImageFormat::gif},
      {"GIF87a"s, ImageFormat::gif},
      {"II*\0"s, ImageFormat::tiff},
      {"MM\0*"s, ImageFormat::tiff},
      {"BM\x10\0\0\0\0\0\0\0\x36\0\0\0"s, ImageFormat::bmp},
      {"\0\0\0\x18"
       "ftypheic\0\0\0\0mif1heic"s,
       ImageFormat::heic},
      {"\0\0\0\x1C"
       "ftypmif1\0\0\0\0mif1avifmiaf"s,
       ImageFormat::avif},
      {"\0\0\0\x18"
       "ftypavif\0\0\0\0mif1avif"s,
       ImageFormat::avif},
  };
  for (const auto& [bytes, format] : cases) {
    const auto sniffed = sniff(bytes);
    ASSERT_TRUE(sniffed) << format_name(format);
    EXPECT_EQ(*sniffed, format);
  }
}

TEST(sniff, refuses_all_else_and_names_what_it_looks_like) {
  const std::pair<Bytes, std::string_view> cases[] = {
      {""s, "empty"},
      {"%!PS-Adobe-3.0\n"s, "PostScript"},
      {"\xC5\xD0\xD3\xC6"s, "PostScript"},
      {"%PDF-1.7\n"s, "PDF"},
      {"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>"s, "SVG"},
      {"\xEF\xBB\xBF <SVG/>"s, "SVG"},
      {"<?xml version=\"1.0\"?><image><read filename=\"x\"/></image>"s, "MSL"},
      {"push graphic-context\nimage over 0,0 0,0 'https://x/'\n"s, "MVG"},
      {"<!DOCTYPE html><html>"s, "HTML"},
      {"url:http://169.254.169.254/"s, "text"},
      {"plain words\n"s, "text"},
      {Bytes(65536, '\0'), "no format that is known"},
      {"RIFF\x10\0\0\0WAVEfmt "s, "RIFF"},
      {"II+\0\x08\0"s, "BigTIFF"},
      {"MM\0+\0\x08"s, "BigTIFF"},
      {"BM, which is how this text begins"s, "text"},
      {"\0\0\0\x18"
       "ftypmp42\0\0\0\0mp42isom"s,
       "no format that is known"},
  };
  for (const auto& [bytes, look] : cases) {
    const auto sniffed = sniff(bytes);
    ASSERT_FALSE(sniffed) << look;
    EXPECT_EQ(sniffed.error().code, ErrorCode::image_unsupported) << look;
    EXPECT_NE(sniffed.error().message.find(look), std::string::npos) << sniffed.error().message;
  }
}

}  // namespace
}  // namespace miniatura
