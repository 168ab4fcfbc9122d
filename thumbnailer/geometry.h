// Which pixels go where. Pure.
#pragma once

#include <span>

#include "thumbnailer/preset.h"

namespace miniatura {

struct Size {
  int width = 0;
  int height = 0;
  bool operator==(const Size&) const = default;
};

struct Rectangle {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
  bool operator==(const Rectangle&) const = default;
};

// How a thumbnail comes about, all in the picture's upright orientation: the whole picture resized
// to `scaled`, of which `crop` is kept, put at `left`, `top` of a canvas. No side is ever 0.
struct Layout {
  Size scaled;
  Rectangle crop;
  Size canvas;  // the thumbnail's size
  int left = 0;
  int top = 0;
  bool operator==(const Layout&) const = default;
};

// As sharp lays out, with withoutEnlargement unless the preset enlarges (src/common.cc:
// ResolveShrink, CalculateCrop, CalculateEmbedPosition), but that a cover which would need
// enlargement and may not keeps the box's ratio, where sharp cuts each side on its own.
Layout lay_out(Size source, const Preset& preset);

// Orientations 5 to 8 swap the axes.
Size oriented_size(Size stored, int orientation);

// By how much a JPEG may be shrunk while it is decoded: the largest of 8, 4, 2 and 1 that leaves at
// least twice each of the `targets` (3 is slow and bad; less than twice shows). In stored axes.
int shrink_on_load(Size stored, std::span<const Size> targets);
Size shrunk_size(Size stored, int denominator);

}  // namespace miniatura
