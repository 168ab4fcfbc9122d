// What is read from EXIF: how the picture is to be turned, what took it and when, and whose
// it is. Where it was
// taken (GPS) is never looked at. Pure, and of untrusted bytes: every read is bounded.
#pragma once

#include <string>

#include "runtime/bytes.h"
#include "thumbnailer/copyright.h"

namespace miniatura {

// Of what took the picture. Texts are one line of UTF-8, of kSourceTextBytesMax bytes at most;
// empty where EXIF does not say.
struct Capture {
  std::string camera_make = {};
  std::string camera_model = {};
  std::string time = {};  // RFC 3339, of the camera's clock; without an offset where none is known
};
constexpr std::size_t kSourceTextBytesMax = 100;

struct Exif {
  int orientation = 1;  // 1 to 8; 1 for whatever is absent, broken or out of range
  Capture capture;
  Copyright copyright;
};

// Of a TIFF structure ("II*\0" or "MM\0*" first). Only the first directory and the one of EXIF that
// it names are looked at, each once, and the first entry of a tag counts: chains and loops of
// directories are never followed. Source: CIPA DC-008 (Exif 2.32), 4.6.
Exif read_exif(ByteView tiff);

// `text`, which came from a picture, as a fact about it: up to its first NUL, without outer spaces,
// one line, and cropped.
std::string source_text(std::string_view text);

}  // namespace miniatura
